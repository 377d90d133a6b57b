"""Values with their intervals, one below the other with names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from .figure import Figure, finite
from .svg import Scale, document, drawable, element, line, scale_over, text, x_axis

__all__ = ["Whisker", "whiskers"]

_MARK = "#1f5fae"
_ROW, _LEFT, _WIDTH = 26, 250, 760


@dataclass(frozen=True)
class Whisker:
    """A named value with its interval, NaN where there is none.

    Parameters
    ----------
    name : str
    value, low, high : float
    faint : bool
        Drawn faint: it rests on simulated data.
    """

    name: str
    value: float
    low: float = math.nan
    high: float = math.nan
    faint: bool = False


def whiskers(items: Sequence[Whisker], title: str, axis: str, *, key: str) -> Figure:
    """One row a value: its name, its interval as a bar, the value as a dot; lines at 0 and at the ceiling, 1."""
    bottom = 16.0 + _ROW * len(items)
    scale = scale_over(_reach(items), _LEFT, _WIDTH - 16.0, include=(0.0, 1.0))
    parts = [*x_axis(scale, 8.0, bottom, axis), *_references(scale, 8.0, bottom)]
    for row, item in enumerate(items):
        y = 16.0 + _ROW * (row + 0.5)
        parts.append(text(_LEFT - 12.0, y + 4, _short(item.name), text_anchor="end", class_="label name"))
        parts += _whisker(item, scale, y)
    description = f"{len(items)} values with their intervals; lines mark 0 and the ceiling, 1."
    svg = document(_WIDTH, bottom + 44, title, description, parts, key=key)
    return Figure(title, description, svg, ("name", "value", "low", "high"), _numbers(items))


def _reach(items: Sequence[Whisker]) -> list[float]:
    return [value for item in items for value in (item.value, item.low, item.high)]


def _references(scale: Scale, top: float, bottom: float) -> list[Markup]:
    return [
        line(
            scale(value),
            top,
            scale(value),
            bottom,
            class_="reference",
            stroke="#8a94a6",
            stroke_dasharray=dash,
        )
        for value, dash in ((0.0, None), (1.0, "4 3"))
    ]


def _whisker(item: Whisker, scale: Scale, y: float) -> list[Markup]:
    if not drawable(item.value):
        return [text(scale(scale.low) + 8, y + 4, "undefined")]
    fill = "none" if item.faint else _MARK
    bar = _bar(scale(item.low), y, scale(item.high), y) if drawable(item.low, item.high) else Markup()
    hint = element("title", f"{item.name}: {item.value:.3f}")
    dot = element(
        "circle", hint, cx=scale(item.value), cy=y, r=4.5, fill=fill, stroke=_MARK, stroke_width=1.5,
        class_="dot hollow" if item.faint else "dot",
    )  # fmt: skip
    return [bar, dot]


def _bar(x1: float, y1: float, x2: float, y2: float) -> Markup:
    return line(x1, y1, x2, y2, class_="bar", stroke=_MARK, stroke_width=2, stroke_opacity=0.55)


def _numbers(items: Sequence[Whisker]) -> list[tuple[object, ...]]:
    return [(item.name, *(finite(v) for v in (item.value, item.low, item.high))) for item in items]


def _short(name: str, most: int = 34) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"
