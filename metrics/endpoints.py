"""Endpoints on labelled data: where a model and an animal put the paddle, and how alike their errors are."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from ..core.errors import InvalidDataError
from ..core.labelled import coordinate
from ..core.scores import Score
from .bootstrap import BootstrappedMetric, Resampled
from .functional.behaviour.error_consistency import (
    behavioural_consistency,
    bootstrap_consistency,
    condition_means,
    residual_errors,
    stratified_halves,
)
from .needs import Needs

__all__ = ["EndpointConsistency"]

Array = npt.NDArray[np.float64]

_FEWEST_TRIALS = 2


class EndpointConsistency(BootstrappedMetric):
    """Noise-corrected consistency of residual endpoint errors with an animal's, over conditions.

    The animal comes as one presentation a trial, with the coordinate ``target_y_deg``; the model as one
    presentation a condition, with one neuroid that holds its endpoint in deg. Conditions in which the animal has
    fewer than two trials are left out.

    Parameters
    ----------
    n_splits : int, default=10
        Splits of the animal's trials into halves, within conditions.
    n_boot, seed, level : int, int, float
        Bootstrap over conditions; the seed serves the splits, too.
    """

    def __init__(self, *, n_splits: int = 10, **bootstrap: Any) -> None:
        super().__init__(**bootstrap)
        self._n_splits = n_splits

    @property
    def needs(self) -> Needs:
        """Conditions in which the animal has trials for two halves."""
        return Needs(conditions=3, repetitions=_FEWEST_TRIALS)

    def __call__(self, model: xr.DataArray, brain: xr.DataArray) -> Score:
        """The consistency; raw is the correlation with a half, the ceiling that half's reliability, rooted."""
        names, halves, targets = self._patterns(brain)
        pattern = _model_pattern(model, names, targets)
        found = behavioural_consistency(halves, pattern)
        raw, ceiling, rho = bootstrap_consistency(halves, pattern, **self._bootstrap.draws)
        top = float(np.sqrt(found.reliability_a)) if found.reliability_a > 0 else float("nan")
        animal = ", ".join(dict.fromkeys(coordinate(brain, "animal")))
        row = {"animal": animal, "raw": found.raw, "ceiling": top, "normalised": found.rho}
        counts = {
            "n_conditions": len(names),
            "n_trials": len(brain),
            "n_degenerate_splits": found.n_degenerate,
        }
        return self._score(
            Resampled(found.raw, raw),
            Resampled(top, ceiling),
            Resampled(found.rho, rho),
            n_units=len(names),
            targets=pd.DataFrame([row]),
            facts={**counts, "model_endpoint_error_deg": _mean_error(model, names, targets)},
        )

    def value(self, model: xr.DataArray, brain: xr.DataArray) -> float:
        """The correlation with a half of the animal's trials."""
        names, halves, targets = self._patterns(brain)
        return behavioural_consistency(halves, _model_pattern(model, names, targets)).raw

    def ceiling(self, brain: xr.DataArray) -> float:
        """Square root of the reliability of half of the animal's trials."""
        _, halves, _ = self._patterns(brain)
        reliability = behavioural_consistency(halves, halves[0, 0]).reliability_a
        return float(np.sqrt(reliability)) if reliability > 0 else float("nan")

    def _patterns(self, brain: xr.DataArray) -> tuple[list[str], Array, Array]:
        """Conditions, the animal's residual errors in halves (split, 2, condition), and the targets in deg."""
        condition, target = coordinate(brain, "condition"), coordinate(brain, "target_y_deg")
        response = np.asarray(brain.values, dtype=np.float64).reshape(len(condition))
        names, counts = np.unique(condition, return_counts=True)
        kept = np.isin(condition, names[counts >= _FEWEST_TRIALS])
        residual, condition = residual_errors(response[kept], target[kept]), condition[kept]
        first = stratified_halves(condition, n_repeats=self._n_splits, seed=self._seed)
        names, places = np.unique(condition, return_index=True)
        return list(map(str, names)), condition_means(residual, condition, first), target[kept][places]


def _model_pattern(model: xr.DataArray, names: list[str], targets: Array) -> Array:
    """The model's residual error in each condition, from the same regression over its own endpoints."""
    return residual_errors(_endpoints(model, names), targets)


def _mean_error(model: xr.DataArray, names: list[str], targets: Array) -> float:
    return float(np.abs(_endpoints(model, names) - targets).mean())


def _endpoints(model: xr.DataArray, names: list[str]) -> Array:
    by_name = dict(
        zip(coordinate(model, "condition"), np.asarray(model.values, dtype=np.float64), strict=True)
    )
    absent = [name for name in names if name not in by_name]
    if absent or any(len(by_name[name]) != 1 for name in names):
        got = f"none for {absent[:3]}" if absent else "several values"
        raise InvalidDataError("The model's endpoints", got=got, needed="one for each condition")
    return np.array([float(by_name[name][0]) for name in names])
