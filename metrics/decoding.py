"""Decoding on labelled data: task variables decoded from a model's states, compared with the neurons.

Both are read out by least squares on the same splits of the conditions. The ceiling is the neurons' own
accuracy: a model at the ceiling has as much information on the hidden ball as the recording does. It is no bound;
a model that has more is above it and is flagged as such, never clipped.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from ..core.errors import UnfitRecordingError
from ..core.labelled import coordinate
from ..core.scores import Score
from .bootstrap import BootstrappedMetric, Resampled
from .functional.decoding.bootstrap import bootstrap_decoding, bootstrap_decoding_skill
from .functional.decoding.decoding import (
    Decoding,
    consecutive_splits,
    decode,
    principal_components,
    random_splits,
)
from .needs import Needs
from .samples import features, sample_epoch, sample_variables

__all__ = ["BallDecoding", "EndpointDecoding", "Question", "SimulationIndex"]

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_FEWEST_CONDITIONS = 10  # held out in a time bin, for r over conditions to mean something


@dataclass(frozen=True, eq=False)
class Question:
    """The variables to decode and the samples to decode them at: those at which all variables are known.

    Attributes
    ----------
    known : bool array of shape (n_all_samples,)
        Whether a sample of the recording is one of them.
    truth : array of shape (n_samples, n_variables)
    conditions : array of str, shape (n_samples,)
    held_out : bool array of shape (n_splits, n_samples)
    tested : mapping of a label to bool array of shape (n_samples,)
        Sets of samples that are scored separately, such as time bins.
    """

    known: Mask
    truth: Array
    conditions: npt.NDArray[np.str_]
    held_out: Mask
    tested: Mapping[Any, Mask]


class _DecodingMetric(BootstrappedMetric):
    """Base of the decoding metrics: states in few dimensions, the task's variables as targets.

    Subclasses define the scored samples (`_question`) and the accuracy of a decoding (`_accuracy` and,
    in resamples of the conditions, `_resampled_accuracy`); the value is the mean over their columns.
    """

    _label = "variable"

    def __init__(
        self,
        *,
        variables: Sequence[str],
        scored: str = "occluded",
        n_components: int = 50,
        **bootstrap: Any,
    ) -> None:
        super().__init__(**bootstrap)
        self._variables, self._scored, self._n_components = tuple(variables), scored, n_components

    def __call__(self, model: xr.DataArray, brain: xr.DataArray) -> Score:
        """Decoding accuracy, averaged over the decoded variables; see the metric's card."""
        question = self._question(brain)
        answers = [self._decode(states, question) for states in (features(model), _neural_states(brain))]
        raw, neural = (self._accuracy(answer, question) for answer in answers)
        table = pd.DataFrame({self._label: self._labels(question), "raw": raw, "ceiling": neural})
        table["normalised"] = table["raw"] / table["ceiling"]
        table["mae"], table["neural_mae"] = (_errors(answer, question) for answer in answers)
        model_part, neural_part = (
            Resampled(float(accuracy.mean()), self._resampled_accuracy(answer, question).mean(axis=1))
            for accuracy, answer in zip((raw, neural), answers, strict=True)
        )
        return self._score(
            model_part,
            neural_part,
            n_units=len(np.unique(question.conditions)),
            targets=table,
            facts={**_counts(question), **self._facts(table)},
        )

    def value(self, model: xr.DataArray, brain: xr.DataArray) -> float:
        """The model's accuracy alone."""
        question = self._question(brain)
        return float(self._accuracy(self._decode(features(model), question), question).mean())

    def ceiling(self, brain: xr.DataArray) -> float:
        """The neurons' accuracy."""
        question = self._question(brain)
        return float(self._accuracy(self._decode(_neural_states(brain), question), question).mean())

    def _question(self, brain: xr.DataArray) -> Question:
        """All samples of the scored epoch together."""
        truth = sample_variables(brain, self._variables)
        known = np.asarray(np.isfinite(truth).all(axis=1))
        conditions = coordinate(brain, "condition").astype(str)[known]
        tested = {0.0: sample_epoch(brain, self._scored)[known]}
        return Question(known, truth[known], conditions, self._splits(conditions), tested)

    def _splits(self, conditions: npt.NDArray[np.str_]) -> Mask:
        raise NotImplementedError

    def _accuracy(self, answer: Decoding, question: Question) -> Array:
        raise NotImplementedError

    def _resampled_accuracy(self, answer: Decoding, question: Question) -> Array:
        raise NotImplementedError

    def _labels(self, question: Question) -> Sequence[object]:  # noqa: ARG002
        return self._variables

    def _facts(self, table: pd.DataFrame) -> dict[str, float]:
        """The errors by variable, in the variable's unit."""
        named = {f"mae_{name}": value for name, value in zip(table["variable"], table["mae"], strict=True)}
        neural = zip(table["variable"], table["neural_mae"], strict=True)
        return {**named, **{f"neural_mae_{name}": value for name, value in neural}}

    def _decode(self, states: Array, question: Question) -> Decoding:
        components = np.asarray(principal_components(states[question.known], self._n_components))
        return decode(components, question.truth, question.held_out)


