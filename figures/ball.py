"""The ball of Mental-Pong as it was, as it is read out of a model, and of neurons: panels that a page plays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from markupsafe import Markup

from ..core.pictures import BallPicture, BallTrial
from .figure import Figure
from .panels import Panel, in_panels
from .svg import Scale, element, line, text

__all__ = ["ball_panels"]

_SIDE, _TOP, _LEFT, _COLUMNS = 216.0, 24.0, 6.0, 3
_SCALE_DEG = 5.0
# In the order of drawing: the last lies on top.
_WAYS: Mapping[str, tuple[str, str, float]] = MappingProxyType(
    {
        "ball": ("the ball", "#8a94a6", 2.0),
        "neurons": ("read out of the neurons", "#b3541e", 2.0),
        "model": ("read out of the model", "#1f5fae", 2.5),
    }
)
_BOUNCES = MappingProxyType({"none": "no bounce", "visible": "bounce in view", "occluded": "hidden bounce"})


def ball_panels(picture: BallPicture, title: str, *, key: str, shown: Sequence[str] = tuple(_WAYS)) -> Figure:
    """A panel a condition: the arena, the occluder, and the ways of the ball, the neurons' and the model's.

    Parameters
    ----------
    picture : BallPicture
    title, key : str
        As for all figures.
    shown : sequence of {"ball", "neurons", "model"}
        Ways to draw.
    """
    ways = [name for name in _WAYS if name in shown]
    panels = [_panel(trial, picture, ways) for trial in picture.trials]
    hidden = "Mean distance to the hidden ball: " + ", ".join(
        f"{who} {error:.2f} deg"
        for name, who, error in (
            ("model", "model", picture.model_error_deg),
            ("neurons", "neurons", picture.neural_error_deg),
        )
        if name in ways
    )
    description = (
        f"{len(panels)} of {picture.n_conditions} conditions. Lines are faint while the ball is seen, and strong "
        "behind the occluder (grey). Places are read out linearly, by a map fitted on the other half of the "
        f"conditions. {hidden}. The arena is {2 * picture.half_arena_deg:g} deg wide."
    )
    rows = [
        (trial.condition, trial.bounce, name, step * picture.step_ms, step >= trial.hidden_from, *place)
        for trial in picture.trials
        for name in ways
        for step, place in enumerate(getattr(trial, name))
    ]
    numbers = (("condition", "bounce", "way", "time_ms", "hidden", "x_deg", "y_deg"), rows)
    return in_panels([*panels, _legend(ways)], title, description, numbers, key=key, columns=_COLUMNS)


def _panel(trial: BallTrial, picture: BallPicture, ways: Sequence[str]) -> Panel:
    half = picture.half_arena_deg
    across = Scale(-half, half, _LEFT, _LEFT + _SIDE)
    up = Scale(-half, half, _TOP + _SIDE, _TOP)
    edge = across(picture.occluder_deg)
    seconds = len(trial.ball) * picture.step_ms / 1000
    said = f"{_BOUNCES[trial.bounce]}, {seconds:.1f} s"
    parts = [
        text(_LEFT, _TOP - 8, said, font_size=14),
        element("rect", x=_LEFT, y=_TOP, width=_SIDE, height=_SIDE, class_="arena", fill="#ffffff"),
        element(
            "rect",
            x=edge,
            y=_TOP,
            width=_LEFT + _SIDE - edge,
            height=_SIDE,
            class_="occluder",
            fill="#e4e7ed",
        ),
        *(_way(trial, name, picture.step_ms, across, up) for name in ways),
        *_ruler(across, up),
        element(
            "rect", x=_LEFT, y=_TOP, width=_SIDE, height=_SIDE, class_="frame", fill="none", stroke="#8a94a6"
        ),
    ]
    return Panel(
        f"Condition {trial.condition}: {said}", 2 * _LEFT + _SIDE, _TOP + _SIDE + _LEFT, parts, "third"
    )


def _way(trial: BallTrial, name: str, step_ms: float, across: Scale, up: Scale) -> Markup:
    """A way, faint as a whole and strong from where the ball is hidden, with the place where it ends."""
    places = [(_held(x, across), _held(y, up)) for x, y in getattr(trial, name)]
    _, colour, width = _WAYS[name]
    opacity = 0.7 if name == "ball" else 0.35
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    hidden = " ".join(f"{x:.1f},{y:.1f}" for x, y in places[max(trial.hidden_from - 1, 0) :])
    common = {"fill": "none", "stroke": colour, "stroke_linejoin": "round", "stroke_linecap": "round"}
    return element(
        "g",
        element("title", f"{_WAYS[name][0]}, {trial.condition}"),
        element(
            "polyline", points=points, class_="way", stroke_opacity=opacity, stroke_width=width, **common
        ),
        element("polyline", points=hidden, class_="trail", stroke_width=width, **common),
        element("circle", cx=places[-1][0], cy=places[-1][1], r=4.0, class_="runner", fill=colour),
        class_=f"track {name}",
        data_from=trial.hidden_from,
        data_step=step_ms,
    )


def _held(value: float, scale: Scale) -> float:
    """The place of a value, at the frame where it lies beyond it."""
    return scale(min(max(value, scale.low), scale.high))


def _ruler(across: Scale, up: Scale) -> list[Markup]:
    """A line of a stated length, in the arena's lower left corner."""
    left, right, y = across(across.low) + 8, across(across.low + _SCALE_DEG) + 8, up(up.low) - 8
    return [
        line(left, y, right, y, class_="ruler", stroke="#5b6577", stroke_width=1.5),
        text((left + right) / 2, y - 4, f"{_SCALE_DEG:g} deg", text_anchor="middle", font_size=13),
    ]


def _legend(ways: Sequence[str]) -> Panel:
    parts = []
    for row, name in enumerate(ways):
        said, colour, width = _WAYS[name]
        y = 10.0 + 18.0 * row
        mark = line(_LEFT, y, _LEFT + 22, y, class_="way", stroke=colour, stroke_width=width)
        parts += [element("g", mark, class_=f"track {name}"), text(_LEFT + 30, y + 4, said)]
    return Panel(
        "Lines: " + ", ".join(_WAYS[name][0] for name in ways), 210.0, 18.0 * len(ways) + 4, parts, "legend"
    )
