"""Trajectories through ready-set-go in the plane of two principal components: panels that a page plays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from types import MappingProxyType

from markupsafe import Markup

from ..core.pictures import IntervalLine, TrajectoriesPicture
from .figure import Figure
from .panels import Panel, in_panels
from .svg import Scale, element, line, scale_over, text

__all__ = ["trajectory_panels"]

_SIDE, _LEFT, _TOP = 270.0, 24.0, 22.0
_SIDES: Mapping[str, str] = MappingProxyType({"model": "the model", "neurons": "the neurons"})
# By rank of the prior: warm for the first, cool for the second, from the shortest interval to the longest.
_SHADES = (
    ("#f2b98a", "#e0925a", "#c86a32", "#a34a18", "#742f06"),
    ("#a9c8ee", "#78a5de", "#4a80c4", "#275d9f", "#0d3a70"),
)
_TONES = ("warm", "cool")


def trajectory_panels(
    picture: TrajectoriesPicture, title: str, *, key: str, shown: Sequence[str] = tuple(_SIDES)
) -> Figure:
    """A panel for the model and one for the neurons: a line an interval, warm for one prior and cool for the other.

    Parameters
    ----------
    picture : TrajectoriesPicture
    title, key : str
        As for all figures.
    shown : sequence of {"model", "neurons"}
        Sides to draw.
    """
    sides = [name for name in _SIDES if name in shown]
    lines = _ordered(picture.lines)
    colours = _colours(lines)
    panels = [_panel(name, picture, lines, colours) for name in sides]
    sizes = {"model": f"{picture.n_units} units", "neurons": f"{picture.n_neurons} neurons"}
    description = (
        f"Mean states in the epoch '{picture.epoch}', a line an interval, from Set (ring) towards Go (dot), in the "
        f"plane of the first two principal components of {' and of '.join(sizes[name] for name in sides)}. Each "
        f"line ends with the last {picture.step_ms:g} ms that all contexts have. Darker: a longer interval."
    )
    rows = [
        (name, one.prior, one.interval_ms, step * picture.step_ms, *place)
        for name in sides
        for one in lines
        for step, place in enumerate(getattr(one, name))
    ]
    numbers = (("side", "prior", "interval_ms", "time_ms", "pc1", "pc2"), rows)
    return in_panels([*panels, _legend(lines, colours)], title, description, numbers, key=key, columns=2)


def _ordered(lines: Sequence[IntervalLine]) -> list[IntervalLine]:
    """Priors by the mean of their intervals, in each the shortest interval first."""

    def mean_interval(prior: str) -> float:
        return fmean(one.interval_ms for one in lines if one.prior == prior)

    return sorted(lines, key=lambda one: (mean_interval(one.prior), one.prior, one.interval_ms))


def _colours(lines: Sequence[IntervalLine]) -> dict[tuple[str, float], tuple[str, str]]:
    """Class and colour of each line."""
    priors = list(dict.fromkeys(one.prior for one in lines))
    found = {}
    for rank, prior in enumerate(priors):
        intervals = sorted({one.interval_ms for one in lines if one.prior == prior})
        for place, interval in enumerate(intervals):
            shade = round(4 * place / max(len(intervals) - 1, 1))
            tone = rank % len(_TONES)
            found[prior, interval] = (f"{_TONES[tone]}-{shade}", _SHADES[tone][shade])
    return found


def _panel(
    name: str,
    picture: TrajectoriesPicture,
    lines: Sequence[IntervalLine],
    colours: Mapping[tuple[str, float], tuple[str, str]],
) -> Panel:
    ways = {(one.prior, one.interval_ms): getattr(one, name) for one in lines}
    xs, ys = ([place[axis] for way in ways.values() for place in way] for axis in (0, 1))
    # One scale for both axes: distances in the plane are distances between states.
    reach = max(max(xs) - min(xs), max(ys) - min(ys)) / 2 or 1.0
    across, up = (
        scale_over([(min(v) + max(v)) / 2 - reach, (min(v) + max(v)) / 2 + reach], start, stop)
        for v, start, stop in ((xs, _LEFT, _LEFT + _SIDE), (ys, _TOP + _SIDE, _TOP))
    )
    shares = {"model": picture.model_shares, "neurons": picture.neural_shares}[name]
    middle = _TOP + _SIDE / 2
    parts = [
        text(_LEFT, _TOP - 8, _SIDES[name], font_size=13, class_="name"),
        element(
            "rect", x=_LEFT, y=_TOP, width=_SIDE, height=_SIDE, class_="frame", fill="none", stroke="#8a94a6"
        ),
        *(_way(line_of, way, colours[line_of], picture.step_ms, across, up) for line_of, way in ways.items()),
        text(_LEFT + _SIDE / 2, _TOP + _SIDE + 16, _axis(1, shares[0]), text_anchor="middle", font_size=11),
        text(
            12.0, middle, _axis(2, shares[1]), text_anchor="middle", font_size=11,
            transform=f"rotate(-90 12 {middle:g})",
        ),
    ]  # fmt: skip
    title = f"Trajectories of {_SIDES[name]}: {len(ways)} lines"
    return Panel(title, _LEFT + _SIDE + 4, _TOP + _SIDE + 24, parts)


def _axis(component: int, share: float) -> str:
    return f"component {component}, {100 * share:.0f} % of the variance"


def _way(
    line_of: tuple[str, float],
    way: Sequence[tuple[float, float]],
    colour: tuple[str, str],
    step_ms: float,
    across: Scale,
    up: Scale,
) -> Markup:
    places = [(across(x), up(y)) for x, y in way]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    class_, stroke = colour
    common = {"fill": "none", "stroke": stroke, "stroke_linejoin": "round", "stroke_width": 2.0}
    return element(
        "g",
        element("title", f"{line_of[0]} prior, {line_of[1]:g} ms"),
        element("polyline", points=points, class_="way", stroke_opacity=0.35, **common),
        element("polyline", points=points, class_="trail", **common),
        element(
            "circle", cx=places[0][0], cy=places[0][1], r=3.0, class_="start", fill="none", stroke=stroke
        ),
        element("circle", cx=places[-1][0], cy=places[-1][1], r=3.5, class_="runner", fill=stroke),
        class_=f"track {class_}",
        data_from=0,
        data_step=step_ms,
    )


def _legend(lines: Sequence[IntervalLine], colours: Mapping[tuple[str, float], tuple[str, str]]) -> Panel:
    parts: list[Markup] = []
    priors = list(dict.fromkeys(one.prior for one in lines))
    for row, prior in enumerate(priors):
        y = 14.0 + 34.0 * row
        parts.append(text(2, y, f"{prior} prior, interval in ms", font_size=11))
        for place, (key, (class_, colour)) in enumerate(one for one in colours.items() if one[0][0] == prior):
            x = 2.0 + 56.0 * place
            mark = line(x, y + 13, x + 18, y + 13, class_="way", stroke=colour, stroke_width=3)
            parts += [
                element("g", mark, class_=f"track {class_}"),
                text(x + 22, y + 17, f"{key[1]:g}", font_size=11),
            ]
    return Panel("Colours of the intervals", 290.0, 34.0 * len(priors) + 6, parts, "legend")
