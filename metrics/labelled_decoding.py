"""Decoding on labelled data: what a model's states tell of the task, beside what the neurons' tell.

Both are read out by least squares on the same splits of the conditions. The ceiling is the neurons' own
accuracy: a model at the ceiling tells as much about the hidden ball as the recording does. It is no bound; a
model that tells more stands above it and is flagged as such, never clipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from ..core.errors import InvalidDataError
from ..core.labelled import coordinate
from ..core.resamples import Resamples
from ..core.scores import Estimate, Score
from .functional.decoding import Decoding, consecutive_splits, decode, principal_components, random_splits
from .functional.decoding_bootstrap import bootstrap_decoding, bootstrap_decoding_skill
from .functional.interval import percentile_interval
from .interface import LabelledMetric
from .labelled_samples import sample_epoch, sample_variables

__all__ = ["BallDecoding", "EndpointDecoding", "SimulationIndex"]

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_UNIT = "conditions"
_FEWEST_CONDITIONS = 10  # held out in a time bin, for r over conditions to mean something


@dataclass(frozen=True, eq=False)
class _Question:
    """What is read out of which samples: those at which all variables are known.

    Attributes
    ----------
    known : bool array of shape (n_all_samples,)
        Whether a sample of the recording is one of them.
    truth : array of shape (n_samples, n_variables)
    conditions : array of str, shape (n_samples,)
    held_out : bool array of shape (n_splits, n_samples)
    tested : dict of label to bool array of shape (n_samples,)
        Sets of samples that are scored apart, such as time bins.
    """

    known: Mask
    truth: Array
    conditions: npt.NDArray[np.str_]
    held_out: Mask
    tested: dict[float, Mask]


class _DecodingMetric(LabelledMetric):
    """What the read-outs share: states in few dimensions, the task's variables as targets.

    Subclasses say which samples are asked about (`_question`) and how right an answer is (`_accuracy` and,
    in resamples of the conditions, `_resampled_accuracy`); the value is the mean over their columns.
    """

    _label = "variable"

    def __init__(
        self,
        *,
        variables: Sequence[str],
        scored: str,
        n_components: int,
        n_boot: int,
        seed: int,
        level: float,
    ) -> None:
        self._variables, self._scored, self._n_components = tuple(variables), scored, n_components
        self._boot = {"n_boot": n_boot, "seed": seed}
        self._seed, self._level = seed, level

    def __call__(self, model: xr.DataArray, brain: xr.DataArray) -> Score:
        """The read-out's accuracy, averaged over what is read out; see the metric's card."""
        question = self._question(brain)
        answers = [self._decode(states, question) for states in (_states(model), _neural_states(brain))]
        raw, neural = (self._accuracy(answer, question) for answer in answers)
        boots = [self._resampled_accuracy(answer, question).mean(axis=1) for answer in answers]
        table = pd.DataFrame({self._label: self._labels(question), "raw": raw, "ceiling": neural})
        table["normalised"] = table["raw"] / table["ceiling"]
        table["mae"], table["neural_mae"] = (_errors(answer, question) for answer in answers)
        n_conditions = len(np.unique(question.conditions))
        return Score(
            raw=self._estimate(float(raw.mean()), boots[0]),
            ceiling=self._estimate(float(neural.mean()), boots[1]),
            normalised=self._estimate(float(raw.mean() / neural.mean()), boots[0] / boots[1]),
            targets=table,
            facts={**_counts(question), **self._facts(table)},
            resamples=Resamples.of(
                "bootstrap", n_conditions, raw=boots[0], ceiling=boots[1], normalised=boots[0] / boots[1]
            ),
        )

    def value(self, model: xr.DataArray, brain: xr.DataArray) -> float:
        """The model's accuracy alone."""
        question = self._question(brain)
        return float(self._accuracy(self._decode(_states(model), question), question).mean())

    def ceiling(self, brain: xr.DataArray) -> float:
        """The neurons' accuracy."""
        question = self._question(brain)
        return float(self._accuracy(self._decode(_neural_states(brain), question), question).mean())

    def _question(self, brain: xr.DataArray) -> _Question:
        """All samples of the scored epoch together."""
        truth = sample_variables(brain, self._variables)
        known = np.asarray(np.isfinite(truth).all(axis=1))
        conditions = coordinate(brain, "condition").astype(str)[known]
        tested = {0.0: sample_epoch(brain, self._scored)[known]}
        return _Question(known, truth[known], conditions, self._splits(conditions), tested)

    def _splits(self, conditions: npt.NDArray[np.str_]) -> Mask:
        raise NotImplementedError

    def _accuracy(self, answer: Decoding, question: _Question) -> Array:
        raise NotImplementedError

    def _resampled_accuracy(self, answer: Decoding, question: _Question) -> Array:
        raise NotImplementedError

    def _labels(self, question: _Question) -> Sequence[object]:  # noqa: ARG002
        return self._variables

    def _facts(self, table: pd.DataFrame) -> dict[str, float]:
        """The errors by variable, in the variable's unit."""
        named = {f"mae_{name}": value for name, value in zip(table["variable"], table["mae"], strict=True)}
        neural = zip(table["variable"], table["neural_mae"], strict=True)
        return {**named, **{f"neural_mae_{name}": value for name, value in neural}}

    def _decode(self, states: Array, question: _Question) -> Decoding:
        components = np.asarray(principal_components(states[question.known], self._n_components))
        return decode(components, question.truth, question.held_out)

    def _estimate(self, value: float, boot: Array) -> Estimate:
        interval = percentile_interval(np.ascontiguousarray(boot), level=self._level, unit=_UNIT)
        return Estimate(value, interval.low, interval.high, self._level, _UNIT)


