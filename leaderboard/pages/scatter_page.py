"""Any two benchmarks against each other: do those who do well on one do well on the other?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import combinations

from ...figures import Point, scatter
from ..board import Cell
from .benchmark_page import newest
from .content import PageContent, ends
from .correlation import correlation_of
from .drawing import drawn
from .kinds import is_control
from .names import slug
from .snapshot import Snapshot
from .topics import Topic

__all__ = ["scatter_page", "scored_cells"]


def scatter_page(names: tuple[str, str] | tuple[()], snapshot: Snapshot, *, root: str = "../") -> PageContent:
    """A point for each candidate that has a value on both; without names a pair that many have values on.

    Parameters
    ----------
    names : tuple of str
        Two benchmarks, or none.
    snapshot : Snapshot
    root : str
        The way from the page to the site's root.
    """
    choices = [(slug(name), name) for name in snapshot.columns]
    chosen = names or _first_pair(snapshot)
    if chosen is None:
        return PageContent("scatter.html", "Two benchmarks", {"names": (), "choices": choices})
    first, second = (scored_cells(name, snapshot) for name in chosen)
    controls = {who for who, rows in snapshot.rows.items() if is_control(rows[0][1].model_class)}
    points = [
        _point(who, first[who], second[who], f"{root}candidates/{slug(who)}.html", is_faint=who in controls)
        for who in first
        if who in second
    ]
    title = f"{chosen[0]} and {chosen[1]}" if names else "Two benchmarks"
    values = {
        "names": chosen,
        "choices": choices,
        "points": points,
        "correlation": correlation_of((point.x, point.y) for point in points),
    }
    values["simulated"] = [name for name in chosen if newest(snapshot.columns[name])[1].simulated]
    figures = {"scatter": drawn(scatter, points, title, chosen, key="scatter", side=460.0)} if points else {}
    return PageContent("scatter.html", title, values, figures)


def _point(name: str, across: Cell, up: Cell, link: str, *, is_faint: bool) -> Point:
    x, y = (ends(cell.normalised) if cell.normalised else (math.nan,) * 3 for cell in (across, up))
    return Point(name, x[0], y[0], link, (x[1], x[2]), (y[1], y[2]), faint=is_faint)


def _first_pair(snapshot: Snapshot) -> tuple[str, str] | None:
    """Two benchmarks of one topic on which the most candidates have values, on recorded data if there are such."""
    scored = {name: scored_cells(name, snapshot).keys() for name in snapshot.columns}
    for simulated in (False, True):
        pairs = [
            pair
            for topic in snapshot.topics.values()
            for pair in combinations(_benchmarks(topic, simulated=simulated), 2)
        ]
        best = max(pairs, key=lambda pair: len(scored[pair[0]] & scored[pair[1]]), default=None)
        if best is not None and len(scored[best[0]] & scored[best[1]]) > 2:
            return best
    return None


def _benchmarks(topic: Topic, *, simulated: bool) -> list[str]:
    columns = [column for section in topic.sections for column in section.columns]
    return list(dict.fromkeys(one.benchmark for one in columns if one.simulated == simulated))


def scored_cells(name: str, snapshot: Snapshot) -> Mapping[str, Cell]:
    """The cells with a value, by candidate."""
    section, column = newest(snapshot.columns[name])
    index = section.columns.index(column)
    return {row.candidate: row.cells[index] for row in section.rows if row.cells[index].has_value}
