"""Watching what all processes of a sandbox take together, and ending them when it is too much.

Limits of the kernel's own hold for one process each, an address-space limit breaks CUDA, and control groups need
rights that a user of a cluster does not have. So a thread looks twenty times a second. The tree of processes is
whole at each look, since orphans become children of the sandbox's first process.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...core.errors import LimitError
from .limits import SandboxLimits

__all__ = ["ResourceMonitor", "Usage", "usage_of"]

_SECONDS_BETWEEN = 0.05
_COUNTED = {"RssAnon:": "memory", "RssShmem:": "memory", "Threads:": "tasks"}


@dataclass(frozen=True)
class Usage:
    """Resources that a tree of processes takes.

    Parameters
    ----------
    tasks : int
        Processes and threads.
    memory_mb : float
        Resident memory, without pages of files, in MiB.
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
        while not self._over.wait(_SECONDS_BETWEEN):
            breach = self._breach(usage_of(self._process.pid))
            if breach is not None and self._process.poll() is None:
                self.end(breach)

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
        return None

    def _error(self, what: str, got: str, needed: str) -> LimitError:
        return LimitError(f"The {what} of candidate '{self._candidate}'", got=got, needed=needed)


def usage_of(process: int) -> Usage:
    """Present usage of a process and all below it; those that end meanwhile count as nothing."""
    tasks, kilobytes = 0, 0
    for member in _tree(process):
        for line in _lines(Path(f"/proc/{member}/status")):
            name, *rest = line.split(maxsplit=2)
            kind = _COUNTED.get(name)
            tasks += int(rest[0]) if kind == "tasks" else 0
            kilobytes += int(rest[0]) if kind == "memory" else 0
    return Usage(tasks, kilobytes / 1024)


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
