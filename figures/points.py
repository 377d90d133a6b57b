"""Scatter plots and histograms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from .figure import Figure
from .svg import Scale, document, drawable, element, line, scale_over, text, x_axis, y_axis

__all__ = ["Point", "histogram", "scatter"]

_MARK = "#1f5fae"
_MOST_LABELS = 80
_LETTER, _LINE = 6.3, 13.0  # pixels of a label's letter and line
_MOST_BINS = 40


@dataclass(frozen=True)
class Point:
    """A named point.

    Parameters
    ----------
    name : str
    x, y : float
    link : str
        Address of the thing it represents, relative to the page, or empty.
    x_ends, y_ends : tuple of float
        Ends of the intervals of both values, NaN where there is none.
    faint : bool
        Drawn hollow.
    """

    name: str
    x: float
    y: float
    link: str = ""
    x_ends: tuple[float, float] = (math.nan, math.nan)
    y_ends: tuple[float, float] = (math.nan, math.nan)
    faint: bool = False


def scatter(
    points: Sequence[Point],
    title: str,
    axes: tuple[str, str],
    *,
    key: str,
    diagonal: bool = True,
    side: float = 420.0,
) -> Figure:
    """Two values of each thing against each other, on one scale where the diagonal means equal.

    Points that lead somewhere are labelled where there is room, beside, above or below them.
    """
    shown = [point for point in points if drawable(point.x, point.y)]
    both = [value for point in shown for value in (point.x, point.y)]
    left, bottom = 64.0, side - 48
    xs, ys = (both, both) if diagonal else ([p.x for p in shown], [p.y for p in shown])
    across = scale_over(xs, left, side - 8)
    up = scale_over(ys, bottom, 8.0)
    parts = [*x_axis(across, 8.0, bottom, axes[0]), *y_axis(up, left, side - 8, axes[1])]
    if diagonal:
        ends = (across(across.low), up(across.low), across(across.high), up(across.high))
        parts.append(line(*ends, class_="reference", stroke="#8a94a6", stroke_dasharray="4 3"))
    parts += [bar for point in shown for bar in _intervals(point, across, up)]
    parts += [_dot(point, across, up, 4.0 if len(shown) < 150 else 2.5) for point in shown]
    parts += _labels([point for point in shown if point.link][:_MOST_LABELS], across, up)
    description = f"{len(shown)} points; horizontal: {axes[0]}; vertical: {axes[1]}."
    role: Literal["img", "group"] = "group" if any(point.link for point in shown) else "img"
    svg = document(side, side, title, description, parts, key=key, role=role)
    return Figure(title, description, svg, ("name", *axes), [(p.name, p.x, p.y) for p in shown])


def histogram(values: Sequence[float], title: str, axis: str, *, key: str, unit: str = "targets") -> Figure:
    """Histogram of values; bins of Freedman and Diaconis' width, and a line at the median."""
    finite = np.asarray([value for value in values if drawable(value)], dtype=np.float64)
    width, bottom, left = 420.0, 192.0, 64.0
    counts, edges = _binned(finite)
    across = Scale(float(edges[0]), float(edges[-1]), left, width - 12)
    up = Scale(0, max(1, int(counts.max(initial=1))), bottom, 28.0)
    parts = [*y_axis(up, left, width - 12, unit), *x_axis(across, bottom, bottom, axis)]
    parts += [
        _box(across, up, int(n), float(a), float(b))
        for n, a, b in zip(counts, edges, edges[1:], strict=False)
    ]
    if len(finite):
        middle = float(np.median(finite))
        at = across(middle)
        parts.append(line(at, 20.0, at, bottom, class_="reference", stroke="#b3541e", stroke_dasharray="4 3"))
        parts.append(text(at, 14.0, f"median {middle:.3f}", text_anchor="middle"))
    left_out = len(values) - len(finite)
    description = f"Histogram of {len(finite)} {unit}" + (
        f"; {left_out} more are not defined or too large." if left_out else "."
    )
    svg = document(width, bottom + 44, title, description, parts, key=key)
    rows = [(float(a), float(b), int(n)) for n, a, b in zip(counts, edges, edges[1:], strict=False)]
    return Figure(title, description, svg, ("from", "to", unit), rows)


