"""``innerscore worker``: score the candidates that were submitted to a board."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

from .options import MemoryOption, ScoreMemoryOption, ScoreSecondsOption, TasksOption, WallSecondsOption
from .output import say

if TYPE_CHECKING:
    from ..core.settings import Settings
    from ..scoring.sandbox import SandboxLimits
    from ..worker import ScoringLimits, Worker

__all__ = ["worker"]

_SECONDS_BETWEEN = 2.0


def worker(
    once: Annotated[
        bool, typer.Option("--once", help="Check and run one submission at most, then end.")
    ] = False,
    drain: Annotated[bool, typer.Option("--drain", help="End when no submission waits.")] = False,
    wall_seconds: WallSecondsOption = 3600.0,
    memory_mb: MemoryOption = 8192,
    tasks: TasksOption = 512,
    score_seconds: ScoreSecondsOption = 3600.0,
    score_memory_mb: ScoreMemoryOption = 16384,
    lease_seconds: Annotated[
        float,
        typer.Option(
            "--lease-seconds",
            min=1,
            help="Time after which another worker takes over from a dead one, in seconds.",
        ),
    ] = 60.0,
) -> None:
    """Score submissions in the sandbox.

    A worker claims submissions, runs their candidates, and puts the records on the board. Several workers may run
    at once, on several machines with PostgreSQL. SIGTERM and Ctrl-C give back the submission being run. Exit code 7
    if bubblewrap is missing or cannot run here; nothing is claimed then.
    """
    from ..core.settings import load_settings
    from ..scoring.sandbox import SandboxLimits
    from ..worker import ScoringLimits
    from ..workflows.running import limit_threads

    settings = load_settings()
    limits = SandboxLimits(wall_seconds=wall_seconds, memory_mb=memory_mb, tasks=tasks)
    limit_threads(settings)
    made = _make(settings, limits, lease_seconds, ScoringLimits(score_memory_mb, score_seconds))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    while True:
        found = made.step()
        if found is not None:
            say(f"{found.identifier}: {found.candidate} is {found.state} {found.reason_code}".rstrip())
        if found is None and (once or drain):
            return
        if found is not None and once and found.ended:
            return
        if found is None:
            time.sleep(_SECONDS_BETWEEN)


def _make(settings: Settings, limits: SandboxLimits, lease_seconds: float, scoring: ScoringLimits) -> Worker:
    from ..scoring.sandbox import try_sandbox
    from ..worker import Worker
    from ..workflows.board_queue import open_queue
    from ..workflows.stored import open_store

    try_sandbox(settings)
    queue, bundles = open_queue(settings)
    name = f"{socket.gethostname()}:{os.getpid()}"
    return Worker(queue, open_store(settings), bundles, settings, limits, name, lease_seconds, scoring)
