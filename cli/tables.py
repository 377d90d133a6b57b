"""Tables for the terminal."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from .output import visible

if TYPE_CHECKING:
    from ..core.records import ScoreRecord
    from ..workflows.running import Result

__all__ = ["output_width", "print_rich", "print_table", "result_line", "result_text"]

_PIPE_WIDTH = 160  # columns where standard output is no terminal


def result_line(result: Result) -> str:
    """One line for one pair."""
    pair = f"{result.candidate} on {result.benchmark}"
    record = result.record
    if result.impossible:
        return f"{pair}: not possible with these data. {result.impossible}"
    if record is None:
        return f"{pair}: not run (data missing)"
    if record.failure is not None:
        return f"{pair}: failed at {record.failure.stage}"
    if record.score is None:
        return f"{pair}: {record.status}"
    score = record.score
    flag = f", {_above(score)}" if score.above_ceiling else ""
    weak = f"; weak ceiling: {score.weak_ceiling}" if score.weak_ceiling else ""
    stored = ", stored before" if result.reused else ""
    return (
        f"{pair}: {score.normalised} of the ceiling{flag} "
        f"(raw {score.raw}, ceiling {score.ceiling}{_divided_by(score)}, layer "
        f"{score.layer}{stored}{weak})"
    )


def result_text(result: dict[str, Any]) -> str:
    """A result of a submission, from a board that may be an older one than this."""
    from ..core.records import EstimateRecord
    from ..leaderboard.placement import Place

    value, low, high = (result[name] for name in ("normalised", "normalised_low", "normalised_high"))
    if value is None:
        return f"{result['benchmark']}: {result['status']}"
    estimate = EstimateRecord(value=value, low=low, high=high, level=0.95, unit="")
    place = result["place"]
    rank = "" if place is None else f", {Place(**place | {'tied_with': tuple(place['tied_with'])}).text}"
    return f"{result['benchmark']}: {estimate} of the ceiling{rank}"


def _above(score: ScoreRecord) -> str:
    """A score far above a ceiling of few cells says little of who has it."""
    return "far above a weak ceiling, which is no praise" if score.is_no_praise else "above the ceiling"


def _divided_by(score: ScoreRecord) -> str:
    """The raw value over the ceiling is not always the score."""
    return f"; raw divided by {score.divided_by}" if score.divided_by else ""


def print_table(rows: list[tuple[str, ...]], header: tuple[str, ...]) -> None:
    """Print a table to standard output, as wide as it has to be where that is no terminal."""
    table = Table(*header, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*row)
    print_rich(table)


class _PlainConsole(Console):
    """A console that takes texts as they are: no markup in them, and nothing for the terminal to obey."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Text of a cell, heading or caption, to be shown."""
        return super().render_str(visible(text), **(options | {"markup": False, "emoji": False}))


def output_width() -> int:
    """Width of standard output in characters: of the terminal, of the variable COLUMNS, or 160."""
    return shutil.get_terminal_size((_PIPE_WIDTH, 24)).columns


def print_rich(content: Table | str) -> None:
    """Print a table or a text within the width of the output, and an empty line."""
    console = _PlainConsole(width=output_width(), highlight=False)
    console.print(content)
    console.print()
