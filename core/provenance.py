"""Provenance: on which machine, with which libraries, at what cost."""

from __future__ import annotations

import importlib.metadata
import platform
import resource
import sys
from datetime import UTC, datetime

from .records import Environment

__all__ = ["current_environment", "peak_memory_mb", "utc_now"]

_NAMED_PACKAGES = ("numpy", "scipy", "scikit-learn", "torch", "xarray", "pandas")


def current_environment(device: str, *, sandboxed: bool) -> Environment:
    """Describe the machine and the versions of the packages that numbers depend on."""
    import torch

    return Environment(
        innerscore=importlib.metadata.version("innerscore"),
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}",
        packages={name: importlib.metadata.version(name) for name in _NAMED_PACKAGES},
        device=device,
        threads=torch.get_num_threads(),
        sandboxed=sandboxed,
    )


def peak_memory_mb() -> float:
    """Largest resident memory of this process so far, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def utc_now() -> str:
    """The time now, ISO 8601, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
