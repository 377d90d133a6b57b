"""Lattice of a grid cell from its autocorrelogram: spacing, orientation, ellipticity, by sub-bin peaks."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import torch

from .._arrays import Array, like
from ._central_field import central_radius
from ._maps import BinSize, as_autocorrelograms, as_bin_size
from ._peaks import MIN_ANGLE, axis_gaps, outer_peaks

__all__ = ["GridLattice", "grid_ellipticity", "grid_lattice", "grid_orientation", "grid_spacing"]

Floats = npt.NDArray[np.float64]
_DIRECTIONS = 3


@dataclass(frozen=True, eq=False)
class GridLattice:
    """Lattices of cells.

    Attributes
    ----------
    spacing : array of shape (n_cells,)
        Mean distance of the six inner peaks, in the unit of the bin size.
    orientation : array of shape (n_cells,)
        Direction of the three axes, in degrees in [0, 60), counter-clockwise from the x axis (columns), y (rows)
        pointing up: circular mean with period 60.
    ellipticity : array of shape (n_cells,)
        Longer over shorter axis of the ellipse through the six peaks, 1 or more; NaN if they lie on none.
    peaks : array of shape (n_cells, 3, 2)
        (y, x) of the peaks of one half-plane; the others are opposite.
    n_undefined : int
        Cells with fewer than six peaks; their values are NaN.
    """

    spacing: Array
    orientation: Array
    ellipticity: Array
    peaks: Array
    n_undefined: int


def grid_lattice(autocorrelation: Array, *, bin_size: BinSize = 1.0) -> GridLattice:
    r"""Find the six inner peaks of autocorrelograms and what they say of the lattice.

    Peaks are local maxima above 0.1 outside the central field, at least 30 degrees apart as seen from the
    middle (the nearer one stays), the six nearest. Their places are refined within the bin by the paraboloid
    fitted to the 3 x 3 bins about them. With :math:`p_k` the peaks of one half-plane and
    :math:`\theta_k` their directions,

    .. math:: s = \frac{1}{3} \sum_k |p_k|, \qquad \phi = \frac{1}{6} \arg \sum_k e^{6 i \theta_k}.

    Parameters
    ----------
    autocorrelation : array of shape (n_cells, height, width) or (height, width)
        Autocorrelograms as from `spatial_autocorrelation`; odd sides.
    bin_size : float or tuple of float, default=1
        Side of a bin, or its height and width.

    Returns
    -------
    lattice : GridLattice

    Raises
    ------
    InvalidArgumentError
        If an argument is not as described.
    """
    maps = as_autocorrelograms(autocorrelation)
    size = as_bin_size(bin_size)
    reach = central_radius(maps).double()
    reach[reach == 0] = torch.inf
    peaks = _three_nearest(*outer_peaks(maps, size, reach), len(maps))
    y, x = peaks[..., 0], peaks[..., 1]
    results = (np.hypot(y, x).mean(1), _orientation(np.arctan2(y, x)), _ellipticity(y, x), peaks)
    spacing, orientation, ellipticity, places = (
        like(torch.from_numpy(values).to(maps.device), autocorrelation) for values in results
    )
    return GridLattice(spacing, orientation, ellipticity, places, int(np.isnan(results[0]).sum()))


def grid_spacing(autocorrelation: Array, *, bin_size: BinSize = 1.0) -> Array:
    """Spacing of each cell's lattice, NaN with fewer than six peaks; see `grid_lattice`."""
    return grid_lattice(autocorrelation, bin_size=bin_size).spacing


def grid_orientation(autocorrelation: Array, *, bin_size: BinSize = 1.0) -> Array:
    """Orientation of each lattice in degrees in [0, 60), NaN with fewer than six peaks; see `grid_lattice`."""
    return grid_lattice(autocorrelation, bin_size=bin_size).orientation


def grid_ellipticity(autocorrelation: Array, *, bin_size: BinSize = 1.0) -> Array:
    """Longer over shorter axis of each cell's lattice, NaN with fewer than six peaks; see `grid_lattice`."""
    return grid_lattice(autocorrelation, bin_size=bin_size).ellipticity


def _three_nearest(cell: npt.NDArray[np.int_], places: Floats, n_cells: int) -> Floats:
    """(n_cells, 3, 2) places of three peaks of one half-plane, from the middle; NaN where they are fewer."""
    peaks = np.full((n_cells, _DIRECTIONS, 2), np.nan)
    order = np.lexsort((np.hypot(places[:, 0], places[:, 1]), cell))
    cell, places = cell[order], places[order]
    bounds = np.searchsorted(cell, np.arange(n_cells + 1))
    for index, (start, stop) in enumerate(pairwise(bounds)):
        chosen = _apart(places[start:stop])
        if len(chosen) == _DIRECTIONS:
            peaks[index] = chosen
    return peaks


def _apart(places: Floats) -> Floats:
    """The nearest three whose axes differ by 30 degrees or more; `places` come by distance."""
    angles, chosen = np.arctan2(places[:, 0], places[:, 1]), list[int]()
    for index, angle in enumerate(angles):
        if (axis_gaps(angle, angles[chosen]) >= MIN_ANGLE).all():
            chosen.append(index)
        if len(chosen) == _DIRECTIONS:
            break
    return places[chosen]


def _orientation(angles: Floats) -> Floats:
    sixfold = np.angle(np.exp(6j * angles).mean(1)) / 6
    return np.asarray(np.rad2deg(sixfold) % 60.0)


def _ellipticity(y: Floats, x: Floats) -> Floats:
    """Axis ratio of the ellipse a x^2 + b x y + c y^2 = 1 through the peaks, which three pairs fix exactly."""
    result = np.full(len(x), np.nan)
    defined = np.isfinite(x).all(1)
    a, b, c = np.linalg.solve(
        np.stack([x[defined] ** 2, x[defined] * y[defined], y[defined] ** 2], axis=-1),
        np.ones((int(defined.sum()), _DIRECTIONS, 1)),
    )[..., 0].T
    middle, spread = (a + c) / 2, np.hypot((a - c) / 2, b / 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.sqrt((middle + spread) / (middle - spread))
    result[defined] = np.where(middle > spread, ratio, np.nan)
    return result
