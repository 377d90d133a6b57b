"""Plot of every layer's score on the conditions kept for layer selection, with the selected layer marked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from .figure import Figure, finite
from .svg import Scale, document, drawable, element, line, number, scale_over, text

__all__ = ["LayerPanel", "layer_curves"]

_MARK, _CHOSEN = "#1f5fae", "#b3541e"
_WIDE, _HIGH, _GAP, _BETWEEN, _ACROSS = 220.0, 128.0, 44.0, 52.0, 3


@dataclass(frozen=True)
class LayerPanel:
    """One benchmark's layers.

    Parameters
    ----------
    name : str
        The benchmark.
    values : mapping of str to float
        Each layer's normalised value on the kept conditions, in the candidate's order; NaN if not defined.
    committed : str
        The layer that is selected for the region.
    """

    name: str
    values: Mapping[str, float]
    committed: str


def layer_curves(panels: Sequence[LayerPanel], title: str, *, key: str) -> Figure:
    """A small panel a benchmark, all on one scale: layers from first to last, the committed one marked."""
    across = min(_ACROSS, max(len(panels), 1))
    down = math.ceil(len(panels) / across)
    every = [value for panel in panels for value in panel.values.values()]
    parts = [
        part
        for place, panel in enumerate(panels)
        for part in _panel(
            panel, every, 48 + (place % across) * (_WIDE + _BETWEEN), (place // across) * (_HIGH + _GAP)
        )
    ]
    description = (
        "Normalised value of each layer on the conditions kept for the choice; a ring marks the chosen."
    )
    width, height = 48 + across * (_WIDE + _BETWEEN), down * (_HIGH + _GAP) + 8
    svg = document(width, height, title, description, parts, key=key)
    rows = [
        (panel.name, layer, finite(value), layer == panel.committed)
        for panel in panels
        for layer, value in panel.values.items()
    ]
    return Figure(title, description, svg, ("benchmark", "layer", "value", "committed"), rows)


def _panel(panel: LayerPanel, every: Sequence[float], left: float, top: float) -> list[Markup]:
    bottom = top + _HIGH
    up = scale_over(every, bottom - 4, top + 26, include=(0.0,))
    along = Scale(0, max(len(panel.values) - 1, 1), left + 12, left + _WIDE - 12)
    parts = [text(left, top + 14, panel.name, class_="label name")]
    for tick in up.ticks(3):
        parts += [
            line(left, up(tick), left + _WIDE, up(tick)),
            text(left - 6, up(tick) + 4, number(tick), text_anchor="end"),
        ]
    places = [(along(n), up(v), layer, v) for n, (layer, v) in enumerate(panel.values.items()) if drawable(v)]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _, _ in places)
    parts.append(element("polyline", points=path, fill="none", stroke=_MARK, stroke_width=2, class_="curve"))
    parts += [_mark(x, y, layer, value, layer == panel.committed) for x, y, layer, value in places]
    parts.append(text(left, bottom + 14, f"committed: {panel.committed}", class_="label small", font_size=11))
    return parts


def _mark(x: float, y: float, layer: str, value: float, committed: bool) -> Markup:
    hint = element("title", f"{layer}: {value:.3f}{', committed' if committed else ''}")
    ring = element("circle", cx=x, cy=y, r=7, fill="none", stroke=_CHOSEN, stroke_width=2, class_="ring")
    dot = element("circle", cx=x, cy=y, r=3, fill=_MARK, class_="dot")
    return element("g", hint, dot, ring if committed else Markup())
