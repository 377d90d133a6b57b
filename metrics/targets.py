"""The neuroids that predictivity is measured on, the same for all models, and how samples are held out.

Which neuroids are scored depends on the recording alone: those that were recorded in every fold, vary there, and
are reliable enough. What a model fails on counts as chance.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from ..core.errors import UnfitRecordingError
from ..core.labelled import coordinate
from .functional.mapping._condition_sums import ConditionSums
from .functional.mapping.noise_ceiling import half_response_sums, held_out_reliability
from .recorded_together import RecordedTogether, gathered, recorded_together
from .samples import distinct_splits

__all__ = ["Split", "Targets", "aggregate", "joined_sums", "neuroid_reliability", "reliable_targets"]

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Strings = npt.NDArray[np.str_]


@dataclass(frozen=True, eq=False)
class Split:
    """One division of samples into held-out folds.

    Attributes
    ----------
    folds : array of int, shape (n_samples,)
        The fold in which a sample is tested; -1 where it is trained on only.
    inner_groups : array of str, shape (n_samples,)
        Group of each sample that inner folds, on which a penalty is chosen, keep together.
    resampled : array of str, shape (n_samples,)
        Units that intervals resample: the condition of each sample.
    """

    folds: Ints
    inner_groups: Strings
    resampled: Strings


@dataclass(frozen=True, eq=False)
class Targets:
    """The neuroids that are scored.

    Attributes
    ----------
    trials : array of shape (n_repetitions, n_samples, n_neuroids)
        Responses; NaN where a neuroid was not recorded at a sample.
    conditions : array of str, shape (n_samples,)
    table : pandas.DataFrame
        Identifier, animal and region of each neuroid.
    reliability : array of shape (n_neuroids,)
        Reliability of the average over repetitions, within folds.
    together : sequence of RecordedTogether
        Neuroids grouped by the samples that they have.
    n_left_out : int
        Number of neuroids of the recording that are not scored.
    """

    trials: Array
    conditions: Strings
    table: pd.DataFrame
    reliability: Array
    together: Sequence[RecordedTogether]
    n_left_out: int

    @cached_property
    def average(self) -> Array:
        """Mean over repetitions, (n_samples, n_neuroids)."""
        return np.asarray(self.trials.mean(axis=0))

    @property
    def ceiling(self) -> Array:
        """The noise ceiling of each neuroid, (n_neuroids,)."""
        return np.sqrt(self.reliability)

    @property
    def animals(self) -> Strings:
        """The animal of each neuroid."""
        return self.table["animal"].to_numpy(dtype=str)

    @property
    def facts(self) -> dict[str, str | int | float]:
        """Counts of scored samples, conditions and targets, and of targets left out."""
        n_samples = len(self.conditions)
        partly = sum(len(group.columns) for group in self.together if len(group.rows) < n_samples)
        return {
            "n_samples": n_samples,
            "n_conditions": len(np.unique(self.conditions)),
            "n_targets": len(self.table),
            "n_targets_left_out": self.n_left_out,
            "n_targets_partly_recorded": partly,
        }

    def half_sums(self, split: Split, *, n_splits: int, seed: int) -> ConditionSums:
        """Sums of the half responses on the tested samples, for the interval of the ceiling."""
        n = distinct_splits(n_splits, len(self.trials))

        def of(group: RecordedTogether) -> ConditionSums:
            tested = RecordedTogether(group.rows[split.folds[group.rows] >= 0], group.columns)
            conditions, folds = split.resampled[tested.rows], split.folds[tested.rows]
            return half_response_sums(tested.of(self.trials), conditions, folds, n_splits=n, seed=seed)

        return joined_sums(self, split, ((group, of(group)) for group in self.together))


def neuroid_reliability(brain: xr.DataArray, splits: Sequence[Split], *, n_splits: int, seed: int) -> Array:
    """Reliability of each neuroid's average within the folds, averaged over the splits, (n_neuroids,).

    Parameters
    ----------
    brain : assembly of dims (repetition, presentation, neuroid)
    splits : sequence of Split
        Divisions of the samples into held-out folds.
    n_splits, seed : int
        Random splits of the repetitions.

    Returns
    -------
    reliability : array of shape (n_neuroids,)
        NaN for a neuroid that no model can be scored on.
    """
    trials = np.asarray(brain.values, dtype=np.float64)
    n = distinct_splits(n_splits, len(trials))

    def of(group: RecordedTogether) -> Array:
        within = [_within(group.of(trials), split.folds, group, n, seed) for split in splits]
        return np.asarray(np.mean(within, axis=0))

    together = recorded_together(np.asarray(np.isfinite(trials).all(axis=0)))
    return gathered(((group, of(group)) for group in together), trials.shape[2:])


def reliable_targets(brain: xr.DataArray, reliability: Array, *, least: float) -> Targets:
    """The neuroids that are scored, chosen before any model is looked at.

    Parameters
    ----------
    brain : assembly of dims (repetition, presentation, neuroid)
    reliability : array of shape (n_neuroids,)
        Reliability from :func:`neuroid_reliability`.
    least : float
        Neuroids less reliable than this are left out and counted.

    Raises
    ------
    UnfitRecordingError
        If none is reliable enough.
    """
    kept = np.flatnonzero(reliability >= least)  # NaN is not
    if not len(kept):
        raise UnfitRecordingError(
            "The recording",
            got=f"no neuroid of reliability {least} or more within the held-out folds, among {len(reliability)}",
            needed="at least one reliable neuroid",
        )
    names = ("neuroid_id", "animal", "region")
    trials = np.asarray(brain.values, dtype=np.float64)[:, :, kept]
    return Targets(
        trials=trials,
        conditions=coordinate(brain, "condition"),
        table=pd.DataFrame({name: coordinate(brain, name)[kept] for name in names}),
        reliability=reliability[kept],
        together=recorded_together(np.asarray(np.isfinite(trials).all(axis=0))),
        n_left_out=len(reliability) - len(kept),
    )


def _within(trials: Array, folds: Ints, group: RecordedTogether, n_splits: int, seed: int) -> Array:
    """Reliability within the folds; NaN for neuroids that lack a fold."""
    own = folds[group.rows]
    if set(np.unique(folds)) - set(np.unique(own)):
        return np.full(len(group.columns), np.nan)
    return np.asarray(held_out_reliability(trials, own, n_splits=n_splits, seed=seed))


def joined_sums(
    targets: Targets, split: Split, parts: Iterable[tuple[RecordedTogether, ConditionSums]]
) -> ConditionSums:
    """Sums per condition of all neuroids from those of neuroids recorded together; 0 where nothing was recorded."""
    tested = split.folds >= 0
    conditions, first = np.unique(split.resampled[tested], return_index=True)
    whole: Array | None = None
    for group, sums in parts:
        values = np.asarray(sums.values)
        own = np.unique(split.resampled[group.rows[tested[group.rows]]])
        if whole is None:
            whole = np.zeros((len(values), len(conditions), values.shape[2], len(targets.table)))
        rows = np.searchsorted(conditions, own)
        whole[:, rows[:, None], :, group.columns] = np.moveaxis(values, (1, 3), (0, 1))
    return ConditionSums(np.asarray(whole), split.folds[tested][first].astype(np.float64))


def aggregate(table: pd.DataFrame, column: str) -> float:
    """Median over an animal's neuroids, then mean over animals, each weighted by its number of neuroids."""
    by_animal = table.groupby("animal", sort=False)[column]
    return float(np.average(by_animal.median(), weights=by_animal.size()))
