"""Bars in the cells of the board: value, interval and floor between chance, 0, and the ceiling, 1.

What is the same in all of them, the lines at 0 and 1, the style sheet draws.
"""

from __future__ import annotations

import math

from markupsafe import Markup

from ..board import Cell
from ..ranking import Difference

__all__ = ["bar", "difference_bar", "share_bar"]

_LOW, _HIGH = -0.1, 1.15  # the style sheet's lines at 0 and 1 follow from these
_OPEN = '<svg class="bar" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">'
_UNITS = 1000 / (_HIGH - _LOW)


def bar(cell: Cell, floor: Cell | None) -> Markup:
    """A cell's bar as SVG; empty without a value."""
    if not cell.has_value or cell.estimate is None:
        return Markup()
    value = _place(cell.value)
    parts = [f'<path class="v" d="M{_place(0.0)} 5H{value}"/>']
    if cell.estimate.low is not None and cell.estimate.high is not None:
        parts.append(f'<path class="i" d="M{_place(cell.estimate.low)} 5H{_place(cell.estimate.high)}"/>')
    if floor is not None:
        parts.append(f'<path class="f" d="M{_place(floor.value)} 0V10"/>')
    parts.append(f'<path class="d" d="M{value} 1.5V8.5"/>')
    return Markup(f"{_OPEN}{''.join(parts)}</svg>")  # noqa: S704  (numbers alone)


def share_bar(outer: float, inner: float | None = None) -> Markup:
    """Shares in [0, 1] as a bar, and a part of it as a line within."""
    line = "" if inner is None else f'<path class="i" d="M0 5H{round(1000 * inner)}"/>'
    bars = f'<path class="v" d="M0 5H{round(1000 * outer)}"/>{line}'
    return Markup(f"{_OPEN.replace('bar', 'bar share', 1)}{bars}</svg>")  # noqa: S704  (numbers alone)


def difference_bar(difference: Difference, reach: float) -> Markup:
    """A difference with its interval about 0, which is in the middle; `reach` is the value at either end."""

    def place(one: float) -> int:
        return round(500 + 500 * min(max(one / reach, -1.0), 1.0))

    low, value, high = map(place, (difference.low, difference.value, difference.high))
    parts = f'<path class="i" d="M{low} 5H{high}"/><path class="d" d="M{value} 1V9"/>'
    return Markup(f"{_OPEN.replace('bar', 'bar about', 1)}{parts}</svg>")  # noqa: S704  (numbers alone)


def _place(value: float) -> int:
    """Where a value is, the far ones at the ends."""
    return 0 if math.isnan(value) else round((min(max(value, _LOW), _HIGH) - _LOW) * _UNITS)
