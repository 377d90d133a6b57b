"""Tasks in processes of this machine: as many at once as there are processors, and as fit into memory.

A worker is this interpreter with :mod:`._worker` as its program. It reads tasks from its standard input and
writes a line for each that ended; it serves many, as importing what scoring needs takes seconds. When the
process that started it dies, by whatever signal, its input ends and so does it. It leads a session of its own:
what a task has started ends with it, and a Ctrl-C reaches the head alone, which ends its workers.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass
from typing import IO, cast

from ...core.memory import free_memory_mb
from .interface import Ended, Task

__all__ = ["LocalExecutor", "how_it_died"]

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class LocalExecutor:
    """Workers on this machine.

    Parameters
    ----------
    processes : int, optional
        Most processes at once; by default the processors that this process may use, shared among `threads`.
    threads : int, optional
        Threads of each worker; by default the processors that each has.
    memory_mb : float, optional
        Memory that all tasks together may need; by default what is free when they are begun. A task that needs
        more runs alone.
    """

    def __init__(
        self, *, processes: int | None = None, threads: int | None = None, memory_mb: float | None = None
    ) -> None:
        processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self.processes = processes or max(1, processors // (threads or 1))
        self.threads = threads or max(1, processors // self.processes)
        self._memory_mb = memory_mb
        self._idle: list[_Worker] = []

    def run(self, tasks: Sequence[Task]) -> Generator[Ended, None, None]:
        """Run tasks; see :class:`.interface.Executor`."""
        waiting = list(tasks)
        budget = free_memory_mb() if self._memory_mb is None else self._memory_mb
        with selectors.DefaultSelector() as busy:
            try:
                while waiting or busy.get_map():
                    self._begin(waiting, busy, budget)
                    for key, _ in busy.select():
                        busy.unregister(key.fileobj)
                        yield self._ended(key.data)
            finally:
                for key in list(busy.get_map().values()):
                    key.data.end()

    def start(self, n_tasks: int) -> None:
        """Start workers that so many tasks will need; they import what they need meanwhile."""
        missing = min(self.processes, n_tasks) - len(self._idle)
        self._idle += [_Worker.start(self.threads) for _ in range(missing)]

    def close(self) -> None:
        """End the workers."""
        while self._idle:
            self._idle.pop().end()

    def _begin(self, waiting: list[Task], busy: selectors.BaseSelector, budget: float) -> None:
        """Begin, in their order, those tasks that fit along with what runs."""
        for task in list(waiting):
            running = [cast(_Worker, key.data).memory_mb for key in busy.get_map().values()]
            if len(running) >= self.processes:
                return
            if not running or sum(running) + task.memory_mb <= budget:
                waiting.remove(task)
                worker = self._idle.pop() if self._idle else _Worker.start(self.threads)
                worker.give(task)
                busy.register(worker.told, selectors.EVENT_READ, worker)

    def _ended(self, worker: _Worker) -> Ended:
        ended, alive = worker.answer()
        if alive:
            self._idle.append(worker)
        return ended


@dataclass
class _Worker:
    """A process that serves tasks, one at a time."""

    process: subprocess.Popen[bytes]
    task: Task | None = None

    @classmethod
    def start(cls, threads: int) -> _Worker:
        environment = os.environ | dict.fromkeys(_THREAD_VARIABLES, str(threads))
        package = __package__ or ""
        command = [sys.executable, "-m", f"{package}._worker", str(threads)]
        return cls(
            subprocess.Popen(  # noqa: S603  (our own program)
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
                start_new_session=True,
            )
        )

    @property
    def told(self) -> IO[bytes]:
        """The stream of its answers."""
        return cast(IO[bytes], self.process.stdout)

    @property
    def memory_mb(self) -> float:
        """Memory that its present task needs."""
        return 0.0 if self.task is None else self.task.memory_mb

    def give(self, task: Task) -> None:
        """Hand it a task; one that has died meanwhile is found out by its answer."""
        self.task = task
        given = cast(IO[bytes], self.process.stdin)
        try:
            given.write(json.dumps(asdict(task)).encode() + b"\n")
            given.flush()
        except BrokenPipeError:
            return

    def answer(self) -> tuple[Ended, bool]:
        """The end of its task, and whether it can take another."""
        name = "" if self.task is None else self.task.name
        self.task = None
        line = self.told.readline()
        if line:
            return Ended.from_json(line), True
        status = self.process.wait()
        self.end()
        return Ended.lost(name, how_it_died(status)), False

    def end(self) -> None:
        """End it and what it has started now, whatever they do."""
        with contextlib.suppress(ProcessLookupError):  # all of them have ended
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                _close(pipe)


def _close(pipe: IO[bytes]) -> None:
    try:
        pipe.close()
    except BrokenPipeError:  # what was not written is for a process that is no more
        return


def how_it_died(status: int) -> str:
    """Words for the exit status of a process that was not asked to end."""
    if status >= 0:
        return f"the process ended by itself with status {status}"
    known = {number.value: number.name for number in signal.Signals}
    often = "; the system does so when memory runs out" if status == -signal.SIGKILL else ""
    return f"the process was killed by {known.get(-status, f'signal {-status}')}{often}"