class BallDecoding(_DecodingMetric):
    """How well the ball's state is read out of the model while it is hidden, beside neurons.

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
        scored: str = "occluded",
        n_components: int = 50,
        n_splits: int = 100,
        train_share: float = 0.5,
        n_boot: int = 1000,
        seed: int = 0,
        level: float = 0.95,
    ) -> None:
        super().__init__(
            variables=variables,
            scored=scored,
            n_components=n_components,
            n_boot=n_boot,
            seed=seed,
            level=level,
        )
        self._n_splits, self._train_share = n_splits, train_share

    def _splits(self, conditions: npt.NDArray[np.str_]) -> Mask:
        return random_splits(
            conditions, n_splits=self._n_splits, train_share=self._train_share, seed=self._seed
        )

    def _accuracy(self, answer: Decoding, question: _Question) -> Array:
        """Pearson r, averaged over splits; a column for each variable, or set of tested samples."""
        columns = [np.nanmean(answer.r(question.truth, rows), axis=0) for rows in question.tested.values()]
        return np.concatenate(columns)

    def _resampled_accuracy(self, answer: Decoding, question: _Question) -> Array:
        columns = [
            bootstrap_decoding(answer, question.truth, question.conditions, samples=rows, **self._boot)
            for rows in question.tested.values()
        ]
        return np.concatenate([np.asarray(column) for column in columns], axis=1)


class EndpointDecoding(BallDecoding):
    """How early the height at which the ball will end is read out of the model, beside neurons.

    One map is fitted on all time bins together and tested in each: r over held-out conditions in each bin
    since motion onset, averaged over a window.

    Parameters
    ----------
    variables : sequence of str, default=("final_y_deg",)
        What is read out, one variable that is constant over a trial.
    scored : str, default="visible"
        The epoch in which a condition counts.
    window_ms : pair of float, default=(250, 1250)
        Bins that begin at or after the first and before the second, in ms since motion onset, are averaged.
    onset_ms : float, default=300
        When the ball begins to move, on the recording's time axis.
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
        **options: float,
    ) -> None:
        super().__init__(variables=variables, scored=scored, **options)  # type: ignore[arg-type]
        self._window, self._onset_ms = window_ms, onset_ms

    def _question(self, brain: xr.DataArray) -> _Question:
        """Each time bin of the window apart, if enough conditions are in it."""
        asked = super()._question(brain)
        start = coordinate(brain, "time_bin_start_ms")[asked.known] - self._onset_ms
        inside = [time for time in np.unique(start) if self._window[0] <= time < self._window[1]]
        bins = {float(time): asked.tested[0.0] & (start == time) for time in inside}
        fewest = _FEWEST_CONDITIONS / (1 - self._train_share)
        kept = {time: rows for time, rows in bins.items() if rows.sum() >= fewest}
        if not kept:
            raise InvalidDataError(
                "The recording",
                got=f"no time bin with {fewest:.0f} conditions among {len(bins)} in {self._window} ms",
                needed=f"at least one such bin in the epoch '{self._scored}'",
            )
        return replace(asked, tested=kept)

    def _labels(self, question: _Question) -> Sequence[object]:
        return list(question.tested)

    def _facts(self, table: pd.DataFrame) -> dict[str, float]:
        """How steadily r rises with time: its correlation with time, of the model and of the neurons."""
        time = table["time_ms"].astype(float)
        return {"rise": time.corr(table["raw"]), "neural_rise": time.corr(table["ceiling"])}


