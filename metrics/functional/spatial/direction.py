"""Tuning to head direction, and to running speed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d

from ....core.arrays import plain_array
from ....core.errors import InvalidArgumentError
from .._scale import ordinary_array
from .trajectory import Trajectory

__all__ = ["HeadDirectionTuning", "head_direction_tuning", "speed_score"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class HeadDirectionTuning:
    """Tuning to head direction.

    Attributes
    ----------
    rates : array of shape (n_cells, n_bins)
        Hz in each direction; NaN where the head never pointed.
    centres : array of shape (n_bins,)
        Directions in radians, in (-pi, pi).
    vector_length : array of shape (n_cells,)
        0 (none) to 1 (one direction only); NaN for silent cells.
    preferred : array of shape (n_cells,)
        Mean direction in radians; NaN for silent cells.
    """

    rates: Floats
    centres: Floats
    vector_length: Floats
    preferred: Floats


def head_direction_tuning(
    counts: Floats, head_direction: Floats, durations: Floats, *, n_bins: int = 24
) -> HeadDirectionTuning:
    r"""Mean vector of cells' rates over head direction.

    .. math:: v = \frac{\sum_k \lambda_k e^{i \theta_k}}{\sum_k \lambda_k}

    over the bins visited, with rates :math:`\lambda` per time spent, so that uneven turning does not matter.

    Parameters
    ----------
    counts : array of shape (n_cells, n_samples)
        Spikes at each sample, as from `spike_counts`.
    head_direction : array of shape (n_samples,)
        Radians; NaN, or masked, where unknown.
    durations : array of shape (n_samples,)
        Seconds of each sample.
    n_bins : int, default=24
        Bins of 15 degrees.

    Returns
    -------
    tuning : HeadDirectionTuning
    """
    counts = plain_array("The 'counts' parameter", counts, dtype=np.float64)
    durations = plain_array("The 'durations' parameter", durations, dtype=np.float64)
    heading = "The 'head_direction' parameter"
    head_direction = plain_array(heading, head_direction, dtype=np.float64, missing_as_nan=True)
    if counts.ndim != 2 or not len(head_direction) == len(durations) == counts.shape[1]:
        raise InvalidArgumentError(
            "The 'counts', 'head_direction' and 'durations' parameters",
            got=f"shapes {counts.shape}, {np.shape(head_direction)}, {np.shape(durations)}",
            needed="of equal number of samples",
        )
    known = np.isfinite(head_direction)
    turn = (head_direction[known] + np.pi) % (2 * np.pi) / (2 * np.pi)
    place = np.minimum((turn * n_bins).astype(int), n_bins - 1)
    time = np.bincount(place, durations[known], n_bins)
    spikes = np.stack([np.bincount(place, row, n_bins) for row in counts[:, known]])
    with np.errstate(invalid="ignore", divide="ignore"):
        rates = np.where(time > 0, spikes / time, np.nan)
        centres = (np.arange(n_bins) + 0.5) / n_bins * 2 * np.pi - np.pi
        vector = np.nansum(rates * np.exp(1j * centres), 1) / np.nansum(rates, 1)
    silent = ~(np.nansum(rates, 1) > 0)
    return HeadDirectionTuning(
        rates, centres, np.where(silent, np.nan, np.abs(vector)), np.where(silent, np.nan, np.angle(vector))
    )


def speed_score(
    path: Trajectory, counts: Floats, *, smoothing_s: float = 0.4, min_speed_m_s: float = 0.02
) -> Floats:
    """Correlation of rate and running speed, both smoothed (Kropff et al. 2015).

    Parameters
    ----------
    path : Trajectory
    counts : array of shape (n_cells, n_samples)
        Spikes at each sample, as from `spike_counts`.
    smoothing_s : float, default=0.4
        Standard deviation of the Gaussian in s.
    min_speed_m_s : float, default=0.02
        Slower samples are left out of the correlation.

    Returns
    -------
    score : array of shape (n_cells,)
        Pearson r; NaN for cells or paths that do not vary.
    """
    counts = plain_array("The 'counts' parameter", counts, dtype=np.float64)
    sigma = smoothing_s / float(np.median(path.durations))
    known = np.isfinite(path.speed)
    speed = _smoothed(np.where(known, path.speed, 0.0)[None], known, sigma)[0]
    rate = _smoothed(np.where(known, ordinary_array(counts, axis=1) / path.durations, 0.0), known, sigma)
    kept = known & (speed >= min_speed_m_s)
    a, b = rate[:, kept], speed[kept]
    rounding = 1e-12 * np.sqrt((a * a).sum(1) * (b @ b))
    a, b = a - a.mean(1, keepdims=True), b - b.mean()
    norm = np.sqrt((a * a).sum(1) * (b @ b))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(norm > rounding, a @ b / norm, np.nan)


def _smoothed(values: Floats, known: npt.NDArray[np.bool_], sigma: float) -> Floats:
    """Gaussian mean over known samples."""
    weight = gaussian_filter1d(known.astype(np.float64), sigma)
    return np.asarray(gaussian_filter1d(values, sigma, axis=1) / np.maximum(weight, 1e-12))
