"""Gridness and periodicity of a population of units, against smoothed noise of the same correlation length.

Training reports this; what a candidate does rests on nothing here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ....metrics.functional.spatial import (
    autocorrelation_half_width,
    find_grid_modules,
    grid_lattice,
    grid_score,
    smoothed_noise,
    spatial_autocorrelation,
    spatial_periodicity,
)

__all__ = [
    "Gridness",
    "PopulationLattice",
    "population_gridness",
    "population_lattice",
    "population_losses",
    "unit_maps",
]

Array = npt.NDArray[np.float64]

_NOISE_MAPS, _PERCENTILES = 200, (95.0, 99.0)
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
    share_above_noise, share_above_noise_99 : float
        Share of all units above that and above 0, and likewise for the 99th percentile; noise gives 0.05 and 0.01
        at most.
    n_modules : int
        Number of modules among those above the 95th, by BIC; 0 with fewer than 8 of them.
    """

    median: float
    noise: float
    share_above_noise: float
    share_above_noise_99: float
    n_modules: int


@dataclass(frozen=True, eq=False)
class PopulationLattice:
    """Periodicity of a population, whatever its lattice.

    Attributes
    ----------
    share_above_noise, share_above_noise_99 : float
        Share of all units whose strength of periodicity is above the 95th and 99th percentile of smoothed noise of
        the same correlation length; noise gives 0.05 and 0.01.
    periodic : array of bool, shape (n_units,)
        The units above the 99th.
    strength : float
        Strength of their mean autocorrelogram; NaN without any.
    vectors : array of shape (2, 2)
        (y, x) of its lattice vectors, the shorter first, in the unit of the bin; NaN without.
    lengths : (float, float)
        Their lengths.
    angle : float
        Angle between them, in degrees; NaN without.
    """

    share_above_noise: float
    share_above_noise_99: float
    periodic: npt.NDArray[np.bool_]
    strength: float
    vectors: Array
    lengths: tuple[float, float]
    angle: float


def population_gridness(maps: Array, *, bin_m: float, seed: int) -> Gridness:
    """Grid scores of maps (n_units, height, width), NaN where not visited."""
    correlations = np.asarray(spatial_autocorrelation(maps))
    scores = np.asarray(grid_score(correlations).score)
    defined = np.isfinite(scores)
    if not defined.any():
        return Gridness(float("nan"), float("nan"), 0.0, 0.0, 0)
    null = np.asarray(grid_score(_of_noise(correlations[defined], maps.shape[1:], seed)).score)
    limits = np.nanpercentile(null, _PERCENTILES)
    # Of maps smoother than the box is large, noise scores below 0; such a threshold tells nothing of grids.
    above = np.nan_to_num(scores, nan=-np.inf) > np.maximum(limits, 0.0)[:, None]
    return Gridness(
        median=float(np.nanmedian(scores)),
        noise=float(limits[0]),
        share_above_noise=float(above[0].mean()),
        share_above_noise_99=float(above[1].mean()),
        n_modules=_n_modules(correlations[above[0]], bin_m, seed),
    )


def population_lattice(maps: Array, *, bin_m: float, seed: int) -> PopulationLattice:
    """Periodicity of maps (n_units, height, width), NaN where not visited, and the lattice that they share."""
    correlations = np.asarray(spatial_autocorrelation(maps))
    strength = np.asarray(spatial_periodicity(correlations).strength)
    defined = np.isfinite(strength)
    above = np.zeros((len(_PERCENTILES), len(maps)), dtype=bool)
    if defined.any():
        null = np.asarray(
            spatial_periodicity(_of_noise(correlations[defined], maps.shape[1:], seed)).strength
        )
        above = np.nan_to_num(strength) > np.nanpercentile(null, _PERCENTILES)[:, None]
    periodic = above[1]
    mean = correlations[periodic].mean(axis=0) if periodic.any() else np.full(correlations.shape[1:], np.nan)
    shared = spatial_periodicity(mean, bin_size=bin_m)
    shorter, longer = np.asarray(shared.lengths)[0].tolist()
    return PopulationLattice(
        share_above_noise=float(above[0].mean()),
        share_above_noise_99=float(periodic.mean()),
        periodic=periodic,
        strength=float(shared.strength[0]),
        vectors=np.asarray(shared.vectors)[0],
        lengths=(shorter, longer),
        angle=float(shared.angle[0]),
    )


def population_losses(maps: Array, *, bin_m: float, seed: int) -> dict[str, float]:
    """Grid scores and lattice of maps by the names that a card has for them, without what is undefined."""
    grids = population_gridness(maps, bin_m=bin_m, seed=seed)
    lattice = population_lattice(maps, bin_m=bin_m, seed=seed)
    measured = {
        "median_grid_score": grids.median,
        "noise_grid_score_95": grids.noise,
        "share_of_units_above_noise": grids.share_above_noise,
        "share_of_units_above_noise_99": grids.share_above_noise_99,
        "grid_modules": grids.n_modules,
        "share_of_units_periodic_95": lattice.share_above_noise,
        "share_of_units_periodic_99": lattice.share_above_noise_99,
        "lattice_strength": lattice.strength,
        "lattice_shorter_m": lattice.lengths[0],
        "lattice_longer_m": lattice.lengths[1],
        "lattice_angle_deg": lattice.angle,
    }
    return {name: float(value) for name, value in measured.items() if np.isfinite(value)}


def unit_maps(states: Array, positions: Array, *, box_m: float, bin_m: float) -> Array:
    """Mean state in each bin of a square box whose lower left corner is at 0, (n_units, height, width)."""
    n_bins = round(box_m / bin_m)
    column, row = np.clip((positions / bin_m).astype(int), 0, n_bins - 1).T
    flat = row * n_bins + column
    visits = np.bincount(flat, minlength=n_bins**2)
    sums = np.stack([np.bincount(flat, weights=unit, minlength=n_bins**2) for unit in states.T])
    with np.errstate(invalid="ignore"):
        return np.asarray(sums / visits).reshape(-1, n_bins, n_bins)


def _of_noise(correlations: Array, shape: tuple[int, ...], seed: int) -> Array:
    """Autocorrelograms of noise as smooth as maps of `shape` that have the given ones."""
    height, width = shape
    half_width = autocorrelation_half_width(correlations)
    noise = smoothed_noise(half_width, (height, width), n_maps=_NOISE_MAPS, seed=seed)
    return np.asarray(spatial_autocorrelation(noise))


def _n_modules(correlations: Array, bin_m: float, seed: int) -> int:
    if len(correlations) < _FEWEST_FOR_MODULES:
        return 0
    lattice = grid_lattice(correlations, bin_size=bin_m)
    spacing, orientation = np.asarray(lattice.spacing), np.asarray(lattice.orientation)
    if np.isfinite(spacing).sum() < _FEWEST_FOR_MODULES:
        return 0
    return find_grid_modules(spacing, orientation, seed=seed).n_modules
