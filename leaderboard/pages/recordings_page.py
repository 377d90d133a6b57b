"""Recorded data sets alone: who leads on each, and what can and cannot be concluded from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ...core.cards import DatasetCard, Sharing
from ...core.records import EstimateRecord
from ..board import Column, Section
from .benchmark_page import newest, scored_on
from .content import PageContent
from .names import slug
from .snapshot import Snapshot

__all__ = ["SHARED", "recordings_page"]

# Sentences on a data set's own terms; without terms on its card the licence is shown alone.
SHARED: dict[Sharing, str] = {
    "everything": "Scores, values of single neuroids, clips and maps may be passed on.",
    "scores": "Scores may be passed on with the citation; values of single neuroids, clips and maps stay on the "
    "board that computed them.",
    "nothing": "Nothing that is made of these data is passed on.",
}


@dataclass(frozen=True)
class Leader:
    """The candidate of the highest value on a column, and those that it is not significantly different from."""

    column: Column
    ceiling: EstimateRecord | None
    weak: str
    candidate: str
    score: EstimateRecord
    tied: tuple[str, ...]
    n_candidates: int


@dataclass(frozen=True)
class Recording:
    """A recorded data set with the leaders of the benchmarks on it, and those on which nobody has a value."""

    name: str
    slug: str
    card: DatasetCard
    shared: str
    leaders: tuple[Leader, ...]
    without: tuple[str, ...]


def recordings_page(snapshot: Snapshot) -> PageContent:
    """The page: for each system the recorded data sets that benchmarks rest on, those with values first."""
    systems: dict[str, list[Recording]] = {}
    for name, card in snapshot.contents.datasets.items():
        on_it = {key: one for key, one in snapshot.contents.benchmarks.items() if one.dataset == name}
        if on_it and not card.simulated:
            system = next(iter(on_it.values())).system
            systems.setdefault(system, []).append(_recording(name, card, on_it, snapshot))
    for some in systems.values():
        some.sort(key=lambda one: not one.leaders)
    ordered = dict(sorted(systems.items(), key=lambda one: not one[1][0].leaders))
    return PageContent("recordings.html", "What real neurons say", {"systems": ordered})


def _recording(name: str, card: DatasetCard, benchmarks: Iterable[str], snapshot: Snapshot) -> Recording:
    columns = {one: newest(snapshot.columns[one]) for one in benchmarks if one in snapshot.columns}
    leaders = {one: leader for one, place in columns.items() if (leader := _leader(*place)) is not None}
    without = tuple(one for one in benchmarks if one not in leaders)
    shared = SHARED[card.sharing] if card.sharing else ""
    return Recording(name, slug(name), card, shared, tuple(leaders.values()), without)


def _leader(section: Section, column: Column) -> Leader | None:
    scored = scored_on(section, column)
    if not scored:
        return None
    (best, cell), *others = scored
    if cell.normalised is None:
        return None
    tied = tuple(name for name, other in others if cell.ties_with(other))
    weak = "" if cell.record is None or cell.record.score is None else cell.record.score.weak_ceiling
    return Leader(column, section.ceiling(column), weak, best, cell.normalised, tied, len(scored))
