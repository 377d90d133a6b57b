"""A ball's way as it was and as it was read out of activations, condition by condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from .figure import Figure
from .svg import Scale, document, element, text

__all__ = ["trace"]

_TRUE, _READ = "#8a94a6", "#1f5fae"
_SIDE, _GAP, _ACROSS = 150.0, 24.0, 4

Way = Sequence[tuple[float, float]]


def trace(ways: Mapping[str, tuple[Way, Way]], title: str, *, key: str) -> Figure:
    """True and decoded position of the ball, a panel a condition, all on one scale.

    Parameters
    ----------
    ways : mapping of str to (true, decoded)
        Positions (x, y) in degrees of visual angle, in the order of time.
    title, key : str
    """
    every = [place for pair in ways.values() for way in pair for place in way]
    low = min((min(place) for place in every), default=-10.0)
    high = max((max(place) for place in every), default=10.0)
    low, high = (low, high) if low < high else (low - 0.5, high + 0.5)
    parts: list[Markup] = []
    for number, (name, pair) in enumerate(ways.items()):
        left = 8 + (number % _ACROSS) * (_SIDE + _GAP)
        top = 20 + (number // _ACROSS) * (_SIDE + _GAP)
        parts += _panel(name, pair, Scale(low, high, left, left + _SIDE), Scale(low, high, top + _SIDE, top))
    down = -(-len(ways) // _ACROSS)
    width, height = 8 + min(len(ways), _ACROSS) * (_SIDE + _GAP), 28 + down * (_SIDE + _GAP)
    description = f"{len(ways)} conditions; grey: the ball's true way, blue: decoded from activations."
    svg = document(max(width, 120.0), height, title, description, parts, key=key)
    rows = [
        (name, kind, step, x, y)
        for name, pair in ways.items()
        for kind, way in zip(("true", "decoded"), pair, strict=True)
        for step, (x, y) in enumerate(way)
    ]
    return Figure(title, description, svg, ("condition", "way", "step", "x", "y"), rows)


def _panel(name: str, pair: tuple[Way, Way], across: Scale, up: Scale) -> list[Markup]:
    frame = element(
        "rect",
        x=across.start,
        y=up.stop,
        width=_SIDE,
        height=_SIDE,
        fill="none",
        stroke="#dfe3ea",
        class_="grid",
    )
    lines = [
        element(
            "polyline", points=" ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in way), fill="none",
            stroke=colour, stroke_width=2, class_=kind,
        )
        for way, colour, kind in zip(pair, (_TRUE, _READ), ("reference", "curve"), strict=True)
    ]  # fmt: skip
    return [frame, *lines, text(across.start, up.stop - 5, name, font_size=11)]
