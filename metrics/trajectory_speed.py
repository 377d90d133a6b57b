"""Relative speed of trajectories on labelled data: does a model run through long intervals as slowly as neurons?

Neurons produce a longer interval by running more slowly through like states (Remington et al. 2018, Sohn et al.
2019). A code of absolute time runs at one speed; its slopes do not vary, and it scores 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from ..core.labelled import coordinate
from ..core.scores import Score
from .bootstrap import BootstrappedMetric, Resampled
from .functional._weighted_correlation import resampled_correlation
from .functional.trajectories.relative_speed import RelativeSpeeds, relative_speeds
from .needs import Needs
from .samples import distinct_splits, features, half_splits, sample_groups, time_since_onset
from .split_half_ceiling import split_half_ceiling

__all__ = ["TrajectorySpeed"]

Array = npt.NDArray[np.float64]
Strings = npt.NDArray[np.str_]


@dataclass(frozen=True, eq=False)
class _Comparison:
    """Trajectories that are compared: in each context the stimuli, each with its samples in order of time.

    Attributes
    ----------
    rows : sequence of array of int
        For each context the samples of all its stimuli.
    stimuli : sequence of array of str
        The stimulus of each of these samples.
    references : sequence of str
        For each context the stimulus of the middle rank.
    """

    rows: list[npt.NDArray[np.int_]]
    stimuli: list[Strings]
    references: list[str]

    @property
    def compared(self) -> list[Strings]:
        """For each context its stimuli but the reference."""
        return [
            np.unique(names[names != one]) for names, one in zip(self.stimuli, self.references, strict=True)
        ]


class TrajectorySpeed(BootstrappedMetric):
    """Correlation of a model's relative speeds with those of neurons, over the stimuli of all conditions.

    In each condition (a context) the stimulus of the middle rank is the reference; the slopes of the others are
    compared. All neurons are pooled: a benchmark's card names an animal.

    Parameters
    ----------
    order : str, default="t_s_ms"
        Coordinate that ranks the stimuli of a condition.
    share, least_components : float, int, default=0.75, 3
        As for :func:`~innerscore.metrics.functional.relative_speeds`.
    n_splits : int, default=10
        Random splits of the repetitions into halves, for the ceiling.
    n_boot, seed, level : int, int, float
        Bootstrap over conditions, with all their stimuli.
    """

    def __init__(
        self,
        *,
        order: str = "t_s_ms",
        share: float = 0.75,
        least_components: int = 3,
        n_splits: int = 10,
        **bootstrap: Any,
    ) -> None:
        super().__init__(**bootstrap)
        self._order, self._n_splits = order, n_splits
        self._options: dict[str, Any] = {"share": share, "least_components": least_components}

    @property
    def needs(self) -> Needs:
        """Two repetitions, whose slopes are compared for the ceiling."""
        return Needs(repetitions=2)

    def __call__(self, model: xr.DataArray, brain: xr.DataArray) -> Score:
        """Pearson r of the slopes, over the root of the reliability of the neurons' slopes."""
        compared = self._comparison(brain)
        contexts = _contexts(brain, compared)
        own, neural = self._slopes(features(model), compared), self._slopes(_average(brain), compared)
        raw, draws = resampled_correlation(own, neural, contexts, **self._bootstrap.draws)
        ceiling, ceiling_draws = self._reliability(brain, compared, contexts)
        found, top = Resampled(raw, draws), Resampled(ceiling, ceiling_draws)
        names = np.concatenate(compared.compared)
        return self._score(
            found,
            top,
            n_units=len(np.unique(contexts)),
            targets=_table(names, own, neural),
            facts={
                "n_slopes": len(own),
                "gain": _gain(own, neural),
                "mean_slope": float(own.mean()),
                "neural_mean_slope": float(neural.mean()),
            },
        )

    def value(self, model: xr.DataArray, brain: xr.DataArray) -> float:
        """Pearson r of the slopes."""
        compared = self._comparison(brain)
        own, neural = (self._slopes(states, compared) for states in (features(model), _average(brain)))
        return resampled_correlation(own, neural, _contexts(brain, compared), n_boot=1, seed=self._seed)[0]

    def ceiling(self, brain: xr.DataArray) -> float:
        """Square root of the reliability of the neurons' slopes."""
        compared = self._comparison(brain)
        return self._reliability(brain, compared, _contexts(brain, compared))[0]

    def neural_speeds(self, brain: xr.DataArray) -> pd.DataFrame:
        """Relative speeds of the neurons, averaged over repetitions.

        Returns
        -------
        speeds : pandas.DataFrame
            A row a stimulus other than the reference of its condition: ``condition``, ``reference``,
            ``stimulus_id``, ``slope`` and ``n_components``, the number of components of the condition.
        """
        compared = self._comparison(brain)
        found = self._speeds(_average(brain), compared)
        stimuli = compared.compared
        sizes = [len(names) for names in stimuli]
        return pd.DataFrame(
            {
                "condition": _contexts(brain, compared),
                "reference": np.repeat(compared.references, sizes),
                "stimulus_id": np.concatenate(stimuli),
                "slope": _without_references(found, compared),
                "n_components": np.repeat([one.n_components for one in found], sizes),
            }
        )

    def _comparison(self, brain: xr.DataArray) -> _Comparison:
        stimulus, context = coordinate(brain, "stimulus_id").astype(str), coordinate(brain, "condition")
        order = np.lexsort((time_since_onset(brain), stimulus))
        rank = sample_groups(brain, (self._order,)).astype(float)
        rows = [order[context[order] == name] for name in dict.fromkeys(context)]
        return _Comparison(
            rows, [stimulus[one] for one in rows], [_middle(stimulus, rank, one) for one in rows]
        )

    def _slopes(self, states: Array, compared: _Comparison, axes_of: Array | None = None) -> Array:
        """The slopes of all stimuli but the references, (n_slopes,); 1 where a model's states never vary."""
        return _without_references(self._speeds(states, compared, axes_of), compared)

    def _speeds(
        self, states: Array, compared: _Comparison, axes_of: Array | None = None
    ) -> list[RelativeSpeeds]:
        """Relative speeds in each condition, in the components of the states or of others."""
        fitted = states if axes_of is None else axes_of
        return [
            relative_speeds(states[rows], stimuli, reference, components_of=fitted[rows], **self._options)
            for rows, stimuli, reference in zip(
                compared.rows, compared.stimuli, compared.references, strict=True
            )
        ]

    def _reliability(
        self, brain: xr.DataArray, compared: _Comparison, contexts: Strings
    ) -> tuple[float, Array]:
        """The ceiling, and in each resample of contexts."""
        trials = np.asarray(brain.values, dtype=np.float64)
        found = []
        for split in half_splits(len(trials), distinct_splits(self._n_splits, len(trials)), self._seed):
            # In the components of all trials: those of a half are more of noise than of what halves share.
            first, second = (
                self._slopes(trials[half].mean(axis=0), compared, trials.mean(axis=0)) for half in split
            )
            found.append(resampled_correlation(first, second, contexts, **self._bootstrap.draws))
        value = split_half_ceiling(np.array([[r for r, _ in found]]))
        return float(value[0]), split_half_ceiling(np.stack([draws for _, draws in found], axis=1))


