"""The epochs of ready-set-go as labelled recordings: units of all sessions side by side, two halves of the trials.

====================  ============  ==================================================================
epoch                 rows          bins
====================  ============  ==================================================================
measurement           8 contexts    20 ms from Ready, each the mean of all trials whose Set is later
production            40 conditions 20 ms from Set to max(min, mean - 2 SD) of the time from Set to Go
production_scaled     40 conditions 20 equal parts of the time from Set to Go of each trial
====================  ============  ==================================================================

Before Set the five intervals of a context are one stimulus, so measurement has one row for them, whose states a
model has in the clip of the longest. The lengths follow from all valid trials of all sessions, so that they are the
same for all units. ``clip_start_ms`` and ``clip_end_ms`` say where a bin lies in the clip of each row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from ...core.labelled import recording
from ...tasks.ready_set_go import CONTEXTS, RATE_HZ, READY_FRAME, IntervalCondition, conditions
from .rates import BIN_S, SMOOTHING_S, Windows, half_of_each_trial, row_means, smoothed, trial_rates
from .sessions import Unit

__all__ = ["EPOCHS", "N_PHASES", "Epoch", "epoch_recording"]

N_PHASES = 20
_MS = 1000.0
_FACTS = ("prior", "effector", "direction", "context", "t_s_ms")

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Epoch:
    """The bins of an epoch, in the clips and in trials.

    Parameters
    ----------
    name : str
        Name of its mask.
    rows : tuple of IntervalCondition
        The condition whose clip stands for each row.
    columns : mapping of str to array of shape (n_rows,)
        Further facts of each row.
    time_bin : mapping of str to array of shape (n_bins,)
        Coordinates of the bins.
    clip_edges_ms : array of shape (n_rows, n_bins + 1)
        Edges of the bins in the clip of each row, in ms.
    in_epoch : bool array of shape (n_rows, n_bins)
        Whether the row has the bin.
    windows : callable of a table of trials
        The same bins in trials.
    """

    name: str
    rows: tuple[IntervalCondition, ...]
    columns: Mapping[str, npt.NDArray[Any]]
    time_bin: Mapping[str, Array]
    clip_edges_ms: Array
    in_epoch: npt.NDArray[np.bool_]
    windows: Callable[[pd.DataFrame], Windows]


def epoch_recording(
    epoch: Epoch, units: Sequence[Unit], *, seed: int, attrs: Mapping[str, Any]
) -> xr.DataArray:
    """Label the mean rates of some units in an epoch, two halves of the trials as two repetitions.

    Parameters
    ----------
    epoch : Epoch
        The epoch.
    units : sequence of Unit
        Units of any sessions; each has trials of its own in every condition.
    seed : int
        Seed of the halves; see :func:`~.rates.half_of_each_trial`.
    attrs : mapping
        Attributes that give the origin of the data.

    Returns
    -------
    labelled : assembly of dims (presentation, neuroid, time_bin)
        In Hz; a presentation is a row of the epoch in one half. NaN beyond the end of the epoch, which has the mask
        of its name. A presentation's ``condition`` is its context.
    """
    values = np.stack([_halves(epoch, unit, seed) for unit in units], axis=2)
    names = {"stimulus_id": "identifier", "condition": "context", **{name: name for name in _FACTS}}
    facts = {name: np.array([getattr(row, kind) for row in epoch.rows]) for name, kind in names.items()}
    edges = epoch.clip_edges_ms
    return recording(
        values.reshape(-1, *values.shape[2:]).astype(np.float32),
        presentation={
            **{name: np.tile(column, 2) for name, column in {**facts, **epoch.columns}.items()},
            "repetition": np.repeat([0, 1], len(epoch.rows)),
        },
        neuroid={
            "neuroid_id": [unit.name for unit in units],
            "animal": [unit.animal for unit in units],
            "region": ["DMFC"] * len(units),
            "session": [unit.session for unit in units],
            "single_unit": [unit.single for unit in units],
            "n_trials": [len(unit.trials) for unit in units],
        },
        time_bin=epoch.time_bin,
        masks={epoch.name: np.tile(epoch.in_epoch, (2, 1))},
        planes={
            "clip_start_ms": np.tile(edges[:, :-1], (2, 1)),
            "clip_end_ms": np.tile(edges[:, 1:], (2, 1)),
        },
        attrs={"units": "Hz", **attrs},
    )


def measurement(_trials: pd.DataFrame) -> Epoch:
    """From Ready to Set, a row a context."""
    rows = tuple(_longest(context) for context in CONTEXTS)
    contexts = {row.context: k for k, row in enumerate(rows)}
    n_bins = np.array([int(row.t_s_ms / _MS / BIN_S + 1e-6) for row in rows])

    def windows(trials: pd.DataFrame) -> Windows:
        row = np.array([contexts[name.rsplit("-", 1)[0]] for name in trials["condition"]], dtype=np.int64)
        until = trials["t_s_ms"].to_numpy(dtype=float) / _MS
        return Windows(row, *_fixed_bins(trials["ready_s"], until, n_bins.max()))

    start = np.full(len(rows), READY_FRAME * _MS / RATE_HZ)
    return Epoch("measurement", rows, {}, *_in_clips(start, n_bins), windows)


def production(trials: pd.DataFrame) -> Epoch:
    """From Set until nearly no trial is over, a row a condition."""
    rows, row_of = conditions(), _row_of_condition()
    produced = [trials.loc[trials["condition"] == row.identifier, "produced_s"].to_numpy() for row in rows]
    ends = [max(one.min(), one.mean() - 2 * one.std()) for one in produced]
    n_bins = np.array([int(end / BIN_S + 1e-6) for end in ends])

    def windows(trials: pd.DataFrame) -> Windows:
        until = (trials["go_s"] - trials["set_s"]).to_numpy()
        return Windows(row_of(trials), *_fixed_bins(trials["set_s"], until, n_bins.max()))

    return Epoch(
        "production", rows, _intervals(trials, rows), *_in_clips(_set_in_clips(rows), n_bins), windows
    )


def production_scaled(trials: pd.DataFrame) -> Epoch:
    """From Set to Go in 20 parts, which in the clips are those of the mean over animals, a row a condition."""
    rows, row_of = conditions(), _row_of_condition()
    mean_s = _mean_over_animals(trials, rows, "produced_s")
    phase = np.arange(N_PHASES + 1) / N_PHASES

    def windows(trials: pd.DataFrame) -> Windows:
        set_, go = (trials[name].to_numpy()[:, None] for name in ("set_s", "go_s"))
        return Windows(
            row_of(trials), set_ + phase * (go - set_), np.ones((len(trials), N_PHASES), dtype=bool)
        )

    edges = mean_s.mean() * _MS * phase
    return Epoch(
        "production_scaled",
        rows,
        _intervals(trials, rows),
        {
            "time_bin_start_ms": edges[:-1],
            "time_bin_end_ms": edges[1:],
            "phase": (phase[:-1] + phase[1:]) / 2,
        },
        _set_in_clips(rows)[:, None] + mean_s[:, None] * _MS * phase,
        np.ones((len(rows), N_PHASES), dtype=bool),
        windows,
    )


#: Epochs by name, each made from the valid trials of all sessions.
EPOCHS: Mapping[str, Callable[[pd.DataFrame], Epoch]] = MappingProxyType(
    {one.__name__: one for one in (measurement, production, production_scaled)}
)


def _halves(epoch: Epoch, unit: Unit, seed: int) -> Array:
    """Smoothed mean rates of shape (half, row, bin)."""
    half, windows = half_of_each_trial(unit, seed), epoch.windows(unit.trials)
    rates = trial_rates(unit.spikes_s, windows)
    means = [row_means(rates[half == k], windows.row[half == k], len(epoch.rows)) for k in (0, 1)]
    sd_bins = SMOOTHING_S * _MS / np.diff(epoch.clip_edges_ms, axis=1)[:, 0]
    return np.stack([smoothed(np.where(epoch.in_epoch, one, np.nan), sd_bins) for one in means])


def _fixed_bins(
    start_s: pd.Series[float], until_s: Array, n_bins: int
) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Edges of bins of 20 ms after an event in each trial, and which end in time."""
    edges = np.arange(n_bins + 1) * BIN_S
    return start_s.to_numpy()[:, None] + edges, edges[1:] <= until_s[:, None] + 1e-9


