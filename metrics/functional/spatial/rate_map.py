"""Rate maps: spikes, or a model's activations, over the time spent in each bin of a box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from ....core.arrays import plain_array
from ....core.errors import InvalidArgumentError
from .trajectory import Trajectory, spike_counts

__all__ = ["RateMaps", "activity_map", "rate_map", "rate_maps_of_counts"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RateMaps:
    """Maps of cells, rows by y from the bottom, columns by x.

    Attributes
    ----------
    rates : array of shape (n_cells, height, width)
        Hz (or mean activation); NaN in bins visited for less than the minimum.
    occupancy_s : array of shape (height, width)
        Seconds spent in each bin, not smoothed.
    bin_m : tuple of float
        Height and width of a bin in m, the `bin_size` of other metrics.
    n_spikes : array of shape (n_cells,)
        Spikes that entered each map; a silent cell's map is 0 throughout.
    n_dropped_samples : int
        Samples left out: no position, outside the box, or too slow.
    n_silent : int
        Cells without a spike on the map.
    """

    rates: Floats
    occupancy_s: Floats
    bin_m: tuple[float, float]
    n_spikes: Floats
    n_dropped_samples: int
    n_silent: int


def rate_map(
    path: Trajectory,
    spike_times: Sequence[Floats],
    *,
    bin_m: float = 0.025,
    smoothing_m: float = 0.05,
    min_speed_m_s: float = 0.025,
    min_occupancy_s: float = 0.0,
) -> RateMaps:
    r"""Map cells' firing rates over a box.

    .. math:: \lambda(b) = \frac{(G * n)(b)}{(G * t)(b)}

    with n the spikes and t the time in each bin, each smoothed by the Gaussian G before the division, so that
    unvisited bins lend nothing to their neighbours.

    Parameters
    ----------
    path : Trajectory
        Path as returned by `trajectory`.
    spike_times : sequence of arrays of shape (n_spikes,)
        Seconds on the path's clock, one array a cell.
    bin_m : float, default=0.025
        Wanted side of a bin in m; sides are divided into the nearest whole number of bins.
    smoothing_m : float, default=0.05
        Standard deviation of the Gaussian in m; 0 for none.
    min_speed_m_s : float, default=0.025
        Slower samples are left out, spikes with them; 0 keeps all.
    min_occupancy_s : float, default=0
        Bins visited for no longer than this are NaN.

    Returns
    -------
    maps : RateMaps

    Raises
    ------
    InvalidArgumentError
        If a spike is outside the tracked time, or nothing is left to map.
    """
    counts = spike_counts(path, spike_times).counts
    return rate_maps_of_counts(
        path,
        counts,
        bin_m=bin_m,
        smoothing_m=smoothing_m,
        min_speed_m_s=min_speed_m_s,
        min_occupancy_s=min_occupancy_s,
    )


def activity_map(
    path: Trajectory, activity: Floats, *, bin_m: float = 0.05, smoothing_m: float = 0.0
) -> RateMaps:
    """Map a model's mean activation over a box.

    Parameters
    ----------
    path : Trajectory
    activity : array of shape (n_samples, n_units)
        Activations at the samples of the path.
    bin_m, smoothing_m : float
        Bin size and smoothing, as in `rate_map`; by default 5 cm bins without smoothing, as models are compared.

    Returns
    -------
    maps : RateMaps
        Maps with `n_spikes` the summed activation.
    """
    weighted = plain_array("The 'activity' parameter", activity, dtype=np.float64).T * path.durations
    return rate_maps_of_counts(path, weighted, bin_m=bin_m, smoothing_m=smoothing_m)


def rate_maps_of_counts(
    path: Trajectory,
    counts: Floats,
    *,
    bin_m: float,
    smoothing_m: float,
    min_speed_m_s: float = 0.0,
    min_occupancy_s: float = 0.0,
) -> RateMaps:
    """As `rate_map`, from the spikes at each sample, shape (n_cells, n_samples)."""
    _check(path, counts, bin_m, smoothing_m)
    kept = path.inside & ~(path.speed < min_speed_m_s)
    if not kept.any():
        raise InvalidArgumentError(
            "The 'path' parameter", got="no sample inside the box and fast enough", needed="of one or more"
        )
    width, height = (max(1, round(side / bin_m)) for side in path.box_m)
    size = (path.box_m[1] / height, path.box_m[0] / width)
    flat = _bins(path, kept, size, (height, width))
    time = np.bincount(flat, path.durations[kept], height * width).reshape(height, width).astype(np.float64)
    spikes = _binned(counts[:, kept], flat, (height, width))
    sigma = (smoothing_m / size[0], smoothing_m / size[1])
    with np.errstate(invalid="ignore", divide="ignore"):
        rates = gaussian_filter(spikes, (0.0, *sigma)) / gaussian_filter(time, sigma)
    rates = np.where(time > min_occupancy_s, rates, np.nan)
    totals: Floats = spikes.sum((1, 2))
    return RateMaps(rates, time, size, totals, int((~kept).sum()), int((totals == 0).sum()))


def _check(path: Trajectory, counts: Floats, bin_m: float, smoothing_m: float) -> None:
    if counts.ndim != 2 or counts.shape[1] != len(path.times):
        raise InvalidArgumentError(
            "The activity of cells",
            got=f"shape {counts.shape}",
            needed=f"given at the path's {len(path.times)} samples",
        )
    if not 0 < bin_m <= min(path.box_m) / 2:
        raise InvalidArgumentError(
            "The 'bin_m' parameter", got=bin_m, needed=f"in (0, {min(path.box_m) / 2}] m, half the box"
        )
    if not 0 <= smoothing_m < max(path.box_m):
        raise InvalidArgumentError("The 'smoothing_m' parameter", got=smoothing_m, needed="in [0, box) m")


def _bins(
    path: Trajectory, kept: npt.NDArray[np.bool_], size: tuple[float, float], shape: tuple[int, int]
) -> npt.NDArray[np.int_]:
    """Flat bin of each sample kept; a position on the far wall belongs to the last bin."""
    x, y = (path.positions[kept] - np.asarray(path.origin_m)).T
    row = np.minimum((y / size[0]).astype(int), shape[0] - 1)
    column = np.minimum((x / size[1]).astype(int), shape[1] - 1)
    return np.asarray(row * shape[1] + column)


def _binned(counts: Floats, flat: npt.NDArray[np.int_], shape: tuple[int, int]) -> Floats:
    n_bins = shape[0] * shape[1]
    maps = [np.bincount(flat, row, n_bins).reshape(shape) for row in counts]
    return np.asarray(maps, dtype=np.float64)
