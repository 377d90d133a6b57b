"""Scatter plots and histograms."""

from __future__ import annotations

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
_MOST_LABELS = 14
_MOST_BINS = 40


@dataclass(frozen=True)
class Point:
    """A named point; `link` is the address of the thing it represents, relative to the page, or empty."""

    name: str
    x: float
    y: float
    link: str = ""


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

    Points that lead somewhere are labelled as long as there are few of them.
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
    parts += [_dot(point, across, up, 4.0 if len(shown) < 150 else 2.5) for point in shown]
    if len(shown) <= _MOST_LABELS:
        parts += [_label(point, across, up, left, side) for point in shown if point.link]
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


def _dot(point: Point, across: Scale, up: Scale, radius: float) -> Markup:
    hint = element("title", f"{point.name}: {point.x:.3f}, {point.y:.3f}")
    mark = element(
        "circle",
        hint,
        cx=across(point.x),
        cy=up(point.y),
        r=radius,
        fill=_MARK,
        fill_opacity=0.6,
        class_="dot",
    )
    return element("a", mark, href=point.link, aria_label=point.name) if point.link else mark


def _label(point: Point, across: Scale, up: Scale, left: float, side: float) -> Markup:
    """A point's name, on the side of it that has room."""
    x, y = across(point.x), up(point.y) + 4
    if x > (left + side) / 2:
        return text(x - 8, y, point.name, text_anchor="end", font_size=11)
    return text(x + 8, y, point.name, font_size=11)


def _box(across: Scale, up: Scale, count: int, low: float, high: float) -> Markup:
    hint = element("title", f"{low:.3f} to {high:.3f}: {count}")
    return element(
        "rect", hint, x=across(low) + 0.5, y=up(count), width=max(across(high) - across(low) - 1, 0.5),
        height=up(0) - up(count), fill=_MARK, fill_opacity=0.7, class_="box",
    )  # fmt: skip