def _without_references(speeds: Sequence[RelativeSpeeds], compared: _Comparison) -> Array:
    found = [
        one.slopes[np.array(one.conditions) != reference]
        for one, reference in zip(speeds, compared.references, strict=True)
    ]
    return np.asarray(np.nan_to_num(np.concatenate(found), nan=1.0))


def _middle(stimulus: Strings, rank: Array, rows: npt.NDArray[np.int_]) -> str:
    """The stimulus of the middle rank; the upper one of two."""
    names, first = np.unique(stimulus[rows], return_index=True)
    return str(names[np.argsort(rank[rows][first], kind="stable")][len(names) // 2])


def _contexts(brain: xr.DataArray, compared: _Comparison) -> Strings:
    """The condition of each slope."""
    context = coordinate(brain, "condition").astype(str)
    sizes = [len(names) for names in compared.compared]
    return np.repeat([context[rows[0]] for rows in compared.rows], sizes)


def _average(brain: xr.DataArray) -> Array:
    average: Array = np.asarray(brain.values, dtype=np.float64).mean(axis=0)
    return average


def _table(names: Strings, own: Array, neural: Array) -> pd.DataFrame:
    """Slope of the model, of the neurons, and their ratio, a row a stimulus."""
    return pd.DataFrame({"stimulus_id": names, "raw": own, "ceiling": neural, "normalised": own / neural})


def _gain(own: Array, neural: Array) -> float:
    """Slope of the model's slopes on the neurons', by least squares; NaN where the neurons' do not vary."""
    deviation = neural - neural.mean()
    spread = float(deviation @ deviation)
    return float(deviation @ own) / spread if spread > 0 else float("nan")
