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
        Memory of all processes together, in MiB: resident or swapped out, without what they map from files of the
        disk, and what the kernel holds for them, as :func:`~.resources.usage_of` counts it. Pages that forked
        processes share count for each of them.
    free_mb : int
        Memory that the machine must have free meanwhile, in MiB.
    tasks : int
        Processes and threads.
    files : int
        Open files of each process.
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
    free_mb: int = 256
    tasks: int = 512
    files: int = 1024
    scratch_mb: int = 512
    file_mb: int = 512
    log_mb: int = 16
    reply_mb: int = 1024
    run_mb: int = 4096
