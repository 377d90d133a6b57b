"""Produced intervals on labelled data: their bias and their spread over the intervals shown, beside an animal's.

An animal's intervals come as one presentation a trial, with the coordinates ``prior`` and ``t_s_ms`` (the interval
shown, in ms); a model's as one presentation a stimulus, in ms, with a neuroid for each trial that it answers with.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from ..core.errors import InvalidDataError
from ..core.labelled import coordinate
from ..core.scores import Score
from .bootstrap import BootstrappedMetric, Resampled
from .functional._resample import child_generators, resample_counts
from .functional.behaviour.error_consistency import stratified_halves
from .needs import Needs
from .samples import sample_groups, sample_variables

__all__ = ["IntervalBias", "IntervalVariability"]

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_FEWEST_TRIALS = 4  # two in each half


@dataclass(frozen=True, eq=False)
class _Trials:
    """Produced intervals with the interval that was shown in each.

    Attributes
    ----------
    produced_ms, shown_ms : array of shape (n_trials,)
    kind : array of int, shape (n_trials,)
        Number of the prior and interval shown.
    """

    produced_ms: Array
    shown_ms: Array
    kind: Ints

    def where(self, chosen: npt.NDArray[np.bool_]) -> _Trials:
        """Some of the trials."""
        return _Trials(self.produced_ms[chosen], self.shown_ms[chosen], self.kind[chosen])

    def mean_by_kind(self, values: Array) -> Array:
        """Mean over the trials of each kind, (n_kinds,)."""
        return np.asarray(np.bincount(self.kind, values) / np.bincount(self.kind))


class _IntervalMetric(BootstrappedMetric):
    """Base: a pattern over priors and intervals shown, and the share of the animal's that a model's explains.

    Subclasses define the pattern.
    """

    _unit = "priors x intervals shown"

    def __init__(self, *, n_splits: int = 100, **bootstrap: Any) -> None:
        super().__init__(**bootstrap)
        self._n_splits = n_splits

    @property
    def needs(self) -> Needs:
        """Kinds of trial for a correlation, each with trials for two halves."""
        return Needs(conditions=3, repetitions=_FEWEST_TRIALS, counted=("prior", "t_s_ms"))

    def __call__(self, model: xr.DataArray, brain: xr.DataArray) -> Score:
        """1 - squared distance of the patterns over that of the animal's to zero; see the metric's card."""
        kinds, trials = _trials(brain)
        own_trials = _model_trials(model, brain)
        own, animal, noise = self._pattern(own_trials), self._pattern(trials), self._noise(trials)
        weights = self._weights(len(kinds))
        parts = [_explained(wrong, animal, weights) for wrong in ((own - animal) ** 2, noise)]
        raw, ceiling = (Resampled(float(part[0]), part[1:]) for part in parts)
        table = kinds.assign(model_ms=own, animal_ms=animal)
        return self._score(
            raw,
            ceiling,
            n_units=len(kinds),
            targets=table,
            facts={"n_trials": len(trials.kind), "r": _r(own, animal), **self._facts(own_trials, trials)},
        )

    def value(self, model: xr.DataArray, brain: xr.DataArray) -> float:
        """The share, not divided by the ceiling."""
        own, animal = self._pattern(_model_trials(model, brain)), self._pattern(_trials(brain)[1])
        return float(_explained((own - animal) ** 2, animal, np.ones((1, len(own))))[0])

    def ceiling(self, brain: xr.DataArray) -> float:
        """The share that the noise of the animal's trials leaves."""
        trials = _trials(brain)[1]
        pattern = self._pattern(trials)
        return float(_explained(self._noise(trials), pattern, np.ones((1, len(pattern))))[0])

    def _pattern(self, trials: _Trials) -> Array:
        raise NotImplementedError

    def _facts(self, own: _Trials, animal: _Trials) -> dict[str, float]:
        raise NotImplementedError

    def _noise(self, trials: _Trials) -> Array:
        """Squared error of the animal's pattern, from halves of its trials, (n_kinds,)."""
        halves = stratified_halves(trials.kind, n_repeats=self._n_splits, seed=self._seed)
        both = ((self._pattern(trials.where(one)), self._pattern(trials.where(~one))) for one in halves)
        # The difference of two halves has four times the variance of the whole.
        return np.asarray(np.mean([(first - second) ** 2 for first, second in both], axis=0)) / 4

    def _weights(self, n_kinds: int) -> Array:
        """Weights of the kinds: once each, and as drawn in each resample, (1 + n_boot, n_kinds)."""
        drawn = resample_counts(child_generators(self._seed, 1)[0], n_kinds, self._bootstrap.n_boot)
        return np.concatenate([np.ones((1, n_kinds)), drawn.numpy()])