def _binned(finite: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Counts and edges; values that are all but equal share one bin of width 1."""
    if not len(finite):
        return np.zeros(1, dtype=np.int64), np.asarray([0.0, 1.0])
    low, high = float(finite.min()), float(finite.max())
    if high - low <= 1e-9 * max(abs(low), abs(high), 1e-3):
        return np.histogram(finite, bins=1, range=(low - 0.5, high + 0.5))
    width = 2 * float(np.subtract(*np.percentile(finite, [75, 25]))) / len(finite) ** (1 / 3)
    return np.histogram(finite, bins=_MOST_BINS if width <= 0 else _n_bins((high - low) / width))


def _n_bins(wanted: float) -> int:
    return int(min(max(np.ceil(wanted), 1), _MOST_BINS))


def _intervals(point: Point, across: Scale, up: Scale) -> list[Markup]:
    """Both intervals of a point as thin lines through it, as far as the picture goes."""
    x, y = across(point.x), up(point.y)
    left, right = (_held(value, across) for value in point.x_ends)
    low, high = (_held(value, up) for value in point.y_ends)
    mark = {"class_": "bar", "stroke": _MARK, "stroke_width": 1, "stroke_opacity": 0.35}
    bars = [line(left, y, right, y, **mark)] if drawable(*point.x_ends) else []
    return bars + ([line(x, low, x, high, **mark)] if drawable(*point.y_ends) else [])


def _held(value: float, scale: Scale) -> float:
    """The place of a value, or of the scale's end beyond which it lies."""
    return scale(min(max(value, scale.low), scale.high)) if drawable(value) else scale.start


def _said(point: Point) -> str:
    """A point's name and values, with their intervals."""
    along, upward = (_with_ends(*one) for one in ((point.x, point.x_ends), (point.y, point.y_ends)))
    return f"{point.name}: {along}; {upward}"


def _with_ends(value: float, ends: tuple[float, float]) -> str:
    return f"{value:.3f} [{ends[0]:.3f}, {ends[1]:.3f}]" if drawable(*ends) else f"{value:.3f}"


def _dot(point: Point, across: Scale, up: Scale, radius: float) -> Markup:
    hint = element("title", _said(point))
    fill, name = ("none", "dot hollow") if point.faint else (_MARK, "dot")
    mark = element(
        "circle", hint, cx=across(point.x), cy=up(point.y), r=radius, fill=fill, fill_opacity=0.75,
        stroke=_MARK, class_=name,
    )  # fmt: skip
    return element("a", mark, href=point.link, aria_label=point.name) if point.link else mark


_Box = tuple[float, float, float, float]  # left, top, right, bottom


def _labels(points: Sequence[Point], across: Scale, up: Scale) -> list[Markup]:
    """Names beside the points: each at the first place that covers no dot and no other name, or not at all."""
    places = [(across(point.x), up(point.y)) for point in points]
    taken: list[_Box] = [(x - 4, y - 4, x + 4, y + 4) for x, y in places]
    found = []
    for point, (x, y) in zip(points, places, strict=True):
        for box, anchor in _around(x, y, _LETTER * len(point.name)):
            is_inside = (
                across.start <= box[0] and box[2] <= across.stop and up.stop <= box[1] and box[3] <= up.start
            )
            if is_inside and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                at = box[0] if anchor == "start" else box[2] if anchor == "end" else (box[0] + box[2]) / 2
                halo = {
                    "stroke": "#ffffff",
                    "stroke_width": 3,
                    "paint_order": "stroke",
                    "class_": "label halo",
                }
                found.append(text(at, box[3] - 3, point.name, text_anchor=anchor, font_size=11, **halo))
                break
    return found


def _around(x: float, y: float, width: float) -> list[tuple[_Box, str]]:
    """Boxes for a label at the right of a point, at the left, above and below, and obliquely."""
    half = _LINE / 2
    rows = ((y - half, y + half), (y - half - 9, y + half - 9), (y - half + 9, y + half + 9))
    beside = [
        place
        for top, bottom in rows
        for place in (
            ((x + 7, top, x + 7 + width, bottom), "start"),
            ((x - 7 - width, top, x - 7, bottom), "end"),
        )
    ]
    middle = (x - width / 2, x + width / 2)
    stacked = [((middle[0], y + k - half, middle[1], y + k + half), "middle") for k in (-13, 13)]
    return beside + stacked


def _overlap(one: _Box, other: _Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _box(across: Scale, up: Scale, count: int, low: float, high: float) -> Markup:
    hint = element("title", f"{low:.3f} to {high:.3f}: {count}")
    return element(
        "rect", hint, x=across(low) + 0.5, y=up(count), width=max(across(high) - across(low) - 1, 0.5),
        height=up(0) - up(count), fill=_MARK, fill_opacity=0.7, class_="box",
    )  # fmt: skip