class BallDecoding(_DecodingMetric):
    """Accuracy of decoding the hidden ball's state from the model, compared with neurons.

    Parameters
    ----------
    variables : sequence of str
        Variables of the task, as coordinates of the recording.
    scored : str, default="occluded"
        The epoch that is scored; read-outs are fitted on all samples of the benchmark's epoch.
    n_components : int, default=50
        Principal components of the states.
    n_splits, train_share : int, float
        Random splits of the conditions and the share that is fitted on.
    n_boot, seed, level : int, int, float
        Bootstrap over conditions.
    """

    def __init__(
        self,
        *,
        variables: Sequence[str] = ("ball_x_deg", "ball_y_deg", "ball_dx", "ball_dy"),
        n_splits: int = 100,
        train_share: float = 0.5,
        **parameters: Any,
    ) -> None:
        super().__init__(variables=variables, **parameters)
        self._n_splits, self._train_share = n_splits, train_share

    def _splits(self, conditions: npt.NDArray[np.str_]) -> Mask:
        return random_splits(
            conditions, n_splits=self._n_splits, train_share=self._train_share, seed=self._seed
        )

    def _accuracy(self, answer: Decoding, question: Question) -> Array:
        """Pearson r, averaged over splits; a column for each variable, or set of tested samples."""
        columns = [np.nanmean(answer.r(question.truth, rows), axis=0) for rows in question.tested.values()]
        return np.concatenate(columns)

    def _resampled_accuracy(self, answer: Decoding, question: Question) -> Array:
        columns = [
            bootstrap_decoding(
                answer, question.truth, question.conditions, samples=rows, **self._bootstrap.draws
            )
            for rows in question.tested.values()
        ]
        return np.concatenate([np.asarray(column) for column in columns], axis=1)


class EndpointDecoding(BallDecoding):
    """Accuracy of early decoding of the ball's final height from the model, compared with neurons.

    One map is fitted on all time bins together and tested in each: r over held-out conditions in each bin
    since motion onset, averaged over a window.

    Parameters
    ----------
    variables : sequence of str, default=("final_y_deg",)
        Decoded variable, one that is constant over a trial.
    scored : str, default="visible"
        The epoch in which a condition counts.
    window_ms : pair of float, default=(250, 1250)
        Bins that begin at or after the first and before the second, in ms since motion onset, are averaged.
    onset_ms : float, default=300
        Time of motion onset on the recording's time axis.
    options
        As in `BallDecoding`.
    """

    _label = "time_ms"

    def __init__(
        self,
        *,
        variables: Sequence[str] = ("final_y_deg",),
        scored: str = "visible",
        window_ms: tuple[float, float] = (250.0, 1250.0),
        onset_ms: float = 300.0,
        **options: Any,
    ) -> None:
        super().__init__(variables=variables, scored=scored, **options)
        self._window, self._onset_ms = window_ms, onset_ms

    def _question(self, brain: xr.DataArray) -> Question:
        """Each time bin of the window separately, if enough conditions are in it."""
        asked = super()._question(brain)
        start = coordinate(brain, "time_bin_start_ms")[asked.known] - self._onset_ms
        inside = [time for time in np.unique(start) if self._window[0] <= time < self._window[1]]
        bins = {float(time): asked.tested[0.0] & (start == time) for time in inside}
        fewest = _FEWEST_CONDITIONS / (1 - self._train_share)
        kept = {time: rows for time, rows in bins.items() if rows.sum() >= fewest}
        if not kept:
            raise UnfitRecordingError(
                "The recording",
                got=f"no time bin with {fewest:.0f} conditions among {len(bins)} in {self._window} ms",
                needed=f"at least one such bin in the epoch '{self._scored}'",
            )
        return replace(asked, tested=kept)

    @property
    def needs(self) -> Needs:
        """Conditions of which enough are held out in a time bin."""
        return Needs(conditions=math.ceil(_FEWEST_CONDITIONS / (1 - self._train_share)))

    def _labels(self, question: Question) -> Sequence[object]:
        return list(question.tested)

    def _facts(self, table: pd.DataFrame) -> dict[str, float]:
        """Rise of r with time: the correlation of r with time, for the model and for the neurons."""
        time = table["time_ms"].astype(float)
        return {"rise": time.corr(table["raw"]), "neural_rise": time.corr(table["ceiling"])}


