"""Tables for the terminal."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from .output import visible

if TYPE_CHECKING:
    from ..core.records import EstimateRecord, ScoreRecord
    from ..leaderboard.board import Board, Cell, Column, Row, Section
    from ..workflows.running import Result

__all__ = ["estimate_text", "print_board", "print_table", "result_line"]

_PIPE_WIDTH = 160  # columns where standard output is no terminal
_CAPTION = (
    "ceiling-normalised score [95 % interval]; ^ above the ceiling; ^? far above a ceiling of few cells, which is "
    "no praise; win rate: the share of the others that one beats, mean over the benchmarks, but for those in "
    "brackets"
)
_STATE_TEXT = {"failed": "failed", "not applicable": "n/a", "not run": "not run"}


def estimate_text(estimate: EstimateRecord) -> str:
    """``0.914 [0.895, 0.940]``."""
    return str(estimate)


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
        f"{pair}: {estimate_text(score.normalised)} of the ceiling{flag} "
        f"(raw {estimate_text(score.raw)}, ceiling {estimate_text(score.ceiling)}{_divided_by(score)}, layer "
        f"{score.layer}{stored}{weak})"
    )


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
    _print(table)


def print_board(board: Board) -> None:
    """Print the board, a table a system."""
    for section in board.sections:
        _print(_section_table(section))


def _section_table(section: Section) -> Table:
    simulated = " (SIMULATED data)" if all(column.simulated for column in section.columns) else ""
    table = Table(title=f"{section.system}{simulated}", title_justify="left", box=None, header_style="bold")
    table.add_column("candidate")
    for column in section.columns:
        table.add_column(f"{_column_name(column)}\n{_ceiling_text(section, column)}", justify="right")
    table.add_column("win rate", justify="right")
    for row in section.tried:
        table.add_row(row.candidate, *map(_cell_text, row.cells), _win_rate_text(row))
    notes = [f"{state}: {', '.join(names)}" for state, names in section.untried.items()]
    table.caption = "; ".join([*notes, *_impossible(section), *_weak_ceilings(section), _CAPTION])
    table.caption_justify = "left"
    return table


def _impossible(section: Section) -> list[str]:
    """Why nobody can be scored in a column, each reason once."""
    found = [
        (column, cell)
        for row in section.rows
        for column, cell in zip(section.columns, row.cells, strict=True)
    ]
    return list(
        dict.fromkeys(f"{column.benchmark}: {cell.note}" for column, cell in found if cell.impossible)
    )


def _weak_ceilings(section: Section) -> list[str]:
    weak = {column.benchmark: section.weak_ceiling(column) for column in section.columns}
    return [f"{name}: weak ceiling, {cells}" for name, cells in weak.items() if cells]


def _column_name(column: Column) -> str:
    """With what tells it from another column of the same name; in brackets where it is not in the win rate."""
    name = f"{column.benchmark}, {column.label}" if column.mark or not column.counted else column.benchmark
    return name if column.counted else f"({name})"


def _win_rate_text(row: Row) -> str:
    """``0.750 #1-3``: with the ranks that the tests leave open."""
    if math.isnan(row.win_rate) or row.standing is None:
        return ""
    low, high = row.standing.rank_low, row.standing.rank_high
    return f"{row.win_rate:.3f} #{low}" if low == high else f"{row.win_rate:.3f} #{low}-{high}"


def _ceiling_text(section: Section, column: Column) -> str:
    ceiling = section.ceiling(column)
    return "" if ceiling is None else f"ceiling {estimate_text(ceiling)}"


def _cell_text(cell: Cell) -> str:
    if cell.normalised is None:
        return _STATE_TEXT[cell.state]
    flag = " ^?" if cell.is_no_praise else " ^" if cell.above_ceiling else ""
    return f"{estimate_text(cell.normalised)}{flag}"


class _PlainConsole(Console):
    """A console that takes texts as they are: no markup in them, and nothing for the terminal to obey."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Text of a cell, heading or caption, to be shown."""
        return super().render_str(visible(text), **(options | {"markup": False, "emoji": False}))


def _print(table: Table) -> None:
    console = _PlainConsole(width=None if sys.stdout.isatty() else _PIPE_WIDTH, highlight=False)
    console.print(table)
    console.print()
