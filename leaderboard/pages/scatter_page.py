"""Any two benchmarks against each other: do those who do well on one do well on the other?"""

from __future__ import annotations

import math

import numpy as np

from ...figures import Point, scatter
from .benchmark import newest
from .content import PageContent
from .drawing import drawn
from .names import slug
from .snapshot import Snapshot

__all__ = ["scatter_page"]


def scatter_page(names: tuple[str, str] | tuple[()], snapshot: Snapshot) -> PageContent:
    """A point for each candidate that has a value on both."""
    choices = [(slug(name), name) for name in snapshot.columns]
    if not names:
        return PageContent("scatter.html", "Two benchmarks", {"names": names, "choices": choices})
    first, second = (_values(name, snapshot) for name in names)
    points = [
        Point(who, first[who], second[who], f"../candidates/{slug(who)}.html")
        for who in first
        if who in second
    ]
    title = f"{names[0]} and {names[1]}"
    values = {"names": names, "choices": choices, "points": points, "r": _correlation(points)}
    values["simulated"] = [name for name in names if newest(snapshot.columns[name])[1].simulated]
    figures = {"scatter": drawn(scatter, points, title, names, key="scatter", side=520.0)} if points else {}
    return PageContent("scatter.html", title, values, figures)


def _values(name: str, snapshot: Snapshot) -> dict[str, float]:
    section, column = newest(snapshot.columns[name])
    index = section.columns.index(column)
    return {row.candidate: row.cells[index].value for row in section.rows if row.cells[index].has_value}


def _correlation(points: list[Point]) -> float:
    """Pearson's r over candidates; NaN with fewer than three or without spread."""
    values = np.asarray([(point.x, point.y) for point in points], dtype=np.float64).reshape(-1, 2)
    if len(values) < 3 or not np.ptp(values, axis=0).all():
        return math.nan
    return float(np.corrcoef(values[:, 0], values[:, 1])[0, 1])