class SimulationIndex(_DecodingMetric):
    """How precisely the hidden ball's position is read out of the model, as a share of chance error removed.

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
        scored: str = "occluded",
        n_components: int = 50,
        n_splits: int = 2,
        n_boot: int = 1000,
        seed: int = 0,
        level: float = 0.95,
    ) -> None:
        super().__init__(
            variables=variables,
            scored=scored,
            n_components=n_components,
            n_boot=n_boot,
            seed=seed,
            level=level,
        )
        self._n_splits = n_splits

    def _splits(self, conditions: npt.NDArray[np.str_]) -> Mask:
        return consecutive_splits(conditions, n_splits=self._n_splits)

    def _accuracy(self, answer: Decoding, question: _Question) -> Array:
        """1 - mean absolute error over that of the mean position."""
        (rows,) = question.tested.values()
        errors = (answer.mae(question.truth, rows), answer.chance_mae(question.truth, rows))
        error, chance = (np.mean(np.asarray(each), axis=0) for each in errors)
        return np.asarray(1 - error / chance)

    def _resampled_accuracy(self, answer: Decoding, question: _Question) -> Array:
        (rows,) = question.tested.values()
        skill = bootstrap_decoding_skill(
            answer, question.truth, question.conditions, samples=rows, **self._boot
        )
        return np.asarray(skill)

    def _facts(self, table: pd.DataFrame) -> dict[str, float]:
        return {**super()._facts(table), "simulation_index_deg": float(table["mae"].mean())}


def _states(model: xr.DataArray) -> Array:
    return np.ascontiguousarray(model.values, dtype=np.float64)


def _neural_states(brain: xr.DataArray) -> Array:
    """The average over repetitions, (n_samples, n_neuroids)."""
    return np.ascontiguousarray(np.asarray(brain.values, dtype=np.float64).mean(axis=0))


def _errors(answer: Decoding, question: _Question) -> Array:
    """Mean absolute error, a value for each variable or set of tested samples."""
    by_set = [
        np.mean(np.asarray(answer.mae(question.truth, rows)), axis=0) for rows in question.tested.values()
    ]
    return np.concatenate(by_set)


def _counts(question: _Question) -> dict[str, int]:
    tested = np.logical_or.reduce(list(question.tested.values()))
    return {
        "n_samples": len(tested),
        "n_unknown_samples": int((~question.known).sum()),
        "n_tested_samples": int(tested.sum()),
        "n_conditions": len(np.unique(question.conditions)),
        "n_splits": len(question.held_out),
    }
