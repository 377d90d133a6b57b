"""Plot of the value of one cell over time: every record, corrections among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .figure import Figure, finite
from .svg import Scale, document, drawable, element, line, scale_over, text, y_axis

__all__ = ["Moment", "history"]

_MARK = "#1f5fae"


@dataclass(frozen=True)
class Moment:
    """One record: when it was made (ISO 8601), its value and interval, and whether a later one corrects it."""

    created: str
    value: float
    low: float
    high: float
    superseded: bool


def history(moments: Sequence[Moment], title: str, *, key: str) -> Figure:
    """Values in the order in which they were made, each with its interval; superseded ones are hollow."""
    width, bottom, left = 640.0, 200.0, 64.0
    reach = [value for one in moments for value in (one.value, one.low, one.high)]
    up = scale_over(reach, bottom, 12.0)
    along = Scale(0, max(len(moments), 1), left, width - 12)
    parts = y_axis(up, left, width - 12, "ceiling-normalised score")
    for place, one in enumerate(moments):
        x = along(place + 0.5)
        if drawable(one.low, one.high):
            parts.append(line(x, up(one.low), x, up(one.high), class_="bar", stroke=_MARK, stroke_width=2))
        if drawable(one.value):
            hint = element("title", f"{one.created[:10]}: {one.value:.3f}")
            fill, name = ("none", "dot hollow") if one.superseded else (_MARK, "dot")
            parts.append(
                element("circle", hint, cx=x, cy=up(one.value), r=5, fill=fill, stroke=_MARK, class_=name)
            )
        if len(moments) <= 8:
            parts.append(text(x, bottom + 20, one.created[:10], text_anchor="middle"))
    description = f"{len(moments)} records, oldest first; hollow dots were corrected later."
    svg = document(width, bottom + 36, title, description, parts, key=key)
    rows = [
        (
            one.created,
            *(finite(v) for v in (one.value, one.low, one.high)),
            one.superseded,
        )
        for one in moments
    ]
    return Figure(title, description, svg, ("created", "value", "low", "high", "superseded"), rows)
