"""Mean rates of units in bins that lie elsewhere in each trial, by halves of the trials.

A bin of a row is the mean over all trials of the row that reach it: trials drop out as their Set or Go comes
(attrition). Means are smoothed by a Gaussian of 40 ms, renormalised at the edges, as in Sohn et al. (2019).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...core.seeds import generator
from .sessions import Unit

__all__ = ["BIN_S", "SMOOTHING_S", "Windows", "half_of_each_trial", "row_means", "smoothed", "trial_rates"]

BIN_S = 0.02
SMOOTHING_S = 0.04

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Windows:
    """The bins of some trials.

    Parameters
    ----------
    row : int array of shape (n_trials,)
        The row that each trial belongs to, such as its condition.
    edges_s : array of shape (n_trials, n_bins + 1)
        Edges of the bins in s, on the clock of the spikes.
    reached : bool array of shape (n_trials, n_bins)
        Whether the trial has the bin.
    """

    row: npt.NDArray[np.int_]
    edges_s: Array
    reached: npt.NDArray[np.bool_]


def half_of_each_trial(unit: Unit, seed: int) -> npt.NDArray[np.int_]:
    """Half, 0 or 1, to which each trial of a unit belongs: drawn within each condition, 0 in the odd one out.

    The draw depends on the seed and the names of session, unit and condition alone.
    """
    condition = unit.trials["condition"].to_numpy(dtype=str)
    half = np.empty(len(condition), dtype=int)
    for name in np.unique(condition):
        trials = np.flatnonzero(condition == name)
        half[generator(seed, "ready-set-go", unit.name, name).permutation(trials)] = (
            np.arange(len(trials)) % 2
        )
    return half


def trial_rates(spikes_s: Array, windows: Windows) -> Array:
    """Rate of a unit in each bin of each trial.

    Parameters
    ----------
    spikes_s : array of shape (n_spikes,)
        Spike times in s, in order.
    windows : Windows
        Bins of each trial.

    Returns
    -------
    rates : array of shape (n_trials, n_bins)
        In Hz; NaN in bins that the trial does not reach.
    """
    counts = np.diff(np.searchsorted(spikes_s, windows.edges_s), axis=1)
    return np.where(windows.reached, counts / np.diff(windows.edges_s, axis=1), np.nan)


def row_means(rates: Array, row: npt.NDArray[np.int_], n_rows: int) -> Array:
    """Mean over the trials of each row that reach a bin.

    Parameters
    ----------
    rates : array of shape (n_trials, n_bins)
        As :func:`trial_rates` gives them.
    row : int array of shape (n_trials,)
        Row of each trial.
    n_rows : int
        Number of rows.

    Returns
    -------
    means : array of shape (n_rows, n_bins)
        NaN where no trial reaches.
    """
    reached = np.isfinite(rates)
    known = np.where(reached, rates, 0)
    members = [np.flatnonzero(row == k) for k in range(n_rows)]
    # No product of matrices: its last digits, and with them the hash of the data, differ between machines.
    n_trials, sums = (np.stack([one[own].sum(axis=0) for own in members]) for one in (reached, known))
    return np.asarray(np.divide(sums, n_trials, out=np.full_like(sums, np.nan), where=n_trials > 0))


def smoothed(rates: Array, sd_bins: Array) -> Array:
    """Smooth each row by a Gaussian over its known bins, whose weights add up to 1 at each bin.

    Parameters
    ----------
    rates : array of shape (n_rows, n_bins)
        NaN where there is nothing; it stays so.
    sd_bins : array of shape (n_rows,)
        Standard deviation of the Gaussian in bins.
    """
    known = np.isfinite(rates)
    apart = np.subtract.outer(np.arange(rates.shape[1]), np.arange(rates.shape[1]))
    weights = np.exp(-0.5 * (apart / sd_bins[:, None, None]) ** 2) * known[:, None, :]
    total = weights.sum(axis=-1)
    sums = (weights * np.where(known, rates, 0)[:, None, :]).sum(axis=-1)
    return np.where(known, sums / np.where(total > 0, total, 1), np.nan)
