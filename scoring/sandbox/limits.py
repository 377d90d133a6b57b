"""Limits on what a candidate in its sandbox may take."""

from __future__ import annotations

from dataclasses import dataclass

from ...core.errors import MissingPartError

__all__ = ["NoSandboxError", "SandboxLimits"]


class NoSandboxError(MissingPartError):
    """The sandbox is missing or cannot run here; no candidate's fault, and no other machine's."""


@dataclass(frozen=True)
class SandboxLimits:
    """Limits of one run; beyond any of them all of the candidate's processes are killed.

    Parameters
    ----------
    wall_seconds : float
        Time from start to end.
    cpu_seconds : int
        Processor time of each process.
    memory_mb : int
        Resident memory of all processes together, without what they map from files, in MiB. Pages that forked
        processes share count for each of them.
    tasks : int
        Processes and threads.
    scratch_mb : int
        Each of its three folders in memory: /tmp, its home, /dev/shm.
    file_mb : int
        Size of one file.
    log_mb : int
        Its printed output.
    reply_mb : int
        Activations of one stimulus, as float32.
    run_mb : int
        Activations of all stimuli of a run together, which the worker holds in memory and in its cache.
    """

    wall_seconds: float = 3600.0
    cpu_seconds: int = 4 * 3600
    memory_mb: int = 8192
    tasks: int = 512
    scratch_mb: int = 512
    file_mb: int = 512
    log_mb: int = 16
    reply_mb: int = 1024
    run_mb: int = 4096
