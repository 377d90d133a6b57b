"""How much memory is free: of the machine, or of the group of processes that this one is confined to."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["free_memory_mb"]

_MB = 2**20
_CGROUP = Path("/sys/fs/cgroup")


def free_memory_mb() -> float:
    """Memory that can be taken without swapping, in MB."""
    return min(_machine_bytes(), _cgroup_bytes()) / _MB


def _machine_bytes() -> float:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:  # no Linux: half of what there is
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2
    known = {line.split(":")[0]: line.split()[1] for line in lines}
    return float(known["MemAvailable"]) * 2**10


def _cgroup_bytes() -> float:
    """What the limit of version 2 leaves; infinite without one."""
    try:
        limit, used = ((_CGROUP / f"memory.{name}").read_text().strip() for name in ("max", "current"))
    except OSError:
        return float("inf")
    return float("inf") if limit == "max" else float(limit) - float(used)
