"""The hierarchy of a board's columns: system, region, data set, measure, as one flat list of headings.

A heading above others is a column too: the mean over all below it, given only over full coverage. Levels with
nothing to choose from (one region in a system) are left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby

from ..board import Board, Cell, Column, Row, Section
from ..order import Standing

__all__ = ["Heading", "Summary", "Table", "TableRow", "make_table"]


@dataclass(frozen=True)
class Heading:
    """One column of the page's table.

    Parameters
    ----------
    key : str
        Names it in a permalink.
    label, above : str
        What it says, and what it is a part of.
    depth : int
        0 for a system.
    parents : tuple of str
        Keys of the headings above it, outermost first.
    leaves : tuple of int
        Positions, among the board's columns, of those it is the mean of; one for a measure.
    column : Column or None
        The board's column of a measure; None for a mean.
    simulated : bool
        Whether all that is below it rests on simulated data.
    """

    key: str
    label: str
    above: str
    depth: int
    parents: tuple[str, ...]
    leaves: tuple[int, ...]
    column: Column | None
    simulated: bool


@dataclass(frozen=True)
class Summary:
    """A candidate's mean under a heading.

    Parameters
    ----------
    value : float
        NaN without full coverage.
    coverage, of : int
        Measures with a value, and all.
    state : str
        "value", or what all of its cells share, or "partly" where they differ.
    standing : Standing or None
        For means over a whole section of the board, which are tested; None for others.
    """

    value: float
    coverage: int
    of: int
    state: str
    standing: Standing | None


@dataclass(frozen=True)
class TableRow:
    """A candidate's cells and means, in the order of the headings."""

    candidate: str
    title: str
    model_class: str
    parts: tuple[Cell | Summary, ...]


@dataclass(frozen=True)
class Table:
    """All headings and rows; rows in the board's own order: by the first system's, then the next one's."""

    headings: tuple[Heading, ...]
    rows: tuple[TableRow, ...]


def make_table(board: Board) -> Table:
    """Put a board's sections side by side."""
    headings: list[Heading] = []
    first = 0
    for section in board.sections:
        numbered = [(first + place, column) for place, column in enumerate(section.columns)]
        for simulated in (False, True):  # a mean over recorded and simulated data would mean nothing
            some = [one for one in numbered if one[1].simulated == simulated]
            headings += _headings(section.system, some) if some else []
        first += len(section.columns)
    by_name = [{row.candidate: row for row in section.rows} for section in board.sections]
    rows = tuple(_row(name, by_name, headings) for name in _order(board.sections))
    return Table(tuple(headings), rows)


def _order(sections: Sequence[Section]) -> list[str]:
    """Names by their place in the first section where something of theirs ran."""
    seen: dict[str, None] = {}
    for section in sections:
        seen |= dict.fromkeys(row.candidate for row in section.tried)
    for section in sections:
        seen |= dict.fromkeys(row.candidate for row in section.rows)
    return list(seen)


_Numbered = tuple[int, Column]


def _headings(system: str, columns: Sequence[_Numbered]) -> list[Heading]:
    if len(columns) == 1:
        return [_leaf(columns[0], system, (), 0)]
    key = f"{'simulated' if columns[0][1].simulated else 'recorded'}:{system}"
    inner = _inner(key, system, (), columns)
    return [inner, *_below(columns, (key,), 1, (_region, _dataset))]


def _below(
    columns: Sequence[_Numbered],
    parents: tuple[str, ...],
    depth: int,
    levels: Sequence[Callable[[Column], str]],
) -> list[Heading]:
    """Headings of the next level that divides the columns, or the columns themselves."""
    if not levels:
        return [_leaf(column, "", parents, depth) for column in columns]
    level, *rest = levels
    ordered = sorted(columns, key=lambda one: level(one[1]))
    parts = [(name, list(some)) for name, some in groupby(ordered, key=lambda one: level(one[1]))]
    if len(parts) == 1:
        return _below(columns, parents, depth, rest)
    found: list[Heading] = []
    for name, some in parts:
        if len(some) == 1:
            found.append(_leaf(some[0], name, parents, depth))
            continue
        key = f"{parents[-1]}/{name}"
        found.append(_inner(key, name, parents, some))
        found += _below(some, (*parents, key), depth + 1, rest)
    return found


def _region(column: Column) -> str:
    return column.region or column.benchmark.partition(".")[2].partition("-")[0]


def _dataset(column: Column) -> str:
    return column.dataset or column.benchmark.partition(".")[0]


def _inner(key: str, label: str, parents: tuple[str, ...], columns: Sequence[_Numbered]) -> Heading:
    leaves = tuple(place for place, _ in columns)
    simulated = all(column.simulated for _, column in columns)
    return Heading(key, label, "", len(parents), parents, leaves, None, simulated)


def _leaf(numbered: _Numbered, above: str, parents: tuple[str, ...], depth: int) -> Heading:
    place, column = numbered
    data = f"@{column.data_sha256[:8]}" if column.data_sha256 else ""
    key = f"{column.benchmark}@{column.version}{data}"
    return Heading(key, column.benchmark, above, depth, parents, (place,), column, column.simulated)


def _row(name: str, by_name: Sequence[Mapping[str, Row]], headings: Sequence[Heading]) -> TableRow:
    rows = [rows[name] for rows in by_name]
    cells = [cell for row in rows for cell in row.cells]
    starts = accumulate((len(row.cells) for row in rows), initial=0)
    by_start = dict(zip(starts, rows, strict=False))
    parts = tuple(_part(heading, cells, by_start) for heading in headings)
    return TableRow(name, rows[0].title, rows[0].model_class, parts)


def _part(heading: Heading, cells: Sequence[Cell], rows: Mapping[int, Row]) -> Cell | Summary:
    if heading.column is not None:
        return cells[heading.leaves[0]]
    below = [cells[place] for place in heading.leaves]
    row = rows.get(min(heading.leaves))
    tested = row is not None and len(row.cells) == len(below)
    return _summary(below, row.standing if row is not None and tested else None)


def _summary(cells: Sequence[Cell], standing: Standing | None) -> Summary:
    values = [cell.value for cell in cells if not math.isnan(cell.value)]
    states = {cell.state for cell in cells}
    full = len(values) == len(cells)
    state = "value" if full else states.pop() if len(states) == 1 and not values else "partly"
    mean = sum(values) / len(values) if full else math.nan
    return Summary(mean, len(values), len(cells), state, standing)
