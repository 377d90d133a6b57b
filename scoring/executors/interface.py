"""The interface of executors and their tasks.

A task is the name of a function of ours with plain strings for arguments, such as the path of a file that says
what to do. Its result is in files, too; an executor only reports that it ended, and how.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from ...core.errors import InnerscoreError
from ...core.registry import import_entry

__all__ = ["Ended", "Executor", "Task", "perform"]


@dataclass(frozen=True)
class Task:
    """One call.

    Parameters
    ----------
    name : str
        Unique among the tasks; letters, digits and hyphens. The same name means the same work, so that what is
        under way already is waited for and not begun again.
    entry : str
        ``module:function`` of this package.
    arguments : tuple of str
        Arguments of the call.
    memory_mb : float
        Memory it is expected to need.
    """

    name: str
    entry: str
    arguments: tuple[str, ...]
    memory_mb: float = 0.0


@dataclass(frozen=True)
class Ended:
    """The end of a task.

    Parameters
    ----------
    name : str
        Name of the task.
    error : str or None
        Text of the error it raised, or the way its process ended; None if it returned.
    kind : str
        The error's class; ``"ProcessLost"`` if the process ended without a word.
    """

    name: str
    error: str | None = None
    kind: str = ""

    def to_json(self) -> bytes:
        """One line of JSON."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, line: bytes) -> Ended:
        """Read a line that :meth:`to_json` wrote."""
        return cls(**json.loads(line))

    @classmethod
    def lost(cls, name: str, how: str) -> Ended:
        """The end of a task whose process ended without a word."""
        return cls(name, how, "ProcessLost")


class Executor(Protocol):
    """Runs tasks side by side, each in a process that is not the caller's."""

    def start(self, n_tasks: int) -> None:
        """Make ready for so many tasks, while they are being made."""

    def run(self, tasks: Sequence[Task]) -> Generator[Ended, None, None]:
        """Run tasks, and tell of each as it ends, in any order.

        A task that raises, or whose process dies, ends with an error; the others go on. Closing the iterator
        early ends the tasks that have not ended.
        """

    def close(self) -> None:
        """End all processes that wait for tasks."""


def perform(task: Task) -> Ended:
    """Do a task in this process.

    Errors of innerscore are told in their own words, others with their class.
    """
    try:
        import_entry(task.entry, Path())(*task.arguments)
    except InnerscoreError as error:
        return Ended(task.name, str(error), type(error).__name__)
    except Exception as error:  # the task's code may raise anything, and the others go on
        return Ended(task.name, f"{type(error).__name__}: {error}", type(error).__name__)
    return Ended(task.name)
