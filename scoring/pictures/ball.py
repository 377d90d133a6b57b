"""The ball of Mental-Pong as it is read out of a model and of the neurons, condition by condition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from ...benchmarks import Benchmark
from ...benchmarks.compared import compared
from ...core.activations import Activations
from ...core.labelled import coordinate, coordinates_along
from ...core.pictures import BallPicture, BallTrial
from ...metrics.functional.decoding.decoding import consecutive_splits, decode, principal_components
from ...tasks.mental_pong import HALF_ARENA_DEG, OCCLUDER_START_DEG

__all__ = ["ball_picture"]

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int_]

_PLACE, _RISE = ("ball_x_deg", "ball_y_deg"), "ball_dy"
_N_COMPONENTS, _N_RUNS = 50, 2
_SHOWN_OF_EACH = 2


def ball_picture(
    benchmark: Benchmark, activations: Mapping[str, Activations], layer: str
) -> BallPicture | None:
    """The ball read out linearly as for the simulation index: each half of the conditions by a map of the other.

    Shown are two conditions of each kind of bounce, chosen by how long their ball is hidden. None where the
    recording knows no ball.
    """
    model, brain = compared(benchmark, activations, layer)
    if not {*_PLACE, _RISE} <= set(coordinates_along(brain, "presentation")):
        return None
    ball = np.stack([coordinate(brain, name).astype(np.float64) for name in _PLACE], axis=1)
    known = np.isfinite(ball).all(axis=1)
    names = coordinate(brain, "condition").astype(str)[known]
    ball = ball[known]
    neural = np.asarray(brain.values, dtype=np.float64).mean(axis=0)
    read = [_read_out(states[known], ball, names) for states in (np.asarray(model.values), neural)]
    hidden = ball[:, 0] >= OCCLUDER_START_DEG
    errors = [float(np.hypot(*(found - ball)[hidden].T).mean()) for found in read]
    start = coordinate(brain, "time_bin_start_ms").astype(np.float64)[known]
    rise = coordinate(brain, _RISE).astype(np.float64)[known]
    rows_of = {name: _in_time(np.flatnonzero(names == name), start) for name in dict.fromkeys(names)}
    trials = {
        name: _trial(name, rows, ball, hidden, rise, read) for name, rows in rows_of.items() if len(rows) > 1
    }
    return BallPicture(
        step_ms=_step_ms(brain),
        half_arena_deg=HALF_ARENA_DEG,
        occluder_deg=OCCLUDER_START_DEG,
        model_error_deg=round(errors[0], 3),
        neural_error_deg=round(errors[1], 3),
        n_conditions=len(rows_of),
        trials=tuple(_chosen(list(trials.values()))),
    )


def _read_out(states: npt.NDArray[np.floating[Any]], ball: Array, names: npt.NDArray[np.str_]) -> Array:
    """The held-out place at each sample, (n_samples, 2)."""
    components = np.asarray(principal_components(states.astype(np.float64), _N_COMPONENTS))
    found = decode(components, ball, consecutive_splits(names, n_splits=_N_RUNS))
    return np.asarray(np.nanmean(np.asarray(found.prediction), axis=0))


def _trial(
    name: str,
    rows: Ints,
    ball: Array,
    hidden: npt.NDArray[np.bool_],
    rise: Array,
    read: list[Array],
) -> BallTrial:
    return BallTrial(
        condition=name,
        bounce=_bounce(rise[rows], hidden[rows]),
        hidden_from=int(np.argmax(hidden[rows])) if hidden[rows].any() else len(rows),
        ball=_way(ball[rows]),
        model=_way(read[0][rows]),
        neurons=_way(read[1][rows]),
    )


def _bounce(rise: Array, hidden: npt.NDArray[np.bool_]) -> Literal["none", "visible", "occluded"]:
    turned = np.flatnonzero(np.diff(np.sign(rise)))
    if not len(turned):
        return "none"
    return "occluded" if hidden[turned[0] + 1] else "visible"


def _chosen(trials: list[BallTrial]) -> list[BallTrial]:
    """Of each kind of bounce those at a third and two thirds of the order by the time that the ball is hidden."""
    found = []
    for kind in ("none", "visible", "occluded"):
        several = [trial for trial in trials if trial.bounce == kind and trial.hidden_from < len(trial.ball)]
        several.sort(key=lambda trial: (len(trial.ball) - trial.hidden_from, trial.condition))
        places = {len(several) * (k + 1) // (_SHOWN_OF_EACH + 1) for k in range(_SHOWN_OF_EACH)}
        found += [several[place] for place in sorted(places) if place < len(several)]
    return found


def _in_time(rows: Ints, start: Array) -> Ints:
    return rows[np.argsort(start[rows], kind="stable")]


def _way(places: Array) -> tuple[tuple[float, float], ...]:
    return tuple((round(float(x), 2), round(float(y), 2)) for x, y in places)


def _step_ms(brain: xr.DataArray) -> float:
    start, end = (coordinate(brain, f"time_bin_{edge}_ms")[0].astype(np.float64) for edge in ("start", "end"))
    return float(end - start)