class IntervalBias(_IntervalMetric):
    """Share of an animal's bias over priors and intervals that a model's bias explains.

    Parameters
    ----------
    n_splits : int, default=100
        Splits of the animal's trials into halves, for the ceiling.
    n_boot, seed, level : int, int, float
        Bootstrap over the combinations of prior and interval.
    """

    def _pattern(self, trials: _Trials) -> Array:
        """Mean of produced less shown interval in ms."""
        return trials.mean_by_kind(trials.produced_ms - trials.shown_ms)

    def _facts(self, own: _Trials, animal: _Trials) -> dict[str, float]:
        """Root mean square bias in ms."""
        both = (np.sqrt(np.mean(self._pattern(one) ** 2)) for one in (own, animal))
        return dict(zip(("bias_rms_ms", "animal_bias_rms_ms"), map(float, both), strict=True))


class IntervalVariability(_IntervalMetric):
    """Share of the standard deviations of an animal's produced intervals that a model's explain.

    A model that answers alike in all trials has none and scores 0.

    Parameters
    ----------
    n_splits, n_boot, seed, level
        As in `IntervalBias`.
    """

    def _pattern(self, trials: _Trials) -> Array:
        """Standard deviation of produced intervals in ms; 0 where there is one."""
        mean = trials.mean_by_kind(trials.produced_ms)
        deviation = trials.produced_ms - mean[trials.kind]
        n = np.bincount(trials.kind)
        return np.asarray(np.sqrt(trials.mean_by_kind(deviation**2) * n / np.maximum(n - 1, 1)))

    def _facts(self, own: _Trials, animal: _Trials) -> dict[str, float]:
        """Slope of the standard deviation on the mean produced interval: a Weber fraction where it is constant."""
        named = {"sd_slope": own, "animal_sd_slope": animal}
        slopes = {name: self._slope(trials) for name, trials in named.items()}
        return {name: slope for name, slope in slopes.items() if np.isfinite(slope)}

    def _slope(self, trials: _Trials) -> float:
        mean, spread = trials.mean_by_kind(trials.produced_ms), self._pattern(trials)
        off = mean - mean.mean()
        return float(off @ spread / (off @ off)) if (off**2).sum() > 0 else float("nan")


def _trials(brain: xr.DataArray) -> tuple[pd.DataFrame, _Trials]:
    """The kinds of trial in order of their numbers, and the trials."""
    prior, shown = sample_groups(brain, ("prior",)), sample_variables(brain, ("t_s_ms",))[:, 0]
    table = pd.DataFrame({"prior": prior, "t_s_ms": shown})
    kinds = table.drop_duplicates().sort_values(["t_s_ms", "prior"], ignore_index=True)
    number = {kind: place for place, kind in enumerate(kinds.itertuples(index=False, name=None))}
    kind = np.array([number[one] for one in zip(prior.tolist(), shown.tolist(), strict=True)])
    produced = np.asarray(brain.values, dtype=np.float64).reshape(len(shown))
    return kinds, _Trials(produced, shown, kind.astype(np.int64))


def _model_trials(model: xr.DataArray, brain: xr.DataArray) -> _Trials:
    """The model's intervals as trials: each of its stimuli is of the kind that the animal's trials say."""
    _, trials = _trials(brain)
    kind_of, shown_of = (
        dict(zip(coordinate(brain, "condition").tolist(), values.tolist(), strict=True))
        for values in (trials.kind, trials.shown_ms)
    )
    names = coordinate(model, "condition").tolist()
    absent = sorted(set(kind_of) - set(names))
    if absent:
        raise InvalidDataError(
            "The model's intervals", got=f"none for {absent[:3]}", needed="one for each stimulus"
        )
    known = [place for place, name in enumerate(names) if name in kind_of]
    values = np.asarray(model.values, dtype=np.float64)[known]
    kind, shown = (np.repeat([of[names[k]] for k in known], values.shape[1]) for of in (kind_of, shown_of))
    trials = _Trials(values.reshape(-1), shown.astype(np.float64), kind.astype(np.int64))
    # A model's spread is that of its answers to one stimulus: that a read-out differs by context is error.
    own = np.repeat(values.mean(axis=1), values.shape[1])
    return replace(trials, produced_ms=trials.produced_ms - own + trials.mean_by_kind(own)[trials.kind])


def _explained(wrong: Array, animal: Array, weights: Array) -> Array:
    """1 - squared error over squared size, under each row of weights."""
    return np.asarray(1 - weights @ wrong / (weights @ animal**2))


def _r(own: Array, animal: Array) -> float:
    """Pearson r of the patterns; 0 where the model's does not vary."""
    a, b = own - own.mean(), animal - animal.mean()
    norm = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / norm) if norm > 1e-9 * (b @ b) else 0.0
