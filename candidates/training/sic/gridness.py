"""Gridness of a population of units, against smoothed noise of the same correlation length.

Training reports this; what a candidate does rests on nothing here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from ....core.seeds import generator
from ....metrics.functional.spatial import (
    find_grid_modules,
    grid_lattice,
    grid_score,
    spatial_autocorrelation,
)

__all__ = ["Gridness", "half_width", "noise_threshold", "population_gridness", "unit_maps"]

Array = npt.NDArray[np.float64]

_NOISE_MAPS, _PERCENTILE = 200, 95.0
_FEWEST_FOR_MODULES = 8


@dataclass(frozen=True)
class Gridness:
    """Grid scores (expanding circle) of a population.

    Attributes
    ----------
    median : float
        Median over units with a score; NaN if there is none.
    noise : float
        95th percentile of maps of smoothed noise of the same correlation length.
    share_above_noise : float
        Share of all units above that and above 0; noise gives 0.05 at most.
    n_modules : int
        Number of modules among those units, by BIC; 0 with fewer than 8 of them.
    """

    median: float
    noise: float
    share_above_noise: float
    n_modules: int


def population_gridness(maps: Array, *, bin_m: float, seed: int) -> Gridness:
    """Grid scores of maps (n_units, height, width), NaN where not visited."""
    correlations = np.asarray(spatial_autocorrelation(maps))
    scores = np.asarray(grid_score(correlations).score)
    if not np.isfinite(scores).any():
        return Gridness(float("nan"), float("nan"), 0.0, 0)
    defined = np.isfinite(scores)
    noise = noise_threshold(half_width(correlations[defined]), maps.shape[1:], seed=seed)
    # Of maps smoother than the box is large, noise scores below 0; such a threshold tells nothing of grids.
    gridlike = np.nan_to_num(scores, nan=-np.inf) > max(noise, 0.0)
    return Gridness(
        float(np.nanmedian(scores)),
        noise,
        float(gridlike.mean()),
        _n_modules(correlations[gridlike], bin_m, seed),
    )


def unit_maps(states: Array, positions: Array, *, box_m: float, bin_m: float) -> Array:
    """Mean state in each bin of a square box whose lower left corner is at 0, (n_units, height, width)."""
    n_bins = round(box_m / bin_m)
    column, row = np.clip((positions / bin_m).astype(int), 0, n_bins - 1).T
    flat = row * n_bins + column
    visits = np.bincount(flat, minlength=n_bins**2)
    sums = np.stack([np.bincount(flat, weights=unit, minlength=n_bins**2) for unit in states.T])
    with np.errstate(invalid="ignore"):
        return np.asarray(sums / visits).reshape(-1, n_bins, n_bins)


def half_width(correlations: Array) -> float:
    """Lag in bins at which autocorrelograms (n, height, width) fall to one half along the axes: their median."""
    middle = correlations.shape[1] // 2
    arms = np.stack([correlations[:, middle, middle:], correlations[:, middle:, middle]])
    return float(np.median([_crossing(profile) for profile in np.nan_to_num(arms.mean(axis=0))]))


def noise_threshold(width_bins: float, shape: tuple[int, ...], *, seed: int) -> float:
    """95th percentile of grid scores of smooth noise whose autocorrelation is one half at a lag of `width_bins`.

    White noise smoothed by a Gaussian of sigma has the autocorrelation exp(-r^2 / (4 sigma^2)), one half at
    2 sigma sqrt(ln 2). Maps are cut out of larger fields, so that they do not close upon themselves.
    """
    sigma = width_bins / (2 * np.sqrt(np.log(2)))
    height, width = shape
    white = generator(seed, "gridness", "noise").standard_normal((_NOISE_MAPS, 2 * height, 2 * width))
    smooth = np.stack([gaussian_filter(one, sigma, mode="wrap")[:height, :width] for one in white])
    return float(np.nanpercentile(np.asarray(grid_score(spatial_autocorrelation(smooth)).score), _PERCENTILE))


def _crossing(profile: Array) -> float:
    """Lag at which a profile that begins at 1 first falls to one half; its length if it never does."""
    below = int((profile < 0.5).argmax())
    if not below:
        return float(len(profile))
    before, after = profile[below - 1], profile[below]
    return float(below - 1 + (before - 0.5) / (before - after))


def _n_modules(correlations: Array, bin_m: float, seed: int) -> int:
    if len(correlations) < _FEWEST_FOR_MODULES:
        return 0
    lattice = grid_lattice(correlations, bin_size=bin_m)
    spacing, orientation = np.asarray(lattice.spacing), np.asarray(lattice.orientation)
    if np.isfinite(spacing).sum() < _FEWEST_FOR_MODULES:
        return 0
    return find_grid_modules(spacing, orientation, seed=seed).n_modules
