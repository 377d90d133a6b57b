"""Candidates side by side: paired differences as bars, targets against each other, agreement of errors."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np

from ...core.records import ResultRecord
from ...core.resamples import Resamples
from ...figures import Figure, Point, Whisker, scatter, whiskers
from ..board import Cell, Column, Section
from ..ranking import Difference, difference
from .attached_pictures import pictures_beside
from .content import PageContent, targets_of
from .drawing import drawn
from .names import slug
from .snapshot import Records, Snapshot

__all__ = ["Agreement", "compare_page", "paired"]

_MOST_FIGURES, _MOST_ALL_PAIRED = 6, 5
_FARTHEST = 1.5
_Targets = Mapping[str, Mapping[str, Mapping[str, float]]]


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


def compare_page(names: Sequence[str], snapshot: Snapshot, source: Records) -> PageContent:
    """Compare candidates on the columns where at least two have a value; without names the two best models."""
    chosen = names or _two_best(snapshot)
    rows = [one for one in _rows(chosen, snapshot) if sum(cell.has_value for cell in one[2]) > 1]
    records = [cell.record for _, _, cells in rows for cell in cells if cell.record is not None]
    targets = targets_of(records, source)
    resamples = source.resamples(records)
    lines = [
        Line(
            column, cells, tuple(_pairs(chosen, cells, resamples, targets, partial(section.p_value, column)))
        )
        for section, column, cells in rows
    ]
    lines.sort(key=lambda line: line.column.simulated)
    beside, pictures = pictures_beside(_records_of(chosen, lines), source)
    return PageContent(
        "compare.html",
        " and ".join(names) if names else "Compare candidates",
        {
            "names": chosen,
            "lines": lines,
            "reach": _reach(lines),
            "alpha": snapshot.board.alpha,
            "choices": _choices(snapshot),
            "beside": beside,
            "pictures": tuple(pictures),
        },
        _figures(chosen, [(column, cells) for _, column, cells in rows], targets)
        | _differences(lines)
        | pictures,
    )


def _records_of(names: Sequence[str], lines: Sequence[Line]) -> Iterator[tuple[str, dict[str, ResultRecord]]]:
    for line in lines:
        found = zip(names, line.cells, strict=True)
        yield line.column.benchmark, {name: cell.record for name, cell in found if cell.record is not None}


def _two_best(snapshot: Snapshot) -> tuple[str, ...]:
    """The best model of the surest answer that has a second best, and that; none if no answer has one."""
    for topic in snapshot.topics.values():
        for answer in topic.answers:
            if answer.next is not None:
                return answer.candidate, answer.next
    return ()


def _choices(snapshot: Snapshot) -> dict[str, list[tuple[str, str]]]:
    """Slugs and names of the candidates with a score by the topic where they have one, each once."""
    seen: set[str] = set()
    found: dict[str, list[tuple[str, str]]] = {}
    for topic in snapshot.topics.values():
        tried = {row.candidate for section in topic.sections for row in section.tried} - seen
        seen |= tried
        found[topic.name] = [(slug(name), name) for name in sorted(tried)]
    return {name: some for name, some in found.items() if some}


def _reach(lines: Sequence[Line]) -> float:
    """The value at the ends of the bars of differences: the largest end of an interval, at most 1.5."""
    found = [
        abs(end)
        for line in lines
        for pair in line.pairs
        if pair.difference is not None
        for end in (pair.difference.low, pair.difference.high)
    ]
    return min(max(found, default=1.0), _FARTHEST) or 1.0


def _differences(lines: Sequence[Line]) -> dict[str, Figure]:
    """All differences as a figure to take, one row each."""
    items = [
        Whisker(f"{line.column.benchmark}: {pair.first} - {pair.second}", d.value, d.low, d.high)
        for line in lines
        for pair in line.pairs
        if (d := pair.difference) is not None
    ]
    if not items:
        return {}
    axis = "difference of ceiling-normalised scores"
    return {"differences": drawn(whiskers, items, "Differences", axis, key="differences")}


def _rows(names: Sequence[str], snapshot: Snapshot) -> Iterator[tuple[Section, Column, tuple[Cell, ...]]]:
    for section in snapshot.board.sections:
        by_name = {row.candidate: row for row in section.rows}
        for index, column in enumerate(section.columns):
            yield section, column, tuple(by_name[name].cells[index] for name in names)


def _pairs(
    names: Sequence[str],
    cells: Sequence[Cell],
    resamples: Mapping[str, Resamples],
    targets: _Targets,
    p_value: Callable[[str, str], float],
) -> Iterator[Pair]:
    for (first, a), (second, b) in _paired_up(list(zip(names, cells, strict=True))):
        if a.record is not None and b.record is not None and a.has_value and b.has_value:
            both = _targets_of_both(a.record, b.record, targets)
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


def _targets_of_both(a: ResultRecord, b: ResultRecord, targets: _Targets) -> list[tuple[str, float, float]]:
    first, second = targets.get(a.record_sha256, {}), targets.get(b.record_sha256, {})
    return [
        (name, parts.get("normalised", math.nan), second[name].get("normalised", math.nan))
        for name, parts in first.items()
        if name in second
    ]


def _figures(
    names: Sequence[str], rows: Sequence[tuple[Column, tuple[Cell, ...]]], targets: _Targets
) -> dict[str, Figure]:
    """The first two candidates' targets against each other, on the columns with at least three targets."""
    found: dict[str, Figure] = {}
    for column, (a, b, *_) in rows:
        if a.record is None or b.record is None or len(found) == _MOST_FIGURES:
            continue
        points = [Point(*one) for one in _targets_of_both(a.record, b.record, targets)]
        if len(points) > 2:
            key = f"targets-{len(found)}"
            found[key] = drawn(scatter, points, column.benchmark, (names[0], names[1]), key=key, side=340.0)
    return found
