"""Intervals decoded on labelled data: the one to be produced, and the one that has passed, from states elsewhere.

Both read-outs are asked where they were not fitted: the produced interval with another effector and direction,
elapsed time under the other prior. A model's states and the neurons' are read out alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from ..core.errors import UnfitRecordingError
from ..core.labelled import coordinate
from ..core.scores import Score
from .bootstrap import BootstrappedMetric, Resampled
from .decoding import BallDecoding, Question
from .functional._resample import child_generators, resample_counts
from .functional._splits import condition_codes, n_conditions
from .functional.decoding.decoding import Decoding
from .functional.decoding.held_out_readout import held_out_readout
from .needs import Needs
from .samples import distinct_splits, features, half_splits, sample_groups, sample_variables, time_since_onset

__all__ = ["IntervalDecoding", "TimeScaling"]

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_FEWEST = 4  # intervals of a prior in a time bin, of which a correlation is taken


class IntervalDecoding(BallDecoding):
    """Accuracy of decoding the produced interval early in its production from the model, compared with neurons.

    The mean produced interval of each stimulus is read out by one ridge map for all time bins of the window, fitted
    with other effectors and directions. r is that over stimuli of one prior in one time bin: across priors, a
    model that knows the prior alone would do well.

    Parameters
    ----------
    variables : sequence of str, default=("t_p_ms",)
        Decoded variable, one that is constant over a stimulus.
    window_ms : float, default=360
        Length of the window from the epoch's onset.
    held_out : sequence of str, default=("effector", "direction")
        Coordinates of which each combination is held out by itself.
    within : str, default="prior"
        Coordinate within whose values r is taken.
    n_inner : int, default=4
        Inner folds over conditions, for the choice of the penalty.
    n_boot, seed, level : int, int, float
        Bootstrap over conditions.
    """

    _label = "samples"

    def __init__(
        self,
        *,
        variables: Sequence[str] = ("t_p_ms",),
        window_ms: float = 360.0,
        held_out: Sequence[str] = ("effector", "direction"),
        within: str = "prior",
        n_inner: int = 4,
        **bootstrap: Any,
    ) -> None:
        super().__init__(variables=variables, **bootstrap)
        self._window_ms, self._groups, self._within = window_ms, tuple(held_out), within
        self._n_inner = n_inner

    @property
    def needs(self) -> Needs:
        """Two groups to fit on and one to predict."""
        return Needs(conditions=3, counted=self._groups)

    @property
    def needs_for_choice(self) -> Needs:
        """A group to fit on and one to predict."""
        return Needs(conditions=2, counted=self._groups)

    def _question(self, brain: xr.DataArray) -> Question:
        """The bins of the window, each within each prior."""
        truth, time = sample_variables(brain, self._variables), time_since_onset(brain)
        known = np.asarray(np.isfinite(truth).all(axis=1) & (time < self._window_ms))
        held_out = sample_groups(brain, self._groups)[known]
        within, bins = sample_groups(brain, (self._within,))[known], time[known]
        tested: dict[object, npt.NDArray[np.bool_]] = {
            f"{name}, {start:g} ms": (within == name) & (bins == start)
            for name in dict.fromkeys(within.tolist())
            for start in np.unique(bins)
        }
        kept = {name: rows for name, rows in tested.items() if rows.sum() >= _FEWEST}
        if not kept:
            raise UnfitRecordingError(
                "The recording",
                got=f"no time bin with {_FEWEST} intervals of one {self._within} within {self._window_ms:g} ms",
                needed="at least one such bin",
            )
        return Question(
            known=known,
            truth=truth[known],
            conditions=coordinate(brain, "condition").astype(str)[known],
            held_out=held_out == np.unique(held_out)[:, None],
            tested=kept,
        )

    def _decode(self, states: Array, question: Question) -> Decoding:
        """Predictions of all samples together, each by the map that did not see its group."""
        folds = question.held_out.argmax(axis=0)
        found = held_out_readout(
            np.ascontiguousarray(states[question.known]),
            question.truth,
            question.conditions,
            folds,
            n_inner=self._n_inner,
            seed=self._seed,
        )
        everywhere = np.ones((1, len(folds)), dtype=bool)
        return Decoding(np.asarray(found)[None], question.truth.mean(axis=0, keepdims=True), everywhere)

    def _labels(self, question: Question) -> Sequence[object]:
        return list(question.tested)

    def _facts(self, table: pd.DataFrame) -> dict[str, float]:
        """Mean r within each prior, of the model and of the neurons."""
        kind = table["samples"].str.split(", ").str[0]
        means = table.groupby(kind, sort=False)[["raw", "ceiling"]].mean()
        own = {f"r_{name}": float(value) for name, value in means["raw"].items()}
        return {**own, **{f"neural_r_{name}": float(value) for name, value in means["ceiling"].items()}}


@dataclass(frozen=True, eq=False)
class _Elapsed:
    """Elapsed time at the samples, and where it is read out.

    Attributes
    ----------
    time_ms : array of shape (n_samples, 1)
    contexts : array of str, shape (n_samples,)
    fold : array of int, shape (n_samples,)
        The prior of a sample, whose time is read out by the map of the other.
    """

    time_ms: Array
    contexts: npt.NDArray[np.str_]
    priors: list[str]
    fold: Ints


class TimeScaling(BootstrappedMetric):
    """Slopes of elapsed time read out under one prior by a map fitted under the other, compared with neurons.

    Where time is coded relative to the prior, time read out by the map of longer intervals runs too fast under the
    shorter prior and too slowly the other way round; of a clock both slopes are 1.

    Parameters
    ----------
    between : str, default="prior"
        Coordinate of two values or more; each is read out by the map of the others.
    n_inner : int, default=4
        Inner folds over conditions, for the choice of the penalty.
    n_splits : int, default=10
        Random splits of the repetitions into halves, for the ceiling.
    n_boot, seed, level : int, int, float
        Bootstrap over conditions.
    """

    def __init__(
        self, *, between: str = "prior", n_inner: int = 4, n_splits: int = 10, **bootstrap: Any
    ) -> None:
        super().__init__(**bootstrap)
        self._between, self._n_inner, self._n_splits = between, n_inner, n_splits

    @property
    def needs(self) -> Needs:
        """A prior to fit under and one to predict, and two repetitions for the ceiling."""
        return Needs(conditions=2, repetitions=2, counted=(self._between,))

    @property
    def needs_for_choice(self) -> Needs:
        """The same, since all layers are compared under both."""
        return self.needs

    def __call__(self, model: xr.DataArray, brain: xr.DataArray) -> Score:
        """1 - squared distance of the slopes to the neurons' over that of a clock's slopes to them."""
        asked, weights = self._asked(brain), self._weights(brain)
        own, neural = self._slopes(features(model), asked, weights), self._neural(brain, asked, weights)
        noise = self._noise(brain, asked, weights)
        parts = [_likeness(((own - neural) ** 2).sum(axis=1), neural), _likeness(noise, neural)]
        raw, ceiling = (Resampled(float(part[0]), part[1:]) for part in parts)
        table = pd.DataFrame({self._between: asked.priors, "raw": own[0], "ceiling": neural[0]})
        table["normalised"] = table["raw"] / table["ceiling"]
        slopes = dict(zip(asked.priors, own[0], strict=True))
        return self._score(
            raw,
            ceiling,
            n_units=len(np.unique(asked.contexts)),
            targets=table,
            facts={
                "n_samples": len(asked.fold),
                **{f"slope_{name}": float(slope) for name, slope in slopes.items()},
                **{f"neural_slope_{name}": float(k) for name, k in zip(asked.priors, neural[0], strict=True)},
            },
        )

    def value(self, model: xr.DataArray, brain: xr.DataArray) -> float:
        """The likeness of slopes, not divided by the ceiling."""
        asked = self._asked(brain)
        once = np.ones((1, len(asked.fold)))
        own, neural = self._slopes(features(model), asked, once), self._neural(brain, asked, once)
        return float(_likeness(((own - neural) ** 2).sum(axis=1), neural)[0])

    def ceiling(self, brain: xr.DataArray) -> float:
        """The likeness that the noise of the neurons' slopes allows."""
        asked = self._asked(brain)
        once = np.ones((1, len(asked.fold)))
        return float(_likeness(self._noise(brain, asked, once), self._neural(brain, asked, once))[0])

    def neural_slopes(self, brain: xr.DataArray) -> dict[str, float]:
        """Slopes of time as read out of the neurons' average, by the value under which it is read."""
        asked = self._asked(brain)
        slopes = self._neural(brain, asked, np.ones((1, len(asked.fold))))[0]
        return dict(zip(asked.priors, slopes.tolist(), strict=True))

    def _asked(self, brain: xr.DataArray) -> _Elapsed:
        names = sample_groups(brain, (self._between,))
        priors, fold = np.unique(names, return_inverse=True)
        contexts = coordinate(brain, "condition").astype(str)
        return _Elapsed(time_since_onset(brain)[:, None], contexts, priors.tolist(), fold.astype(np.int64))

    def _weights(self, brain: xr.DataArray) -> Array:
        """Weights of the samples: as they are, and in each resample of conditions, (1 + n_boot, n_samples)."""
        codes = condition_codes(coordinate(brain, "condition"), brain.sizes["presentation"])
        rng = child_generators(self._seed, 1)[0]
        drawn = resample_counts(rng, n_conditions(codes), self._bootstrap.n_boot).numpy()[:, codes]
        return np.concatenate([np.ones((1, len(codes))), drawn])

    def _neural(self, brain: xr.DataArray, asked: _Elapsed, weights: Array) -> Array:
        return self._slopes(np.asarray(brain.values, dtype=np.float64).mean(axis=0), asked, weights)

    def _noise(self, brain: xr.DataArray, asked: _Elapsed, weights: Array) -> Array:
        """Squared error of the neurons' slopes, from those of halves, averaged over splits; (n_weightings,)."""
        trials = np.asarray(brain.values, dtype=np.float64)
        found = []
        for split in half_splits(len(trials), distinct_splits(self._n_splits, len(trials)), self._seed):
            first, second = (self._slopes(trials[half].mean(axis=0), asked, weights) for half in split)
            # The difference of two halves has four times the variance of the whole.
            found.append(((first - second) ** 2).sum(axis=1) / 4)
        return np.asarray(np.mean(found, axis=0))

    def _slopes(self, states: Array, asked: _Elapsed, weights: Array) -> Array:
        """Slope of read-out on true time under each prior, (n_weightings, n_priors)."""
        read = held_out_readout(
            np.ascontiguousarray(states),
            asked.time_ms,
            asked.contexts,
            asked.fold,
            n_inner=self._n_inner,
            seed=self._seed,
        )
        found, time = np.asarray(read)[:, 0], asked.time_ms[:, 0]
        under = (asked.fold == place for place in range(len(asked.priors)))
        return np.stack([_slope(time[rows], found[rows], weights[:, rows]) for rows in under], axis=1)


def _slope(x: Array, y: Array, weights: Array) -> Array:
    """Least-squares slope of y on x under each row of weights; NaN where nothing was drawn."""
    total = weights.sum(axis=1)
    total = np.where(total > 0, total, np.nan)
    mean_x, mean_y = weights @ x / total, weights @ y / total
    return np.asarray((weights @ (x * y) / total - mean_x * mean_y) / (weights @ (x * x) / total - mean_x**2))


def _likeness(squared: Array, neural: Array) -> Array:
    """1 - squared distance to the neurons' slopes over that of a clock, whose slopes are 1."""
    return np.asarray(1 - squared / ((neural - 1) ** 2).sum(axis=1))
