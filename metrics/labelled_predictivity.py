"""Predictivity on labelled data: linear maps from a model's units to neuroids, tested on held-out conditions.

All measures share how neuroids are admitted, how values are aggregated (median over an animal's neuroids, mean
over animals) and how intervals are made; they differ in the map.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..core._brainscore import DataAssembly, Score
from ..core.errors import InvalidArgumentError, InvalidDataError
from ..core.labelled import coordinate
from ..core.resamples import Resamples
from ..core.scores import Estimate, ScoreParts
from .functional.interval import percentile_interval
from .functional.linear import ols_predictivity
from .functional.noise_correction import NoiseCorrectedPredictivity, noise_corrected_predictivity
from .functional.one_to_one import one_to_one_predictivity
from .functional.pls import pls_predictivity
from .functional.predictivity_bootstrap import (
    bootstrap_neural_ceiling,
    bootstrap_noise_corrected_predictivity,
    bootstrap_predictivity,
)
from .functional.procrustes_mapping import procrustes_predictivity
from .functional.reliability import spearman_brown, split_half_reliability
from .functional.ridge import Predictivity, ridge_predictivity
from .interface import LabelledMetric
from .labelled_samples import distinct_splits, half_splits

__all__ = [
    "LeastSquaresPredictivity",
    "OneToOnePredictivity",
    "PlsPredictivity",
    "PredictivityMetric",
    "ProcrustesPredictivity",
    "RidgePredictivity",
    "Targets",
    "aggregate",
    "features",
]

Array = npt.NDArray[np.float64]

_UNIT = "conditions; targets within animals"
_SPLITS_RESAMPLED = 10


@dataclass(frozen=True, eq=False)
class Targets:
    """The neuroids that are scored: trials (repetition, sample, neuroid), conditions, names, reliability."""

    trials: Array
    groups: npt.NDArray[np.str_]
    table: pd.DataFrame
    reliability: Array
    n_unreliable: int

    @property
    def average(self) -> Array:
        """Mean over repetitions, (sample, neuroid)."""
        return np.asarray(self.trials.mean(axis=0))

    @property
    def animals(self) -> npt.NDArray[np.str_]:
        """The animal of each neuroid."""
        return self.table["animal"].to_numpy(dtype=str)

    def resamples(self, raw: Array, ceiling: Array, normalised: Array) -> Resamples:
        """The parts of a score in resamples of the conditions and of the targets."""
        n_conditions = len(np.unique(self.groups))
        return Resamples.of("bootstrap", n_conditions, raw=raw, ceiling=ceiling, normalised=normalised)


class PredictivityMetric(LabelledMetric):
    """What all maps share."""

    def __init__(
        self, *, n_splits: int, min_reliability: float, n_boot: int, seed: int, level: float, **folds: int
    ) -> None:
        if not 0 <= min_reliability < 1:
            raise InvalidArgumentError(
                "The 'min_reliability' parameter", got=min_reliability, needed="in [0, 1)"
            )
        self._folds: dict[str, Any] = {**folds, "seed": seed}
        self._n_splits, self._min_reliability = n_splits, min_reliability
        self._boot: dict[str, Any] = {"n_boot": n_boot, "level": level, "seed": seed}
        self._seed, self._level = seed, level

    def value(self, model: DataAssembly, brain: DataAssembly) -> float:
        """Raw predictivity of the average over repetitions: layers share the neuroids and their noise."""
        targets = self._reliable_targets(brain)
        result = self._predict(features(model), targets.average, targets.groups)
        return aggregate(targets.table.assign(raw=np.asarray(result.score)), "raw")

    def ceiling(self, brain: DataAssembly, reference: DataAssembly | None = None) -> Score:  # noqa: ARG002
        """Square root of the split-half reliability: median over an animal's neuroids, mean over animals."""
        targets = self._reliable_targets(brain)
        return Score(aggregate(targets.table.assign(ceiling=np.sqrt(targets.reliability)), "ceiling"))

    def _predict(
        self, x: Array, y: Array, groups: npt.NDArray[np.str_], *, return_prediction: bool = False
    ) -> Predictivity:
        raise NotImplementedError

    def _reliable_targets(self, brain: DataAssembly) -> Targets:
        trials = np.asarray(brain.values, dtype=np.float64)
        reliability = np.asarray(
            split_half_reliability(
                trials, n_splits=distinct_splits(self._n_splits, len(trials)), seed=self._seed
            ).mean
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
        conditions = coordinate(brain, "condition")
        return Targets(trials[:, :, kept], conditions, table, reliability[kept], int((~kept).sum()))

    def _raw_bootstrap(self, prediction: Array, y: Array, folds: Array, targets: Targets) -> Array:
        """Mean over animals of the median r of two columns' pairs, in each resample."""
        boot = bootstrap_predictivity(prediction, y, targets.groups, folds, targets.animals, **self._boot)
        return np.asarray(boot.values)

    def _estimate(self, table: pd.DataFrame, column: str, boot: Array) -> Estimate:
        """The aggregated value with the bootstrap's interval, moved to be about the value.

        r over the few conditions of a fold is lower in a resample than in the data, since a resample has
        fewer distinct conditions; that says nothing about the value, so the resamples' mean is moved to it.
        """
        value = aggregate(table, column)
        interval = percentile_interval(np.ascontiguousarray(boot), level=self._level, unit=_UNIT)
        shift = value - float(np.nanmean(boot))
        return Estimate(value, interval.low + shift, interval.high + shift, self._level, _UNIT)

    def _facts(self, targets: Targets, n_degenerate: int) -> dict[str, str | int | float]:
        return {
            "n_samples": len(targets.groups),
            "n_conditions": len(np.unique(targets.groups)),
            "n_unreliable_targets": targets.n_unreliable,
            "n_degenerate_targets": n_degenerate,
        }


class RidgePredictivity(PredictivityMetric):
    """How well a ridge map predicts each neuroid, relative to the noise of neuroid and map.

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
        super().__init__(
            n_splits=n_splits,
            min_reliability=min_reliability,
            n_boot=n_boot,
            seed=seed,
            level=level,
            n_outer=n_outer,
            n_inner=n_inner,
        )
        self._alphas = None if alphas is None else tuple(alphas)

    def parts(self, model: DataAssembly, brain: DataAssembly, reference: DataAssembly | None) -> ScoreParts:  # noqa: ARG002
        """Median over an animal's neuroids, then mean over animals."""
        targets = self._reliable_targets(brain)
        n_splits = distinct_splits(self._n_splits, len(targets.trials))
        result = noise_corrected_predictivity(
            features(model),
            targets.trials,
            targets.groups,
            alphas=self._alphas,
            n_splits=n_splits,
            return_prediction=True,
            return_sums=min(_SPLITS_RESAMPLED, n_splits),
            **self._folds,
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
            raw=self._estimate(table, "raw", raw),
            ceiling=self._estimate(table, "ceiling", ceiling),
            normalised=self._estimate(table, "normalised", normalised),
            targets=table,
            facts=self._facts(targets, result.n_degenerate),
            resamples=targets.resamples(raw, ceiling, normalised),
        )

    def _predict(
        self, x: Array, y: Array, groups: npt.NDArray[np.str_], *, return_prediction: bool = False
    ) -> Predictivity:
        return ridge_predictivity(
            x, y, groups, alphas=self._alphas, return_prediction=return_prediction, **self._folds
        )

    def _bootstraps(self, result: NoiseCorrectedPredictivity, targets: Targets) -> tuple[Array, Array, Array]:
        """Of raw value, ceiling and normalised value, all on the same resamples."""
        raw = self._raw_bootstrap(
            np.asarray(result.prediction), targets.average, np.asarray(result.folds), targets
        )
        ceiling = bootstrap_neural_ceiling(result.sums, targets.animals, **self._boot)  # type: ignore[arg-type]
        normalised = bootstrap_noise_corrected_predictivity(result.sums, targets.animals, **self._boot)  # type: ignore[arg-type]
        return raw, np.asarray(ceiling.values), np.asarray(normalised.values)


class _MappingPredictivity(PredictivityMetric):
    """Predictivity by a map without a noise correction of its own: raw r over the neuroid's ceiling.

    Parameters
    ----------
    n_outer : int, default=5
        Folds over whole conditions.
    n_splits : int, default=100
        Random splits of the repetitions into halves, for the ceiling.
    min_reliability : float, default=0.1
        Neuroids less reliable than this are left out before any model is looked at.
    n_boot, seed, level : int, int, float
        Bootstrap over conditions, and over neuroids within animals.
    """

    _map: Callable[..., Predictivity]

    def __init__(
        self,
        *,
        n_outer: int = 5,
        n_splits: int = 100,
        min_reliability: float = 0.1,
        n_boot: int = 1000,
        seed: int = 0,
        level: float = 0.95,
        **options: Any,
    ) -> None:
        super().__init__(
            n_splits=n_splits,
            min_reliability=min_reliability,
            n_boot=n_boot,
            seed=seed,
            level=level,
            n_outer=n_outer,
        )
        self._options = options

    def parts(self, model: DataAssembly, brain: DataAssembly, reference: DataAssembly | None) -> ScoreParts:  # noqa: ARG002
        """Median over an animal's neuroids, then mean over animals."""
        targets = self._reliable_targets(brain)
        result = self._predict(features(model), targets.average, targets.groups, return_prediction=True)
        table = targets.table.assign(raw=np.asarray(result.score), ceiling=np.sqrt(targets.reliability))
        table["normalised"] = table["raw"] / table["ceiling"]
        folds = np.asarray(result.folds)
        raw = self._raw_bootstrap(np.asarray(result.prediction), targets.average, folds, targets)
        ceiling = self._ceiling_bootstrap(targets, folds)
        return ScoreParts(
            raw=self._estimate(table, "raw", raw),
            ceiling=self._estimate(table, "ceiling", ceiling),
            normalised=self._estimate(table, "normalised", raw / ceiling),
            targets=table,
            facts=self._facts(targets, result.n_degenerate),
            resamples=targets.resamples(raw, ceiling, raw / ceiling),
        )

    def _predict(
        self, x: Array, y: Array, groups: npt.NDArray[np.str_], *, return_prediction: bool = False
    ) -> Predictivity:
        return type(self)._map(
            x, y, groups, return_prediction=return_prediction, **self._folds, **self._options
        )

    def _ceiling_bootstrap(self, targets: Targets, folds: Array) -> Array:
        """Square root of the reliability of one split's halves, in the resamples of the raw value."""
        split = half_splits(len(targets.trials), 1, self._seed)[0]
        halves = [targets.trials[half].mean(axis=0) for half in split]
        r = self._raw_bootstrap(halves[0], halves[1], folds, targets)
        reliability = np.asarray(spearman_brown(r))
        return np.asarray(np.sqrt(np.where(reliability > 0, reliability, np.nan)))


class PlsPredictivity(_MappingPredictivity):
    """Partial least squares; `n_components` (default 25, fewer for a model of fewer units) and what all have."""

    def __init__(self, *, n_components: int = 25, **parameters: Any) -> None:
        super().__init__(**parameters)
        self._n_components = n_components

    def _predict(
        self, x: Array, y: Array, groups: npt.NDArray[np.str_], *, return_prediction: bool = False
    ) -> Predictivity:
        components = min(self._n_components, x.shape[1])
        return pls_predictivity(
            x, y, groups, n_components=components, return_prediction=return_prediction, **self._folds
        )


class LeastSquaresPredictivity(_MappingPredictivity):
    """Ordinary least squares, for models of fewer units than there are samples."""

    _map = staticmethod(ols_predictivity)


class OneToOnePredictivity(_MappingPredictivity):
    """The single best unit for each neuroid."""

    _map = staticmethod(one_to_one_predictivity)


class ProcrustesPredictivity(_MappingPredictivity):
    """A rotation, with one scale: no unit may be weighted more than another."""

    _map = staticmethod(procrustes_predictivity)


def features(model: DataAssembly) -> Array:
    """The model's activations, (n_samples, n_units)."""
    return np.ascontiguousarray(model.values, dtype=np.float64)


def aggregate(table: pd.DataFrame, column: str) -> float:
    """Median over an animal's neuroids, then mean over animals."""
    return float(table.groupby("animal", sort=False)[column].median().mean())