class SimulationIndex(_DecodingMetric):
    """Precision of decoding the hidden ball's position from the model, as a share of chance error removed.

    The published index is the mean absolute error itself, lower being better (Rajalingham et al. 2022); here
    1 - error / error of the mean position, so that higher is better and 0 is chance. The error is in the facts.

    Parameters
    ----------
    variables : sequence of str, default=("ball_x_deg", "ball_y_deg")
        Position of the ball.
    scored : str, default="occluded"
        The epoch that is tested; the read-out is fitted on all samples of the benchmark's epoch.
    n_splits : int, default=2
        Runs of consecutive conditions, each held out once.
    n_components, n_boot, seed, level
        As in `BallDecoding`.
    """

    def __init__(
        self,
        *,
        variables: Sequence[str] = ("ball_x_deg", "ball_y_deg"),
        n_splits: int = 2,
        **parameters: Any,
    ) -> None:
        super().__init__(variables=variables, **parameters)
        self._n_splits = n_splits

    @property
    def needs(self) -> Needs:
        """A condition for each run that is held out."""
        return Needs(conditions=self._n_splits)

    def _splits(self, conditions: npt.NDArray[np.str_]) -> Mask:
        return consecutive_splits(conditions, n_splits=self._n_splits)

    def _accuracy(self, answer: Decoding, question: Question) -> Array:
        """1 - mean absolute error over that of the mean position."""
        (rows,) = question.tested.values()
        errors = (answer.mae(question.truth, rows), answer.chance_mae(question.truth, rows))
        error, chance = (np.mean(np.asarray(each), axis=0) for each in errors)
        return np.asarray(1 - error / chance)

    def _resampled_accuracy(self, answer: Decoding, question: Question) -> Array:
        (rows,) = question.tested.values()
        skill = bootstrap_decoding_skill(
            answer, question.truth, question.conditions, samples=rows, **self._bootstrap.draws
        )
        return np.asarray(skill)

    def _facts(self, table: pd.DataFrame) -> dict[str, float]:
        return {**super()._facts(table), "simulation_index_deg": float(table["mae"].mean())}


def _neural_states(brain: xr.DataArray) -> Array:
    """The average over repetitions, (n_samples, n_neuroids)."""
    return np.ascontiguousarray(np.asarray(brain.values, dtype=np.float64).mean(axis=0))


def _errors(answer: Decoding, question: Question) -> Array:
    """Mean absolute error, a value for each variable or set of tested samples."""
    by_set = [
        np.mean(np.asarray(answer.mae(question.truth, rows)), axis=0) for rows in question.tested.values()
    ]
    return np.concatenate(by_set)


def _counts(question: Question) -> dict[str, int]:
    tested = np.logical_or.reduce(list(question.tested.values()))
    return {
        "n_samples": len(tested),
        "n_unknown_samples": int((~question.known).sum()),
        "n_tested_samples": int(tested.sum()),
        "n_conditions": len(np.unique(question.conditions)),
        "n_splits": len(question.held_out),
    }
