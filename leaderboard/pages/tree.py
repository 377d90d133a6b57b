"""The hierarchy of a board's columns: system, region, data set, metric, as one flat list of headings.

A heading above others is a column too: the mean win rate over those below it that count, given only over full
coverage. Levels with nothing to choose from (one region in a system) are left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby

from ..board import Board, Cell, Column, Row, Section
from ..ranking import RankInterval
from ..win_rate import mean_win_rates

__all__ = ["Heading", "Summary", "Table", "TableRow", "make_table"]


@dataclass(frozen=True)
class Heading:
    """One column of the page's table.

    Parameters
    ----------
    key : str
        Its name in a permalink.
    label, above : str
        Its text, and the heading that it is a part of.
    depth : int
        0 for a system.
    parents : tuple of str
        Keys of the headings above it, outermost first.
    leaves : tuple of int
        Positions, among the board's columns, of those below it; one for a metric.
    counted : tuple of int
        Positions of those that are in the win rate.
    column : Column or None
        The board's column of a metric; None for a win rate.
    simulated : bool
        Whether all that is below it rests on simulated data.
    """

    key: str
    label: str
    above: str
    depth: int
    parents: tuple[str, ...]
    leaves: tuple[int, ...]
    counted: tuple[int, ...]
    column: Column | None
    simulated: bool


@dataclass(frozen=True)
class Summary:
    """A candidate's mean win rate under a heading.

    Parameters
    ----------
    value : float
        In [0, 1]; NaN without full coverage, and where nobody else has it.
    coverage, of : int
        Counted metrics with a value, and all.
    state : str
        "value", or the state that all of its cells share, or "partly" where they differ.
    standing : RankInterval or None
        Rank, for win rates over a whole section of the board, which are tested; None for others.
    """

    value: float
    coverage: int
    of: int
    state: str
    standing: RankInterval | None


@dataclass(frozen=True)
class TableRow:
    """A candidate's cells and win rates, in the order of the headings."""

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
        for simulated in (False, True):  # an aggregate over recorded and simulated data would mean nothing
            some = [one for one in numbered if one[1].simulated == simulated]
            headings += _headings(section.system, some) if some else []
        first += len(section.columns)
    by_name = [{row.candidate: row for row in section.rows} for section in board.sections]
    names = _order(board.sections)
    cells = [[cell for rows in by_name for cell in rows[name].cells] for name in names]
    rates = {heading.key: _rates(heading, cells) for heading in headings if heading.column is None}
    rows = tuple(
        _row(name, by_name, headings, {key: values[number] for key, values in rates.items()})
        for number, name in enumerate(names)
    )
    return Table(tuple(headings), rows)


def _rates(heading: Heading, cells: Sequence[Sequence[Cell]]) -> list[float]:
    """Each candidate's mean win rate under a heading."""
    values = [[row[place].value for place in heading.counted] for row in cells]
    return [float(rate) for rate in mean_win_rates(values)] if values else []


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
    counted = tuple(place for place, column in columns if column.counted)
    simulated = all(column.simulated for _, column in columns)
    return Heading(key, label, "", len(parents), parents, leaves, counted, None, simulated)


def _leaf(numbered: _Numbered, above: str, parents: tuple[str, ...], depth: int) -> Heading:
    place, column = numbered
    states = [one[:8] for one in column.key[2:] if one]
    key = "@".join([column.benchmark, str(column.version), *states])
    counted = (place,) if column.counted else ()
    return Heading(key, column.benchmark, above, depth, parents, (place,), counted, column, column.simulated)


def _row(
    name: str,
    by_name: Sequence[Mapping[str, Row]],
    headings: Sequence[Heading],
    rates: Mapping[str, float],
) -> TableRow:
    rows = [rows[name] for rows in by_name]
    cells = [cell for row in rows for cell in row.cells]
    starts = accumulate((len(row.cells) for row in rows), initial=0)
    by_start = dict(zip(starts, rows, strict=False))
    parts = tuple(_part(heading, cells, by_start, rates) for heading in headings)
    return TableRow(name, rows[0].title, rows[0].model_class, parts)


def _part(
    heading: Heading, cells: Sequence[Cell], rows: Mapping[int, Row], rates: Mapping[str, float]
) -> Cell | Summary:
    if heading.column is not None:
        return cells[heading.leaves[0]]
    row = rows.get(min(heading.leaves))
    whole = row is not None and len(row.cells) == len(heading.leaves)
    standing = row.standing if row is not None and whole else None
    return _summary([cells[place] for place in heading.counted], rates[heading.key], standing)


def _summary(cells: Sequence[Cell], rate: float, standing: RankInterval | None) -> Summary:
    n_values = sum(cell.has_value for cell in cells)
    states = {cell.state for cell in cells}
    full = not math.isnan(rate)
    state = "value" if full else states.pop() if len(states) == 1 and not n_values else "partly"
    return Summary(rate, n_values, len(cells), state, standing)
