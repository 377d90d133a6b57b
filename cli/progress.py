"""A bar for long work: on a terminal; elsewhere a line at each tenth."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from .output import say, visible

__all__ = ["byte_progress", "pair_progress", "shown_progress", "terminal_bar"]


def terminal_bar(*amounts: ProgressColumn) -> Progress:
    """A bar on standard error that goes when the work is done; disabled where that is no terminal."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        *amounts,
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )


@contextmanager
def shown_progress(label: str) -> Iterator[Callable[[str, int, int], None]]:
    """Give a function of (stage, done, of) that shows how far the work is, on standard error."""
    bar = terminal_bar(TextColumn("{task.percentage:>3.0f} %"))
    shown: dict[str, int] = {}

    def report(stage: str, done: int, of: int) -> None:
        if not bar.tasks:
            bar.add_task(visible(label), total=of)
        bar.update(bar.tasks[0].id, completed=done, total=of, description=visible(f"{label}: {stage}"))
        tenth = 10 * done // max(of, 1)
        if bar.disable and tenth > shown.get(stage, -1):
            shown[stage] = tenth
            say(f"{label}: {stage} {10 * tenth} %")

    with bar:
        yield report


@contextmanager
def byte_progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """Give a function of (done, of) in bytes, `of` 0 where it is not known, that shows both and the time left.

    On a terminal it is a bar; elsewhere a line at each tenth, or at each GB.
    """
    bar = terminal_bar(DownloadColumn(), TimeRemainingColumn(elapsed_when_finished=True))
    shown = -1

    def report(done: int, of: int) -> None:
        nonlocal shown
        if not bar.tasks:
            bar.add_task(visible(label), total=None)
        bar.update(bar.tasks[0].id, completed=done, total=of or None)
        tenth = 10 * done // of if of else done // 10**9
        if bar.disable and tenth > shown:
            shown = tenth
            say(f"{label}: {decimal(done)}{f' of {decimal(of)}' if of else ''}{_time_left(bar)}")

    with bar:
        yield report


def _time_left(bar: Progress) -> str:
    seconds = bar.tasks[0].time_remaining
    return f", {datetime.timedelta(seconds=round(seconds))} left" if seconds else ""


@contextmanager
def pair_progress(label: str) -> Iterator[Callable[[str, int, int], None]]:
    """Show a run's progress: a bar on a terminal, a line elsewhere, from its first stage on."""
    bar = terminal_bar(TextColumn("{task.fields[stage]} {task.completed:.0f}/{task.total:.0f}"))

    def report(stage: str, done: int, of: int) -> None:
        if not bar.tasks:
            bar.add_task(visible(label), total=1, stage="")
            if bar.disable:
                say(label)
        bar.update(bar.tasks[0].id, completed=done, total=of, stage=visible(stage))

    with bar:
        yield report
