"""Similarity of whole representations on labelled data, without fitting a map: CKA and Procrustes shape.

Both compare a model with each animal's average over repetitions. The ceiling comes from split halves: the
similarity of two halves, as a correlation-like number, is taken to full length by Spearman-Brown, and its square
root is what the true model can reach (calibrated in the tests on simulations of known truth).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from ..core.labelled import coordinate
from ..core.resamples import Resamples
from ..core.scores import Estimate, Score
from .functional.similarity.cka import linear_cka
from .functional.similarity.procrustes_shape import procrustes_similarity
from .functional.statistics.reliability import spearman_brown
from .interface import Metric
from .needs import Needs
from .samples import by_animal, features, half_splits

__all__ = ["CkaSimilarity", "ProcrustesShapeSimilarity"]

Array = npt.NDArray[np.float64]

_UNIT = "conditions (jackknife)"


class _SimilarityMetric(Metric):
    """A similarity of two matrices of responses to the same samples.

    Parameters
    ----------
    n_splits : int, default=4
        Random splits of the repetitions into halves, for the ceiling.
    seed : int, default=0
        Seed of the splits.
    level : float, default=0.95
        Nominal coverage of the interval, from the jackknife over conditions: an interval by resampling with
        replacement would count a condition's similarity to its own copy.
    """

    def __init__(self, *, n_splits: int = 4, seed: int = 0, level: float = 0.95) -> None:
        self._n_splits, self._seed, self._level = n_splits, seed, level

    @property
    def needs(self) -> Needs:
        """Conditions of which the jackknife can leave one out, and two repetitions for the ceiling."""
        return Needs(conditions=3, repetitions=2)

    def __call__(self, model: xr.DataArray, brain: xr.DataArray) -> Score:
        """Similarity with each animal, averaged over animals."""
        table = self._table(features(model), brain)
        conditions = coordinate(brain, "condition")
        left_out = np.array(
            [
                self._means(features(model)[kept], brain.isel(presentation=np.flatnonzero(kept)))
                for kept in (conditions != name for name in dict.fromkeys(conditions))
            ]
        )
        means = table[["raw", "ceiling", "normalised"]].mean().to_numpy()
        raw, ceiling, normalised = (
            self._estimate(value, column) for value, column in zip(means, left_out.T, strict=True)
        )
        facts: dict[str, str | int | float] = {
            "n_samples": len(conditions),
            "n_conditions": len(left_out),
            "n_neuroids": brain.sizes["neuroid"],
        }
        columns = dict(zip(("raw", "ceiling", "normalised"), left_out.T, strict=True))
        resamples = Resamples.of("jackknife", len(left_out), **columns)
        return Score(raw, ceiling, normalised, table, facts, resamples=resamples)

    def value(self, model: xr.DataArray, brain: xr.DataArray) -> float:
        """Similarity with each animal's average, averaged over animals."""
        x = features(model)
        return float(np.mean([self._similarity(x, trials.mean(axis=0)) for _, trials in by_animal(brain)]))

    def ceiling(self, brain: xr.DataArray) -> float:
        """Score that the true model can reach, averaged over animals."""
        return float(np.mean([self._ceiling(trials) for _, trials in by_animal(brain)]))

    def _similarity(self, x: Array, y: Array) -> float:
        raise NotImplementedError

    def _as_correlation(self, similarity: float) -> float:
        return similarity

    def _from_correlation(self, correlation: float) -> float:
        return correlation

    def _table(self, x: Array, brain: xr.DataArray) -> pd.DataFrame:
        rows = [
            {"animal": animal, "raw": self._similarity(x, y.mean(axis=0)), "ceiling": self._ceiling(y)}
            for animal, y in by_animal(brain)
        ]
        table = pd.DataFrame(rows)
        return table.assign(normalised=table["raw"] / table["ceiling"])

    def _means(self, x: Array, brain: xr.DataArray) -> list[float]:
        return [float(value) for value in self._table(x, brain)[["raw", "ceiling", "normalised"]].mean()]

    def _ceiling(self, trials: Array) -> float:
        halves = [
            self._as_correlation(self._similarity(trials[first].mean(axis=0), trials[second].mean(axis=0)))
            for first, second in half_splits(len(trials), self._n_splits, self._seed)
        ]
        reliability = float(np.mean([spearman_brown(half) for half in halves]))
        return self._from_correlation(math.sqrt(reliability)) if reliability > 0 else math.nan

    def _estimate(self, value: float, left_out: Array) -> Estimate:
        """Normal interval with the delete-one-condition jackknife's standard error (Efron 1982, eq. 3.2)."""
        n = len(left_out)
        error = math.sqrt((n - 1) / n * float(((left_out - left_out.mean()) ** 2).sum()))
        reach = _normal_quantile((1 + self._level) / 2) * error
        return Estimate(float(value), float(value) - reach, float(value) + reach, self._level, _UNIT)


class CkaSimilarity(_SimilarityMetric):
    """Debiased linear centred kernel alignment."""

    def _similarity(self, x: Array, y: Array) -> float:
        return linear_cka(x, y)


class ProcrustesShapeSimilarity(_SimilarityMetric):
    """One minus the angular Procrustes distance in right angles; the cosine of the angle is correlation-like."""

    def _similarity(self, x: Array, y: Array) -> float:
        return procrustes_similarity(x, y)

    def _as_correlation(self, similarity: float) -> float:
        return math.cos((1 - similarity) * math.pi / 2)

    def _from_correlation(self, correlation: float) -> float:
        return 1 - math.acos(min(correlation, 1.0)) * 2 / math.pi


def _normal_quantile(probability: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(probability))
