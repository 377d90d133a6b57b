"""Plot of a training: its loss, and that on held-out data, over epochs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from .figure import Figure, finite
from .svg import Scale, document, drawable, element, line, scale_over, text, x_axis, y_axis

__all__ = ["EpochLoss", "loss_curve"]

_WIDTH, _TOP, _BOTTOM, _LEFT, _RIGHT = 640.0, 28.0, 220.0, 64.0, 628.0
_LOGARITHMIC_FROM = 10.0  # ratio of the largest loss to the least
# Of each curve its colour and, for the pages' style sheet, its class.
_CURVES = {"training": ("#8a94a6", "reference"), "validation": ("#1f5fae", "curve")}


@dataclass(frozen=True)
class EpochLoss:
    """The mean loss over an epoch's batches, and the loss on held-out data after it."""

    training: float
    validation: float


def loss_curve(epochs: Sequence[EpochLoss], title: str, *, key: str) -> Figure:
    """Both losses after each epoch, on a logarithmic axis where all are positive and span a factor of ten."""
    losses = {name: [getattr(one, name) for one in epochs] for name in _CURVES}
    every = [loss for values in losses.values() for loss in values if drawable(loss)]
    logarithmic = bool(every) and min(every) > 0 and max(every) >= _LOGARITHMIC_FROM * min(every)
    placed = math.log10 if logarithmic else float
    up = scale_over([placed(loss) for loss in every], _BOTTOM, _TOP)
    along = Scale(0, max(len(epochs), 1), _LEFT, _RIGHT)
    parts = x_axis(along, _TOP, _BOTTOM, "epoch")
    parts += y_axis(up, _LEFT, _RIGHT, "loss", ticks=_powers(up) if logarithmic else None)
    for name, values in losses.items():
        places = ((along(epoch), value) for epoch, value in enumerate(values, start=1) if drawable(value))
        parts.append(_curve(name, [(x, up(placed(value))) for x, value in places]))
    parts += [part for place, name in enumerate(_CURVES) for part in _named(name, _LEFT + 8 + 100 * place)]
    description = f"{len(epochs)} epochs; the validation loss is on data that nothing is learned from."
    svg = document(_WIDTH, _BOTTOM + 44, title, description, parts, key=key)
    rows = [
        (epoch, finite(one.training), finite(one.validation)) for epoch, one in enumerate(epochs, start=1)
    ]
    return Figure(title, description, svg, ("epoch", *_CURVES), rows)


def _curve(name: str, points: Sequence[tuple[float, float]]) -> Markup:
    colour, class_ = _CURVES[name]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return element("polyline", points=path, fill="none", stroke=colour, stroke_width=2, class_=class_)


def _named(name: str, left: float) -> list[Markup]:
    colour, class_ = _CURVES[name]
    y = _TOP - 14
    stroke = line(left, y, left + 18, y, stroke=colour, stroke_width=2, class_=class_)
    return [stroke, text(left + 24, y + 4, name)]


def _powers(up: Scale) -> Mapping[float, float]:
    """Labels by their logarithm: powers of ten, and 2 and 5 times these where there are few."""
    powers = range(math.floor(up.low), math.ceil(up.high) + 1)
    factors = (1, 2, 5) if len(powers) <= 4 else (1,)
    values = [factor * 10.0**power for power in powers for factor in factors]
    return {math.log10(value): value for value in values if up.low <= math.log10(value) <= up.high}
