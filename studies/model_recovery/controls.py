"""Controls and nuisances on a benchmark's own recording, along with the candidates that it ranks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
import xarray as xr

from ...benchmarks.alignment import model_samples
from ...core.activations import TimedValues
from ...core.errors import InnerscoreError
from ...core.labelled import coordinate, coordinates_along
from ...core.recovery_report import Control, Nuisance
from ...core.scores import Estimate
from ...core.seeds import generator
from ...core.stimuli import SelfMotion, Stimulus
from .draws import Draw
from .scenes import PreparedBenchmark
from .states import labelled_states, rank_within
from .trial import SimulatedBrainBenchmark

__all__ = ["controls", "nuisances", "own_scores", "shuffled_conditions", "shuffled_time", "variables"]

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int_]

_PLACES = 5  # fields a side
_MOMENTS = 8


def own_scores(scene: PreparedBenchmark, seed: int) -> Draw:
    """Scores on the benchmark's own recording: all candidates, the best one shuffled, simple variables.

    Returns
    -------
    scores : dict
        ``models``, ``shuffled`` and ``variables``, each by name: value, low and high, or None where not defined.
    """
    benchmark = scene.on(scene.samples)
    models = {name: _scored(benchmark, states) for name, states in scene.scored.items()}
    best = _best(models)
    shuffled = {}
    if best is not None:
        conditions = coordinate(scene.samples, "condition")
        for what, order in (
            ("time", shuffled_time(conditions, seed)),
            ("conditions", shuffled_conditions(conditions, seed)),
        ):
            states = {
                layer: labelled_states(np.asarray(values.values)[order], scene.samples)
                for layer, values in scene.scored[best].items()
            }
            shuffled[f"{best}, {what} shuffled"] = _scored(benchmark, states)
    simple = {
        name: _scored(benchmark, {"variable": labelled_states(values, scene.samples)})
        for name, values in variables(scene).items()
    }
    return {"models": models, "best": best, "shuffled": shuffled, "variables": simple}


def controls(scene: PreparedBenchmark, own: Draw) -> list[Control]:
    """Every candidate by its class, and the best one shuffled."""
    rows = [
        Control(benchmark=scene.name, control=name, kind=scene.candidates[name].card.model_class, **score)
        for name, score in own["models"].items()
        if score is not None
    ]
    rows += [
        Control(benchmark=scene.name, control=name, kind="shuffled", **score)
        for name, score in own["shuffled"].items()
        if score is not None
    ]
    return sorted(rows, key=lambda row: -row.value)


def nuisances(scene: PreparedBenchmark, own: Draw) -> list[Nuisance]:
    """Each variable's score over the best candidate's; none where that is not positive."""
    best = own["best"]
    if best is None or own["models"][best]["value"] <= 0:
        return []
    top = own["models"][best]["value"]
    return [
        Nuisance(
            benchmark=scene.name, variable=name, share=score["value"] / top, value=score["value"], best=best
        )
        for name, score in own["variables"].items()
        if score is not None
    ]


def shuffled_time(conditions: npt.NDArray[np.str_], seed: int) -> Ints:
    """An order of the samples in which each condition keeps its own, at random times (in space: places)."""
    rng = generator(seed, "validity", "shuffled time")
    order = np.arange(len(conditions))
    for name in dict.fromkeys(conditions):
        rows = np.flatnonzero(conditions == name)
        order[rows] = rng.permutation(rows)
    return order


def shuffled_conditions(conditions: npt.NDArray[np.str_], seed: int) -> Ints:
    """An order in which each condition has the samples of another one, from its beginning to its end."""
    rng = generator(seed, "validity", "shuffled conditions")
    names = rng.permutation(list(dict.fromkeys(conditions)))
    rows = {name: np.flatnonzero(conditions == name) for name in names}
    rank = rank_within(conditions)
    order = np.arange(len(conditions))
    for name, other in zip(names, np.roll(names, 1), strict=True):
        own, theirs = rows[name], rows[other]
        order[own] = theirs[rank[own] * len(theirs) // len(own)]
    return order


def variables(scene: PreparedBenchmark) -> dict[str, Array]:
    """Simple variables of the task at the samples, (n_samples, n_columns) each."""
    ways = {"time": _of_time, "space": _of_space, "direction": _of_direction}
    find = ways.get(scene.card.alignment)
    return {} if find is None else dict(find(scene))


def _of_time(scene: PreparedBenchmark) -> Iterator[tuple[str, Array]]:
    samples = scene.samples
    names = set(coordinates_along(samples, "presentation"))
    if {"ball_x_deg", "ball_y_deg"} <= names:
        ball = np.stack([coordinate(samples, f"ball_{axis}_deg") for axis in "xy"], axis=1)
        yield "ball position", ball
        yield "ball position, as place fields", _fields(ball, _PLACES)
    elapsed = coordinate(samples, "time_bin_start_ms").astype(np.float64)[:, None]
    yield "elapsed time", elapsed
    yield "elapsed time, as time fields", _fields(elapsed, _MOMENTS)


def _of_space(scene: PreparedBenchmark) -> Iterator[tuple[str, Array]]:
    place = np.stack([coordinate(scene.samples, f"bin_{axis}_m") for axis in "xy"], axis=1).astype(np.float64)
    yield "position", place
    yield "position, as place fields", _fields(place, _PLACES)
    low, high = place.min(axis=0), place.max(axis=0)
    yield "border distance", np.minimum(place - low, high - place).min(axis=1, keepdims=True)
    yield "velocity and speed", _velocity(scene)


def _of_direction(scene: PreparedBenchmark) -> Iterator[tuple[str, Array]]:
    direction = coordinate(scene.samples, "direction_rad").astype(np.float64)
    yield "head direction", np.stack([np.cos(direction), np.sin(direction)], axis=1)
    yield "velocity and speed", _velocity(scene)


def _velocity(scene: PreparedBenchmark) -> Array:
    """Mean velocity and speed of the walkers at the samples."""
    moving = {stimulus.identifier: {"v": _moving(stimulus)} for stimulus in scene.stimuli}
    aligned = model_samples(moving, "v", scene.stimuli, scene.samples, scene.card.alignment)
    return np.asarray(aligned.values, dtype=np.float64)


def _moving(walk: Stimulus) -> TimedValues:
    velocity = walk.velocity if isinstance(walk, SelfMotion) else np.zeros((walk.n_steps, 2))
    speed = np.linalg.norm(velocity, axis=1, keepdims=True)
    return TimedValues(np.concatenate([velocity, speed], axis=1), walk.times_ms)


def _fields(values: Array, n_a_side: int) -> Array:
    """Gaussian fields on a lattice over the range of the values, as wide as they are apart."""
    low, high = values.min(axis=0), values.max(axis=0)
    unit = (values - low) / np.where(high > low, high - low, 1)
    steps = np.linspace(0, 1, n_a_side)
    centres = np.stack(np.meshgrid(*[steps] * values.shape[1]), axis=-1).reshape(-1, values.shape[1])
    squared = ((unit[:, None] - centres) ** 2).sum(axis=-1)
    return np.asarray(np.exp(-squared * (n_a_side - 1) ** 2 / 2))


def _scored(
    benchmark: SimulatedBrainBenchmark, states: Mapping[str, xr.DataArray]
) -> dict[str, float | None] | None:
    """Value and interval; None where the metric refuses or gives no value."""
    try:
        score = benchmark.of_states(states).normalised
    except InnerscoreError:
        return None
    return _plain(score) if math.isfinite(score.value) else None


def _plain(score: Estimate) -> dict[str, float | None]:
    ends = {"low": score.low, "high": score.high}
    return {"value": score.value} | {key: end if math.isfinite(end) else None for key, end in ends.items()}


def _best(models: Mapping[str, dict[str, float | None] | None]) -> str | None:
    known = {name: score["value"] for name, score in models.items() if score is not None}
    return max(known, key=lambda name: known[name] or -math.inf) if known else None
