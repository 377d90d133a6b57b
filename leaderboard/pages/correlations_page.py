"""All pairs of a topic's benchmarks: how much the order of candidates on one says of that on another."""

from __future__ import annotations

from collections.abc import Sequence

from ...figures import Figure
from ...figures.matrix import correlations
from .content import PageContent
from .correlation import correlation_of
from .drawing import drawn
from .names import JOINT, slug
from .scatter_page import scored_cells
from .snapshot import Snapshot
from .topics import Topic

__all__ = ["correlations_page"]


def correlations_page(snapshot: Snapshot) -> PageContent:
    """A square of correlations for each topic with at least two benchmarks, those on recorded data first."""
    figures = {}
    for topic in snapshot.topics.values():
        names = _benchmarks(topic)
        if len(names) > 1:
            figures[topic.slug] = drawn(_figure, names, topic.name, snapshot, key=topic.slug)
    return PageContent("correlations.html", "All pairs of benchmarks", {}, figures)


def _benchmarks(topic: Topic) -> list[str]:
    """The topic's benchmarks with a score, once each."""
    return list(
        dict.fromkeys(
            column.benchmark
            for section in topic.sections
            for index, column in enumerate(section.columns)
            if any(row.cells[index].has_value for row in section.rows)
        )
    )


def _figure(names: Sequence[str], title: str, snapshot: Snapshot, *, key: str) -> Figure:
    cells = [scored_cells(name, snapshot) for name in names]
    both = [[sorted(first.keys() & second.keys()) for second in cells] for first in cells]
    values = [
        [
            correlation_of((first[who].value, second[who].value) for who in both[row][column]).r
            for column, second in enumerate(cells)
        ]
        for row, first in enumerate(cells)
    ]
    links = [
        [f"scatter/{JOINT.join(sorted((slug(first), slug(second))))}.html" for second in names]
        for first in names
    ]
    sizes = [[len(some) for some in line] for line in both]
    return correlations(values, sizes, names, title, links=links, key=key)
