"""A study's pictures: findings with printed numbers, and accuracy over time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from markupsafe import Markup

from ..figures import Figure
from ..figures.svg import Scale, document, element, line, scale_over, text, x_axis, y_axis
from .findings import Row

__all__ = ["beside", "intervals_produced", "over_time"]

_OURS, _PRINTED = "#1f5fae", "#b3541e"
_PRIORS = {"short": "#b3541e", "long": "#1f5fae"}
_ROW, _LEFT, _WIDTH = 34.0, 420.0, 900.0


def beside(rows: Sequence[Row], title: str, axis: str, *, key: str) -> Figure:
    """Each finding as a filled mark, the printed number below it as a hollow one, with their spreads."""
    bottom = 40.0 + _ROW * len(rows)
    reach = [end for row in rows for value, spread in _marks(row) for end in (value - spread, value + spread)]
    scale = scale_over(reach, _LEFT, _WIDTH - 16)
    parts = [*x_axis(scale, 30.0, bottom, axis), *_legend(rows)]
    for place, row in enumerate(rows):
        y = 40.0 + _ROW * (place + 0.5)
        parts.append(text(_LEFT - 12, y + 4, row.finding.what, text_anchor="end", font_size=11))
        for (value, spread), colour, shift in zip(_marks(row), (_OURS, _PRINTED), (-5, 6), strict=False):
            parts += _mark(scale, value, spread, y + shift, colour)
    description = f"{len(rows)} findings; blue: found here, orange ring: printed; bars: spreads."
    svg = document(_WIDTH, bottom + 44, title, description, parts, key=key)
    numbers = [
        (row.finding.key, row.finding.value, row.finding.spread, row.printed.value if row.printed else None)
        for row in rows
    ]
    return Figure(title, description, svg, ("finding", "here", "spread", "printed"), numbers)


def over_time(
    curve: Mapping[float, npt.NDArray[np.float64]], title: str, axes: tuple[str, str], *, key: str
) -> Figure:
    """Mean over splits at each time, with a band of one standard deviation."""
    times = sorted(curve)
    middle = np.array([np.nanmean(curve[time]) for time in times])
    spread = np.array([np.nanstd(curve[time]) for time in times])
    across = scale_over(times, 64.0, 560.0)
    up = scale_over([*(middle - spread), *(middle + spread)], 250.0, 12.0, include=(0.0,))
    band = [
        *zip(times, middle + spread, strict=True),
        *zip(times[::-1], (middle - spread)[::-1], strict=True),
    ]
    parts = [*x_axis(across, 12.0, 250.0, axes[0]), *y_axis(up, 64.0, 560.0, axes[1])]
    parts.append(element("polygon", points=_points(band, across, up), fill=_OURS, fill_opacity=0.18))
    ends = list(zip(times, middle, strict=True))
    parts.append(
        element("polyline", points=_points(ends, across, up), fill="none", stroke=_OURS, stroke_width=2)
    )
    description = f"{axes[1]} at {len(times)} times; the band is one standard deviation over splits."
    svg = document(580.0, 300.0, title, description, parts, key=key)
    rows = [(time, float(m), float(s)) for time, m, s in zip(times, middle, spread, strict=True)]
    return Figure(title, description, svg, (axes[0], axes[1], "SD over splits"), rows)


def intervals_produced(statistics: pd.DataFrame, title: str, *, key: str) -> Figure:
    """Produced against sample intervals, and below the bias: dots with their SD, the observer as a line.

    Parameters
    ----------
    statistics : pandas.DataFrame
        Rows by (prior, t_s in ms), with ``mean_ms``, ``bias_ms``, ``sd_ms`` and ``observer_ms``, the observer's
        bias.
    title, key : str
    """
    table = statistics.reset_index()
    shown = table["t_s_ms"].to_numpy(dtype=float)
    mean, bias, sd, observer = (
        table[name].to_numpy(dtype=float) for name in ("mean_ms", "bias_ms", "sd_ms", "observer_ms")
    )
    left, right, bottom = 64.0, 460.0, 300.0
    across = scale_over([*shown], left, right)
    up = scale_over([*(mean - sd), *(mean + sd)], bottom, 28.0)
    of_bias = scale_over([*bias, *observer], bottom + 230.0, bottom + 60.0, include=(0.0,))
    parts = [
        *x_axis(across, 28.0, bottom, "sample interval, ms"),
        *y_axis(up, left, right, "produced interval, ms"),
        *x_axis(across, bottom + 60.0, bottom + 230.0, "sample interval, ms"),
        *y_axis(of_bias, left, right, "bias, ms"),
        _dashed([(t, t) for t in (shown.min(), shown.max())], across, up),
        _dashed([(t, 0.0) for t in (shown.min(), shown.max())], across, of_bias),
    ]
    for place, (prior, colour) in enumerate(_PRIORS.items()):
        parts.append(text(left + 8 + 90 * place, 18, f"● {prior} prior", fill=colour))
        rows = np.flatnonzero(table["prior"] == prior)
        for y, said, spread, scale in (
            (mean, shown + observer, sd, up),
            (bias, observer, np.zeros(len(bias)), of_bias),
        ):
            places = list(zip(shown[rows], said[rows], strict=True))
            parts.append(
                element("polyline", points=_points(places, across, scale), fill="none", stroke=colour)
            )
            for row in rows:
                parts += _dot_with_bar(across(shown[row]), scale, y[row], spread[row], colour)
    description = f"{len(table)} priors and intervals; dots: means with their SD, lines: the fitted observer."
    svg = document(480.0, bottom + 274.0, title, description, parts, key=key)
    names = ("prior", "t_s_ms", "mean_ms", "bias_ms", "sd_ms", "observer_ms")
    return Figure(title, description, svg, names, list(table[list(names)].itertuples(index=False, name=None)))


def _dashed(ends: Sequence[tuple[float, float]], across: Scale, up: Scale) -> Markup:
    (x1, y1), (x2, y2) = ends
    at = (across(x1), up(y1), across(x2), up(y2))
    return line(*at, class_="reference", stroke="#8a94a6", stroke_dasharray="4 3")


def _dot_with_bar(x: float, up: Scale, value: float, spread: float, colour: str) -> list[Markup]:
    bar = line(x, up(value - spread), x, up(value + spread), class_="bar", stroke=colour)
    dot = element("circle", element("title", f"{value:.1f} ms"), cx=x, cy=up(value), r=3.5, fill=colour)
    return [bar, dot]


def _marks(row: Row) -> list[tuple[float, float]]:
    """Value and spread found here, then the printed ones; no spread counts as 0."""
    found = [(row.finding.value, row.finding.spread)]
    if row.printed is not None:
        found.append((row.printed.value, row.printed.spread or 0.0))
    return [(value, spread if math.isfinite(spread) else 0.0) for value, spread in found]


def _mark(scale: Scale, value: float, spread: float, y: float, colour: str) -> list[Markup]:
    if not math.isfinite(value):
        return []
    hollow = colour == _PRINTED
    bar = line(
        scale(value - spread), y, scale(value + spread), y, class_="bar", stroke=colour, stroke_width=2
    )
    dot = element(
        "circle",
        element("title", f"{'printed' if hollow else 'here'}: {value:.3f}"),
        cx=scale(value),
        cy=y,
        r=4.0,
        fill="none" if hollow else colour,
        stroke=colour,
        stroke_width=1.5,
    )
    return [bar, dot]


def _legend(rows: Sequence[Row]) -> list[Markup]:
    measured = any(row.printed is not None and row.printed.measured for row in rows)
    return [
        text(_LEFT, 18, "● found here", fill=_OURS),
        text(_LEFT + 110, 18, "○ printed" + (", or measured elsewhere" if measured else ""), fill=_PRINTED),
    ]


def _points(places: Sequence[tuple[float, float]], across: Scale, up: Scale) -> str:
    return " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in places if math.isfinite(y))
