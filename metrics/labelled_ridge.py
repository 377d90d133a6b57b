"""Noise-corrected ridge predictivity on labelled data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..core._brainscore import DataAssembly, Score
from ..core.errors import InvalidArgumentError, InvalidDataError
from ..core.labelled import coordinate
from ..core.scores import Estimate, ScoreParts
from .functional.noise_correction import NoiseCorrectedPredictivity, noise_corrected_predictivity
from .functional.predictivity_bootstrap import (
    BootstrapResult,
    bootstrap_neural_ceiling,
    bootstrap_noise_corrected_predictivity,
    bootstrap_predictivity,
)
from .functional.reliability import split_half_reliability
from .functional.ridge import ridge_predictivity
from .interface import LabelledMetric

__all__ = ["RidgePredictivity"]

Array = npt.NDArray[np.float64]

_SPLITS_RESAMPLED = 10


class RidgePredictivity(LabelledMetric):
    """How well a linear map from a model's units predicts each neuroid, relative to the noise.

    Parameters
    ----------
    alphas : sequence of float or None, default=None
        Penalties to choose from; None for the published grid.
    n_outer, n_inner : int, default=5
        Folds over whole conditions, for the test and for the choice of the penalty.
    n_splits : int, default=100
        Random splits of the repetitions into halves.
    min_reliability : float, default=0.1
        Neuroids less reliable than this are left out before any model is looked at.
    n_boot, seed, level : int, int, float
        Bootstrap over conditions, and over neuroids within animals.
    """

    def __init__(
        self,
        *,
        alphas: Sequence[float] | None = None,
        n_outer: int = 5,
        n_inner: int = 5,
        n_splits: int = 100,
        min_reliability: float = 0.1,
        n_boot: int = 1000,
        seed: int = 0,
        level: float = 0.95,
    ) -> None:
        if not 0 <= min_reliability < 1:
            raise InvalidArgumentError(
                "The 'min_reliability' parameter", got=min_reliability, needed="in [0, 1)"
            )
        self._alphas = None if alphas is None else tuple(alphas)
        self._folds = {"n_outer": n_outer, "n_inner": n_inner, "seed": seed}
        self._n_splits, self._min_reliability = n_splits, min_reliability
        self._boot = {"n_boot": n_boot, "level": level, "seed": seed}

    def parts(self, model: DataAssembly, brain: DataAssembly, reference: DataAssembly | None) -> ScoreParts:  # noqa: ARG002
        """Median over an animal's neuroids, then mean over animals."""
        targets = self._reliable_targets(brain)
        result = noise_corrected_predictivity(
            _features(model),
            targets.trials,
            targets.groups,
            alphas=self._alphas,
            n_splits=self._n_splits,
            return_prediction=True,
            return_sums=_SPLITS_RESAMPLED,
            **self._folds,  # type: ignore[arg-type]
        )
        table = targets.table.assign(
            raw=np.asarray(result.raw),
            ceiling=np.asarray(result.ceiling),
            normalised=np.asarray(result.score),
            neural_reliability=np.asarray(result.neural_reliability),
            prediction_reliability=np.asarray(result.prediction_reliability),
        )
        raw, ceiling, normalised = self._bootstraps(result, targets)
        return ScoreParts(
            raw=_estimate(table, "raw", raw),
            ceiling=_estimate(table, "ceiling", ceiling),
            normalised=_estimate(table, "normalised", normalised),
            targets=table,
            facts={
                "n_samples": len(targets.groups),
                "n_conditions": len(np.unique(targets.groups)),
                "n_unreliable_targets": targets.n_unreliable,
                "n_degenerate_targets": result.n_degenerate,
            },
        )

    def value(self, model: DataAssembly, brain: DataAssembly) -> float:
        """Raw predictivity of the average over repetitions: layers share the neuroids and their noise."""
        targets = self._reliable_targets(brain)
        result = ridge_predictivity(
            _features(model),
            targets.trials.mean(axis=0),
            targets.groups,
            alphas=self._alphas,
            **self._folds,  # type: ignore[arg-type]
        )
        return _aggregate(targets.table.assign(raw=np.asarray(result.score)), "raw")

    def ceiling(self, brain: DataAssembly, reference: DataAssembly | None = None) -> Score:  # noqa: ARG002
        """Square root of the split-half reliability: median over an animal's neuroids, mean over animals."""
        targets = self._reliable_targets(brain)
        return Score(_aggregate(targets.table.assign(ceiling=np.sqrt(targets.reliability)), "ceiling"))

    def _reliable_targets(self, brain: DataAssembly) -> _Targets:
        trials = np.asarray(brain.values, dtype=np.float64)
        reliability = np.asarray(
            split_half_reliability(trials, n_splits=self._n_splits, seed=self._folds["seed"]).mean
        )
        kept = reliability >= self._min_reliability  # NaN, a neuroid that never varies, is not
        if not kept.any():
            raise InvalidDataError(
                "The recording",
                got=f"no neuroid of reliability {self._min_reliability} or more among {len(kept)}",
                needed="at least one reliable neuroid",
            )
        names = ("neuroid_id", "animal", "region")
        table = pd.DataFrame({name: coordinate(brain, name)[kept] for name in names})
        return _Targets(
            trials[:, :, kept], coordinate(brain, "condition"), table, reliability[kept], int((~kept).sum())
        )

    def _bootstraps(
        self, result: NoiseCorrectedPredictivity, targets: _Targets
    ) -> tuple[BootstrapResult, BootstrapResult, BootstrapResult]:
        """Of raw value, ceiling and normalised value, all on the same resamples."""
        animals, sums = targets.table["animal"].to_numpy(dtype=str), result.sums
        average = targets.trials.mean(axis=0)
        return (
            bootstrap_predictivity(
                result.prediction,
                average,
                targets.groups,
                result.folds,
                animals,
                **self._boot,  # type: ignore[arg-type]
            ),
            bootstrap_neural_ceiling(sums, animals, **self._boot),  # type: ignore[arg-type]
            bootstrap_noise_corrected_predictivity(sums, animals, **self._boot),  # type: ignore[arg-type]
        )


@dataclass(frozen=True, eq=False)
class _Targets:
    """The neuroids that are scored: trials (repetition, sample, neuroid), conditions, names, reliability."""

    trials: Array
    groups: npt.NDArray[np.str_]
    table: pd.DataFrame
    reliability: Array
    n_unreliable: int


def _features(model: DataAssembly) -> Array:
    return np.ascontiguousarray(model.values, dtype=np.float64)


def _aggregate(table: pd.DataFrame, column: str) -> float:
    return float(table.groupby("animal", sort=False)[column].median().mean())


def _estimate(table: pd.DataFrame, column: str, boot: BootstrapResult) -> Estimate:
    """The aggregated value with the bootstrap's interval, moved to be about the value.

    r over the few conditions of a fold is lower in a resample than in the data, since a resample has fewer
    distinct conditions; that says nothing about the value, so the resamples' mean is moved to it.
    """
    value = _aggregate(table, column)
    shift = value - float(np.nanmean(np.asarray(boot.values)))
    interval = boot.interval
    return Estimate(value, interval.low + shift, interval.high + shift, interval.level, interval.unit)
