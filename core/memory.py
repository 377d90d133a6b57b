"""Free memory, and work that needs more: refused before it begins, or reported when memory ran out."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import MissingPartError

__all__ = ["check_memory", "free_memory_mb", "machine_free_mb", "memory_errors", "ran_out"]

_MB = 2**20
_CGROUP = Path("/sys/fs/cgroup")
# Messages of torch, on the CPU and on a device; it has a type of its own for the latter only.
_RAN_OUT = ("can't allocate memory", "not enough memory", "out of memory")


def free_memory_mb() -> float:
    """Memory that can be taken without swapping, in MB: of the machine, or within this process's limits."""
    return min(_machine_bytes(), _cgroup_bytes(), _address_space_bytes()) / _MB


def machine_free_mb() -> float:
    """Memory of the machine that can be taken without swapping, in MB, whatever this process may have of it."""
    return _machine_bytes() / _MB


def check_memory(subject: str, needed_mb: float, *, free_mb: float | None = None) -> None:
    """Refuse work before it begins, if it needs more memory than is free.

    Parameters
    ----------
    subject : str
        The work, as in "training fitvid".
    needed_mb : float
    free_mb : float, optional
        Free memory of a device, in MB; by default that of the machine.

    Raises
    ------
    MissingPartError
    """
    free = free_memory_mb() if free_mb is None else free_mb
    if free < needed_mb:
        raise MissingPartError(
            f"The memory for {subject}",
            got=f"{free:.0f} MB free",
            needed=f"about {needed_mb:.0f} MB",
            hint="Nothing was begun. Close other programs, or use a machine or a limit with more memory.",
        )


@contextmanager
def memory_errors(subject: str, *, hint: str) -> Iterator[None]:
    """Say so if memory runs out all the same; other errors pass.

    Raises
    ------
    MissingPartError
        In the place of what numpy or torch raise then.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not ran_out(error):
            raise
        raise MissingPartError(
            f"The memory for {subject}",
            got=f"not enough: {str(error).splitlines()[0] if str(error) else type(error).__name__}",
            needed="more than there is",
            hint=hint,
        ) from error


def ran_out(error: BaseException) -> bool:
    """Whether an error is that of numpy or torch which could not get memory."""
    told = isinstance(error, RuntimeError) and any(words in str(error) for words in _RAN_OUT)
    return told or isinstance(error, MemoryError)


def _machine_bytes() -> float:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:  # no Linux: half of what there is
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2
    known = {line.split(":")[0]: line.split()[1] for line in lines}
    return float(known["MemAvailable"]) * 2**10


def _cgroup_bytes() -> float:
    """Memory left by the cgroup limit (version 2), in bytes; infinite without one."""
    try:
        limit, used = ((_CGROUP / f"memory.{name}").read_text().strip() for name in ("max", "current"))
    except OSError:
        return float("inf")
    return float("inf") if limit == "max" else float(limit) - float(used)


def _address_space_bytes() -> float:
    """Memory left by ``ulimit -v``, in bytes; infinite without a limit."""
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return float("inf")
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        return float(limit)
    return float(limit) - pages * os.sysconf("SC_PAGE_SIZE")
