"""Watching what all processes of a sandbox take together, and ending them when it is too much.

Limits of the kernel's own hold for one process each, an address-space limit breaks CUDA, and control groups need
rights that a user of a cluster does not have. So a thread looks twenty times a second. The tree of processes is
whole at each look, since orphans become children of the sandbox's first process.

What the kernel holds for a sandbox is no process's memory, but bounded by what can be counted from outside: page
tables, open files and sockets, and what lies in the folders in memory. It holds more, of which there is no count
(such as lists of mappings); so there is a floor of free memory, below which the candidate ends before others do.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...core.errors import LimitError
from ...core.memory import machine_free_mb
from .confinement import SCRATCH
from .limits import SandboxLimits

__all__ = ["ResourceMonitor", "Usage", "held_for_sandbox", "usage_of"]

_MIB = 2**20
_SECONDS_BETWEEN = 0.05
_IN_KILOBYTES = ("RssAnon", "RssShmem", "VmSwap", "VmPTE", "HugetlbPages")
_FILE_BYTES = (
    2 * 4096
)  # the most that a pipe holds of somebody who has many, and more than other open files take
_INODE_BYTES = 1024


@dataclass(frozen=True)
class Usage:
    """Resources that a tree of processes takes.

    Parameters
    ----------
    tasks : int
        Processes and threads.
    memory_mb : float
        Memory, without pages of the disk's files, in MiB.
    """

    tasks: int
    memory_mb: float


class ResourceMonitor:
    """Ends a sandbox that takes too much, and remembers why.

    Parameters
    ----------
    process : subprocess.Popen
        Bubblewrap, the leader of a process group.
    limits : SandboxLimits
    candidate : str
        Its name, for messages.

    Attributes
    ----------
    breach : LimitError or None
        Why it was ended.
    peak_memory_mb : float
        Most memory seen.
    """

    def __init__(self, process: subprocess.Popen[bytes], limits: SandboxLimits, candidate: str) -> None:
        self.breach: LimitError | None = None
        self.peak_memory_mb = 0.0
        self._process = process
        self._limits = limits
        self._candidate = candidate
        self._deadline = time.monotonic() + limits.wall_seconds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="sandbox-watch", daemon=True)
        self._thread.start()

    def end(self, breach: LimitError | None = None) -> None:
        """Kill all that is left; `breach` is why, if it is somebody's fault."""
        self.breach = self.breach or breach
        self._over.set()
        # Without bubblewrap its first process dies, and with that one, all in the sandbox's process namespace.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def join(self) -> None:
        """Wait for the thread to end."""
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        try:
            while not self._over.wait(_SECONDS_BETWEEN):
                usage = usage_of(self._process.pid)
                held = held_for_sandbox(self._process.pid)
                breach = self._breach(Usage(usage.tasks, usage.memory_mb + held))
                if breach is not None and self._process.poll() is None:
                    self.end(breach)
        except Exception:  # nothing runs unwatched, whatever the fault
            self.end()
            raise

    def _breach(self, usage: Usage) -> LimitError | None:
        limits = self._limits
        self.peak_memory_mb = max(self.peak_memory_mb, usage.memory_mb)
        if time.monotonic() > self._deadline:
            return self._error("time", "more", f"done within {limits.wall_seconds:g} s")
        if usage.memory_mb > limits.memory_mb:
            return self._error(
                "memory", f"{usage.memory_mb:.0f} MiB", f"at most {limits.memory_mb} MiB in all processes"
            )
        if usage.tasks > limits.tasks:
            return self._error("processes", f"{usage.tasks}", f"at most {limits.tasks} processes and threads")
        if machine_free_mb() < limits.free_mb:
            return self._error("machine's memory beside that", "less", f"at least {limits.free_mb} MiB free")
        return None

    def _error(self, what: str, got: str, needed: str) -> LimitError:
        return LimitError(f"The {what} of candidate '{self._candidate}'", got=got, needed=needed)


def usage_of(process: int) -> Usage:
    """Present usage of a process and all below it; those that end meanwhile count as nothing.

    Memory is that of the processes, their page tables, and what open files hold at most.
    """
    tasks, held = map(sum, zip(*map(_of_process, _tree(process)), strict=True))
    return Usage(tasks, held / _MIB)


def held_for_sandbox(process: int) -> float:
    """Memory that the kernel holds for a sandbox and no process has, in MiB: that of its sockets and folders.

    Parameters
    ----------
    process : int
        Bubblewrap; the process that it starts is within.
    """
    inside = list(itertools.islice(_tree(process), 1, 2))
    return (sum(map(_of_sockets, inside)) + sum(map(_of_folders, inside))) / _MIB


def _of_process(process: int) -> tuple[int, int]:
    """Threads and bytes."""
    lines = [line.partition(":") for line in _lines(Path(f"/proc/{process}/status"))]
    numbers = {name: int(value.split()[0]) for name, _, value in lines if name in ("Threads", *_IN_KILOBYTES)}
    held = 1024 * sum(numbers.get(name, 0) for name in _IN_KILOBYTES)
    return numbers.get("Threads", 0), held + _open_files(process) * _FILE_BYTES


def _open_files(process: int) -> int:
    try:
        return len(os.listdir(f"/proc/{process}/fd"))  # noqa: PTH208  (names only)
    except OSError:
        return 0


def _of_sockets(process: int) -> int:
    """Bytes that sockets hold at most: the size that the filter of system calls keeps, and a last message."""
    counts = [
        line.split()[2] for line in _lines(Path(f"/proc/{process}/net/sockstat")) if "sockets: used" in line
    ]
    most = _lines(Path("/proc/sys/net/core/wmem_default"))
    return sum(map(int, counts)) * 2 * sum(map(int, most))


def _of_folders(process: int) -> int:
    """Bytes of its folders in memory; before it has its own, it sees those of the machine, which do not count."""
    held = 0
    for name in SCRATCH:
        own = f"/proc/{process}/root{name}"
        with contextlib.suppress(OSError):
            if _device(own) != _device(name):
                found = os.statvfs(own)
                held += (found.f_blocks - found.f_bfree) * found.f_frsize
                held += (found.f_files - found.f_ffree) * _INODE_BYTES
    return held


def _device(name: str) -> int | None:
    path = Path(name)
    return path.stat().st_dev if path.exists() else None


def _tree(process: int) -> Iterator[int]:
    waiting = [process]
    while waiting:
        member = waiting.pop()
        yield member
        with contextlib.suppress(OSError):
            for thread in os.listdir(f"/proc/{member}/task"):  # noqa: PTH208  (names only)
                for line in _lines(Path(f"/proc/{member}/task/{thread}/children")):
                    waiting += map(int, line.split())


def _lines(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text().splitlines() if line.strip()]
    except OSError:
        return []
