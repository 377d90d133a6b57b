"""Provenance: which code, on which machine, at what cost."""

from __future__ import annotations

import importlib.metadata
import platform
import resource
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from .hashing import sha256_of_files
from .records import Environment

__all__ = ["PACKAGE_ROOT", "current_environment", "peak_memory_mb", "source_sha256", "utc_now"]

PACKAGE_ROOT = Path(__file__).resolve().parent.parent

_NAMED_PACKAGES = ("numpy", "scipy", "scikit-learn", "torch", "xarray", "pandas")


def source_sha256(rooms: Iterable[str]) -> str:
    """SHA-256 over the Python sources and cards of some rooms: which code made a number."""
    files = (
        path
        for room in rooms
        for path in (PACKAGE_ROOT / room).rglob("*")
        if path.suffix in {".py", ".yaml"} and "__pycache__" not in path.parts
    )
    return sha256_of_files(files, root=PACKAGE_ROOT)


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
