"""Trajectories of a model and of neurons through ready-set-go, each in the plane of its first two components."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...benchmarks import Benchmark
from ...benchmarks.compared import compared
from ...core.activations import Activations
from ...core.labelled import coordinate, coordinates_along
from ...core.pictures import IntervalLine, TrajectoriesPicture
from ...metrics.samples import time_since_onset

__all__ = ["trajectories_picture"]

Array = npt.NDArray[np.float64]

_EPOCH = "production"
_LINE = ["prior", "t_s_ms"]
_FEWEST_STEPS = 3


def trajectories_picture(
    benchmark: Benchmark, activations: Mapping[str, Activations], layer: str
) -> TrajectoriesPicture | None:
    """Mean trajectory of each interval of each prior, over the contexts (effector, direction) that are scored.

    Steps are those that all contexts of the prior have. None where the recording is not of intervals as they are
    produced: while one is measured, all intervals of a prior are the same stimulus.
    """
    if benchmark.card.epoch != _EPOCH:
        return None
    model, brain = compared(benchmark, activations, layer)
    if not set(_LINE) <= set(coordinates_along(brain, "presentation")):
        return None
    keys = {name: coordinate(brain, name) for name in (*_LINE, "condition")}
    table = pd.DataFrame({**keys, "time_ms": time_since_onset(brain)})
    n_contexts = table.groupby("prior")["condition"].nunique()
    counts = table.groupby([*_LINE, "time_ms"], sort=True)["condition"].nunique()
    shared = counts[counts == n_contexts.reindex(counts.index.get_level_values("prior")).to_numpy()].index
    neural = np.asarray(brain.values, dtype=np.float64).mean(axis=0)
    model_plane, neural_plane = (
        _plane(pd.DataFrame(states).groupby([table[name] for name in shared.names]).mean().loc[shared])
        for states in (np.asarray(model.values, dtype=np.float64), neural)
    )
    lines = _lines(model_plane[0], neural_plane[0])
    if not lines:
        return None
    start, end = (coordinate(brain, f"time_bin_{edge}_ms").astype(np.float64) for edge in ("start", "end"))
    return TrajectoriesPicture(
        epoch=_EPOCH,
        step_ms=float(end[0] - start[0]),
        n_units=model.sizes["neuroid"],
        n_neurons=brain.sizes["neuroid"],
        model_shares=model_plane[1],
        neural_shares=neural_plane[1],
        lines=tuple(lines),
    )


def _plane(states: pd.DataFrame) -> tuple[pd.DataFrame, tuple[float, float]]:
    """States on the first two principal components, and the share of the variance along each.

    A component's sign means nothing: the first is turned to rise with time, the second to be higher for the prior
    that comes first in the order of names.
    """
    values = states.to_numpy(dtype=np.float64)
    left, scale, _ = np.linalg.svd(values - values.mean(axis=0), full_matrices=False)
    scores = np.zeros((len(values), 2))
    kept = min(2, len(scale))
    scores[:, :kept] = left[:, :kept] * scale[:kept]
    time = states.index.get_level_values("time_ms").to_numpy(dtype=np.float64)
    first = states.index.get_level_values("prior") == min(states.index.get_level_values("prior"))
    scores[:, 0] *= _sign(scores[:, 0] @ (time - time.mean()))
    scores[:, 1] *= _sign(scores[first, 1].mean() - scores[:, 1].mean())
    total = float((scale**2).sum()) or 1.0
    shares = [*(scale[:2] ** 2 / total), 0.0, 0.0]
    return pd.DataFrame(scores, index=states.index), (round(float(shares[0]), 4), round(float(shares[1]), 4))


def _lines(model: pd.DataFrame, neurons: pd.DataFrame) -> list[IntervalLine]:
    found = []
    for key, rows in model.groupby(level=_LINE, sort=True):
        prior, interval = map(str, key)
        if len(rows) >= _FEWEST_STEPS:
            ways = [_way(side.loc[rows.index].to_numpy()) for side in (model, neurons)]
            found.append(
                IntervalLine(prior=prior, interval_ms=float(interval), model=ways[0], neurons=ways[1])
            )
    return found


def _way(states: Array) -> tuple[tuple[float, float], ...]:
    """In five digits, which no picture shows more of."""
    return tuple((float(f"{x:.5g}"), float(f"{y:.5g}")) for x, y in states)


def _sign(value: float) -> float:
    return -1.0 if value < 0 else 1.0