def _in_clips(
    start_ms: Array, n_bins: npt.NDArray[np.int_]
) -> tuple[dict[str, Array], Array, npt.NDArray[np.bool_]]:
    """Bins of 20 ms after an event at some time in each clip: their coordinates, edges and mask."""
    edges = np.arange(n_bins.max() + 1) * BIN_S * _MS
    time_bin = {"time_bin_start_ms": edges[:-1], "time_bin_end_ms": edges[1:]}
    return time_bin, start_ms[:, None] + edges, np.arange(n_bins.max()) < n_bins[:, None]


def _set_in_clips(rows: Sequence[IntervalCondition]) -> Array:
    return np.array([row.set_frame * _MS / RATE_HZ for row in rows])


def _longest(context: str) -> IntervalCondition:
    return max((row for row in conditions() if row.context == context), key=lambda row: row.t_s_ms)


def _row_of_condition() -> Callable[[pd.DataFrame], npt.NDArray[np.int_]]:
    rows = {row.identifier: k for k, row in enumerate(conditions())}
    return lambda trials: np.array([rows[name] for name in trials["condition"]], dtype=np.int64)


def _intervals(trials: pd.DataFrame, rows: Sequence[IntervalCondition]) -> dict[str, Array]:
    """Mean produced intervals in ms of each row: over animals, and of each."""
    own = {
        f"t_p_{animal}_ms": _mean_over_animals(some, rows, "t_p_ms")
        for animal, some in trials.groupby("animal")
    }
    return {"t_p_ms": _mean_over_animals(trials, rows, "t_p_ms"), **own}


def _mean_over_animals(trials: pd.DataFrame, rows: Sequence[IntervalCondition], column: str) -> Array:
    means = trials.groupby(["condition", "animal"])[column].mean().groupby("condition").mean()
    return means.reindex([row.identifier for row in rows]).to_numpy(dtype=float)
