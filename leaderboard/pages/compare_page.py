"""Candidates side by side: paired differences as bars, targets against each other, agreement of errors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...core.records import ResultRecord
from ...figures import Figure, Point, Whisker, scatter, whiskers
from ..comparison import Line, Targets, compared, records_on, targets_of_both
from .attached_pictures import pictures_beside
from .content import PageContent, targets_of
from .drawing import drawn
from .names import slug
from .snapshot import Records, Snapshot

__all__ = ["compare_page"]

_MOST_FIGURES = 6
_FARTHEST = 1.5


def compare_page(names: Sequence[str], snapshot: Snapshot, source: Records) -> PageContent:
    """Compare candidates on the columns where at least two have a value; without names the two best models."""
    chosen = names or _two_best(snapshot)
    records = records_on(chosen, snapshot.board)
    targets = targets_of(records, source)
    lines = compared(chosen, snapshot.board, source.resamples(records), targets)
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
        _figures(chosen, lines, targets) | _differences(lines) | pictures,
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


def _figures(names: Sequence[str], lines: Sequence[Line], targets: Targets) -> dict[str, Figure]:
    """The first two candidates' targets against each other, on the columns with at least three targets."""
    found: dict[str, Figure] = {}
    for line in lines:
        a, b, *_ = line.cells
        if a.record is None or b.record is None or len(found) == _MOST_FIGURES:
            continue
        points = [Point(*one) for one in targets_of_both(a.record, b.record, targets)]
        if len(points) > 2:
            key = f"targets-{len(found)}"
            found[key] = drawn(
                scatter, points, line.column.benchmark, (names[0], names[1]), key=key, side=340.0
            )
    return found
