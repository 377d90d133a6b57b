"""The parts that figures are drawn from: escaped elements, scales with round ticks, axes.

Colours are presentation attributes, so that a figure stands alone as a file; a page's style sheet overrides
them by class, in light and dark. No ``style`` attribute is written: the pages' policy forbids them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from markupsafe import Markup, escape

__all__ = [
    "Scale",
    "document",
    "drawable",
    "element",
    "line",
    "number",
    "scale_over",
    "text",
    "x_axis",
    "y_axis",
]

_INK = "#5b6577"
_GRID = "#dfe3ea"
_FARTHEST = 1e9


@dataclass(frozen=True)
class Scale:
    """A linear map from values to places in a picture.

    Parameters
    ----------
    low, high : float
        Values at the two ends.
    start, stop : float
        Their places, in pixels.
    """

    low: float
    high: float
    start: float
    stop: float

    def __call__(self, value: float) -> float:
        """The place of a value.

        Raises
        ------
        ArithmeticError
            If it has none: numbers too large for a picture.
        """
        place = self.start + (self.stop - self.start) * (value - self.low) / (self.high - self.low)
        if not math.isfinite(place):
            raise ArithmeticError(f"{value:g} has no place between {self.low:g} and {self.high:g}")
        return place

    def ticks(self, about: int = 5) -> tuple[float, ...]:
        """Round values within the scale, about that many."""
        step = _round_step((self.high - self.low) / about)
        first = math.ceil(self.low / step - 1e-9)
        return tuple(n * step for n in range(first, math.floor(self.high / step + 1e-9) + 1))


def drawable(*values: float) -> bool:
    """Whether numbers have a place on an axis: finite and within 1e9, beyond which no score means anything."""
    return all(abs(value) <= _FARTHEST for value in values)


def scale_over(values: Sequence[float], start: float, stop: float, *, include: Sequence[float] = ()) -> Scale:
    """A scale with room for all values that can be drawn, and for those of `include` in any case."""
    finite = [value for value in (*values, *include) if drawable(value)] or [0.0, 1.0]
    low, high = min(finite), max(finite)
    margin = 0.04 * (high - low) or max(abs(low) * 0.1, 0.5)
    return Scale(low - margin, high + margin, start, stop)


def element(name: str, *children: object, **attributes: object) -> Markup:
    """An SVG element; ``class_`` becomes class, underscores become hyphens, None is left out."""
    named = "".join(
        [f' {_name(key)}="{_value(value)}"' for key, value in attributes.items() if value is not None]
    )
    inner = "".join([child if isinstance(child, Markup) else str(escape(child)) for child in children])
    return Markup(f"<{name}{named}>{inner}</{name}>")  # noqa: S704  (values are escaped, names are ours)


@cache
def _name(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _value(value: object) -> str:
    """A number in few digits, text escaped."""
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return str(value) if isinstance(value, int) else str(escape(value))


def document(
    width: float,
    height: float,
    title: str,
    description: str,
    parts: Sequence[Markup],
    *,
    key: str,
    role: Literal["img", "group"] = "img",
    class_: str = "figure",
) -> Markup:
    """A whole figure, labelled for those who cannot see it.

    `key` makes its label's name unique on a page; the role is "group" where links in it are to be reached. Figures
    have the class ``figure``, some of them further ones. A part of a figure may do without a description.
    """
    labels = [element("title", title, id=f"{key}-t")]
    if description:
        labels.append(element("desc", description, id=f"{key}-d"))
    return element(
        "svg",
        *labels,
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_value(width)} {_value(height)}",
        width=width,
        height=height,
        role=role,
        aria_labelledby=f"{key}-t {key}-d" if description else f"{key}-t",
        class_=class_,
        font_family="system-ui, sans-serif",
        font_size=12,
    )


def text(x: float, y: float, content: object, **attributes: object) -> Markup:
    """A label."""
    return element("text", content, x=x, y=y, **{"fill": _INK, "class_": "label", **attributes})


def line(x1: float, y1: float, x2: float, y2: float, **attributes: object) -> Markup:
    """A straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, **{"stroke": _GRID, "class_": "grid", **attributes})


def x_axis(scale: Scale, top: float, bottom: float, label: str) -> list[Markup]:
    """Grid lines, tick labels and a label below."""
    parts = [line(scale(tick), top, scale(tick), bottom) for tick in scale.ticks()]
    parts += [text(scale(t), bottom + 16, number(t), text_anchor="middle") for t in scale.ticks()]
    return [*parts, text((scale.start + scale.stop) / 2, bottom + 36, label, text_anchor="middle")]


def y_axis(
    scale: Scale, left: float, right: float, label: str, *, ticks: Mapping[float, float] | None = None
) -> list[Markup]:
    """Grid lines, tick labels and a label at the left, turned; `ticks` are what is written, by where it stands."""
    labels = {tick: tick for tick in scale.ticks()} if ticks is None else ticks
    parts = [line(left, scale(tick), right, scale(tick)) for tick in labels]
    parts += [text(left - 8, scale(t) + 4, number(said), text_anchor="end") for t, said in labels.items()]
    x, y = left - 44, (scale.start + scale.stop) / 2
    turned = f"rotate(-90 {_value(x)} {_value(y)})"
    return [*parts, text(x, y, label, text_anchor="middle", transform=turned)]


def number(value: float) -> str:
    """A tick's label: as few digits as it needs, a true minus sign."""
    shown = f"{0.0 if abs(value) < 1e-12 else value:.6g}"
    return shown.replace("-", "−")


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * (1 - 1e-9))
