"""Candidates of a board side by side: paired differences, the board's corrected tests, agreement of errors."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Any, TypeAlias

import numpy as np

from ..core.records import ResultRecord
from ..core.resamples import Resamples
from .cells import Board, Cell, Column
from .ranking import Difference, difference

__all__ = [
    "Agreement",
    "Line",
    "Pair",
    "Targets",
    "compared",
    "comparison_rows",
    "paired",
    "records_on",
    "targets_of_both",
]

Targets: TypeAlias = Mapping[
    str, Mapping[str, Mapping[str, float]]
]  # parts of scores by record, target and name

_MOST_ALL_PAIRED = 5


@dataclass(frozen=True)
class Agreement:
    """The extent to which two candidates fall short on the same targets.

    Parameters
    ----------
    r : float
        Pearson correlation over targets of what their ceiling-normalised scores lack to 1; NaN with fewer than
        three.
    n : int
        Number of targets where both are defined.
    """

    r: float
    n: int


@dataclass(frozen=True)
class Pair:
    """Two candidates on one column; `p_value` is the board's, corrected over all pairs of that column."""

    first: str
    second: str
    difference: Difference | None = None
    p_value: float = 1.0
    agreement: Agreement | None = None


@dataclass(frozen=True)
class Line:
    """One column: each candidate's cell, and all pairs of those with a value."""

    column: Column
    cells: tuple[Cell, ...]
    pairs: tuple[Pair, ...]


def compared(
    names: Sequence[str],
    board: Board,
    resamples: Mapping[str, Resamples],
    targets: Targets | None = None,
) -> list[Line]:
    """Compare candidates on the columns where at least two have a value, those on recorded data first.

    Parameters
    ----------
    names : sequence of str
        Candidates with a row on the board.
    board : Board
    resamples : mapping of str to Resamples
        Resamples by record hash, of the records of :func:`records_on`.
    targets : mapping, optional
        Scores of single targets by record hash, for the agreement of errors.
    """
    found = [
        Line(column, cells, tuple(_pairs(names, cells, resamples, targets or {}, p_value)))
        for column, cells, p_value in _shared_columns(names, board)
    ]
    return sorted(found, key=lambda line: line.column.simulated)


def records_on(names: Sequence[str], board: Board) -> list[ResultRecord]:
    """The records of candidates on the columns where at least two of them have a value."""
    return [
        cell.record
        for _, cells, _ in _shared_columns(names, board)
        for cell in cells
        if cell.record is not None
    ]


def _shared_columns(
    names: Sequence[str], board: Board
) -> Iterator[tuple[Column, tuple[Cell, ...], Callable[[str, str], float]]]:
    """Columns where at least two of the candidates have a value, with their cells and the column's tests."""
    for section in board.sections:
        by_name = {row.candidate: row for row in section.rows}
        for index, column in enumerate(section.columns):
            cells = tuple(by_name[name].cells[index] for name in names)
            if sum(cell.has_value for cell in cells) > 1:
                yield column, cells, partial(section.p_value, column)


def _pairs(
    names: Sequence[str],
    cells: Sequence[Cell],
    resamples: Mapping[str, Resamples],
    targets: Targets,
    p_value: Callable[[str, str], float],
) -> Iterator[Pair]:
    for (first, a), (second, b) in _paired_up(list(zip(names, cells, strict=True))):
        if a.record is not None and b.record is not None and a.has_value and b.has_value:
            both = targets_of_both(a.record, b.record, targets)
            found = paired(a, b, resamples)
            yield Pair(first, second, found, p_value(first, second), agreement(both))
        else:
            yield Pair(first, second)


def _paired_up(some: list[tuple[str, Cell]]) -> Iterator[tuple[tuple[str, Cell], tuple[str, Cell]]]:
    """All pairs of a few candidates; of more than a reader can take in, the best with each of the others."""
    if len(some) <= _MOST_ALL_PAIRED:
        return combinations(some, 2)
    best = max(some, key=lambda one: one[1].value if one[1].has_value else -math.inf)
    return ((best, other) for other in some if other is not best)


def paired(a: Cell, b: Cell, resamples: Mapping[str, Resamples]) -> Difference | None:
    """The difference of two cells, on shared resamples; None if they share none or one has no value."""
    known = [resamples.get(cell.record.record_sha256) if cell.record else None for cell in (a, b)]
    if known[0] is None or known[1] is None or not (a.has_value and b.has_value):
        return None
    return difference((a.value, known[0]), (b.value, known[1]), "normalised")


def agreement(both: Sequence[tuple[str, float, float]]) -> Agreement:
    """Pearson's r of what is missing to the ceiling, 1 - normalised value; the same as that of the values."""
    values = np.asarray([(x, y) for _, x, y in both if math.isfinite(x + y)], dtype=np.float64).reshape(-1, 2)
    if len(values) < 3 or not np.ptp(values, axis=0).all():
        return Agreement(math.nan, len(values))
    return Agreement(float(np.corrcoef(values[:, 0], values[:, 1])[0, 1]), len(values))


def targets_of_both(a: ResultRecord, b: ResultRecord, targets: Targets) -> list[tuple[str, float, float]]:
    first, second = targets.get(a.record_sha256, {}), targets.get(b.record_sha256, {})
    return [
        (name, parts.get("normalised", math.nan), second[name].get("normalised", math.nan))
        for name, parts in first.items()
        if name in second
    ]


def comparison_rows(names: Sequence[str], lines: Sequence[Line]) -> list[dict[str, Any]]:
    """One mapping a benchmark and pair whose difference is known, for tables and programs."""
    return [
        {
            "benchmark": line.column.benchmark,
            "benchmark_version": line.column.version,
            "data_sha256": line.column.data_sha256,
            "simulated": line.column.simulated,
            "first": pair.first,
            "second": pair.second,
            "first_normalised": line.cells[names.index(pair.first)].value,
            "second_normalised": line.cells[names.index(pair.second)].value,
            "difference": d.value,
            "difference_low": d.low,
            "difference_high": d.high,
            "p_corrected": pair.p_value,
        }
        for line in lines
        for pair in line.pairs
        if (d := pair.difference) is not None
    ]
