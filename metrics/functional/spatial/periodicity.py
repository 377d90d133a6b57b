"""Periodicity of maps in two dimensions, whatever the lattice: hexagonal, square, oblique."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy.ndimage import map_coordinates

from ....core.arrays import plain_array
from ....core.errors import InvalidArgumentError
from .._arrays import Array, as_numbers, like
from ._maps import BinSize, as_autocorrelograms, as_bin_size
from ._peaks import MIN_ANGLE, axis_gaps, outer_peaks

__all__ = ["Periodicity", "spatial_periodicity", "sublattice_index"]

Floats = npt.NDArray[np.float64]
_LEAST_SHARE = 0.5
_CIRCLE = np.stack([(np.sin(angle), np.cos(angle)) for angle in np.linspace(0, np.pi, 36, endpoint=False)])


@dataclass(frozen=True, eq=False)
class Periodicity:
    """Periodicity of cells.

    Attributes
    ----------
    strength : array of shape (n_cells,)
        Degree to which a map repeats in two directions, in [0, 2]: 0.6 to 1.3 for lattices without noise,
        0 for stripes and where no two directions are found, NaN for silent and constant maps.
    vectors : array of shape (n_cells, 2, 2)
        (y, x) of the two lattice vectors, the shorter first, 90 degrees apart at most; NaN where none is found.
    lengths : array of shape (n_cells, 2)
        Their lengths, in the unit of the bin size.
    angle : array of shape (n_cells,)
        Angle between them in degrees, at most 90: 60 with equal lengths is hexagonal, 90 square.
    n_undefined : int
        Cells without a strength.
    """

    strength: Array
    vectors: Array
    lengths: Array
    angle: Array
    n_undefined: int


def spatial_periodicity(autocorrelation: Array, *, bin_size: BinSize = 1.0) -> Periodicity:
    r"""Find two lattice vectors in autocorrelograms and how far the map repeats along both.

    Of the peaks those count that are half as high as the highest or more. The first lattice vector a is the
    nearest where the autocorrelation r is higher than all around the middle at half its distance; the second, b,
    is the next at 30 degrees or more from its axis. With :math:`c = b - a` the shorter diagonal of the cell that
    they span, the strength is

    .. math:: \min(r(a), r(b), r(c)) - \max_{|s| = |a| / 2} r(s),

    not below 0: how far r rises again at the lattice's points from where it fell to, in every direction, halfway to
    the nearest. Along stripes it does not fall. Chance peaks of smooth noise have a strength, too, more of it the
    wider they are for the map, so it has to be held against that of `smoothed_noise` of the same half-width.

    Ours; the grid score knows hexagonal lattices alone.

    Parameters
    ----------
    autocorrelation, bin_size
        As in `grid_lattice`. The mean autocorrelogram over cells gives the lattice that a population shares.

    Returns
    -------
    periodicity : Periodicity

    Raises
    ------
    InvalidArgumentError
        If an argument is not as described.

    Examples
    --------
    >>> import numpy as np
    >>> from innerscore.metrics.functional import spatial_autocorrelation
    >>> y, x = np.mgrid[:30, :30] * 2 * np.pi / 10
    >>> found = spatial_periodicity(spatial_autocorrelation(np.cos(x) + np.cos(y)))
    >>> bool(found.strength[0] > 0.8), found.lengths.round(1).tolist(), found.angle.round().tolist()
    (True, [[10.0, 10.0]], [90.0])
    """
    maps = as_autocorrelograms(autocorrelation)
    size = as_bin_size(bin_size)
    cell, places = outer_peaks(maps, size, torch.zeros(len(maps), device=maps.device))
    found = [
        _described(one, places[cell == index], np.array(size)) for index, one in enumerate(maps.cpu().numpy())
    ]
    strength = np.array([one[0] for one in found])
    vectors = np.stack([one[1] for one in found])
    results = (strength, vectors, np.linalg.norm(vectors, axis=2), _angle(vectors))
    strengths, pairs, lengths, angle = (
        like(torch.from_numpy(result).to(maps.device), autocorrelation) for result in results
    )
    return Periodicity(strengths, pairs, lengths, angle, int(np.isnan(strength).sum()))


def sublattice_index(vectors: Floats, reference: Floats, *, tolerance: float = 0.15) -> Floats:
    r"""Tell whether maps repeat on a reference lattice, too, and how many of their own periods its cell holds.

    Cells of one module, or of modules that are sub-lattices of one torus, all repeat on one lattice. With rows of
    :math:`V` the vectors of a map and of :math:`R` those of the reference, :math:`R V^{-1}` is then a matrix of
    integers, and the absolute value of its determinant is the index: 1 for the same lattice, 3 for one shorter by
    :math:`\sqrt 3` and turned by 30 degrees, 4 for one half as long. Independent modules have none.

    Parameters
    ----------
    vectors : array of shape (n_cells, 2, 2)
        Lattice vectors, as from `spatial_periodicity`.
    reference : array of shape (2, 2)
        Those of the lattice that is asked about, in the same unit.
    tolerance : float, default=0.15
        Largest distance of an entry of the matrix from an integer, in (0, 0.5).

    Returns
    -------
    index : array of shape (n_cells,)
        1 or more; NaN where the reference is no lattice of the map, and without vectors.

    Raises
    ------
    InvalidArgumentError
        If an argument is not as described.

    Examples
    --------
    >>> import numpy as np
    >>> half, golden = np.eye(2) / 2, np.eye(2) / 1.618
    >>> sublattice_index(np.stack([half, golden]), np.eye(2)).tolist()
    [4.0, nan]
    """
    own = plain_array("The 'vectors' parameter", vectors, dtype=np.float64, missing_as_nan=True)
    shared = as_numbers("reference", reference, ndim=2)
    if own.ndim != 3 or own.shape[1:] != (2, 2) or shared.shape != (2, 2):
        raise InvalidArgumentError(
            "The 'vectors' and 'reference' parameters",
            got=f"shapes {own.shape} and {shared.shape}",
            needed="(n_cells, 2, 2) and (2, 2)",
        )
    if not 0 < tolerance < 0.5:
        raise InvalidArgumentError("The 'tolerance' parameter", got=tolerance, needed="in (0, 0.5)")
    index = np.full(len(own), np.nan)
    usable = np.isfinite(own).all(axis=(1, 2))
    usable[usable] = np.linalg.det(own[usable]) != 0
    counts = shared @ np.linalg.inv(own[usable])
    whole = np.round(counts)
    index[usable] = np.where(
        np.abs(counts - whole).max(axis=(1, 2)) <= tolerance, np.abs(np.round(np.linalg.det(whole))), np.nan
    )
    index[index == 0] = np.nan
    return index


def _described(one: Floats, peaks: Floats, size: Floats) -> tuple[float, Floats]:
    """Strength and lattice vectors (2, 2) of an autocorrelogram with peaks (n, 2) in the unit of `size`."""
    vectors = np.full((2, 2), np.nan)
    if not np.isfinite(one[one.shape[0] // 2, one.shape[1] // 2]):
        return np.nan, vectors
    height = _values(one, peaks / size)
    halfway = np.array([_highest_around(one, float(np.linalg.norm(peak)) / 2, size) for peak in peaks])
    distance = np.linalg.norm(peaks, axis=1)
    high = height >= _LEAST_SHARE * height.max(initial=0.0)
    order = np.argsort(np.where(high, distance, np.inf), kind="stable")[: high.sum()]
    order = order[np.cumsum(height[order] > halfway[order]) > 0]
    if not len(order):
        return 0.0, vectors
    vectors[0] = first = peaks[order[0]]
    angles = np.arctan2(peaks[order, 0], peaks[order, 1])
    apart = order[axis_gaps(angles[0], angles) >= MIN_ANGLE]
    if not len(apart):
        return 0.0, vectors
    vectors[1] = second = peaks[apart[0]] * (1.0 if first @ peaks[apart[0]] >= 0 else -1.0)
    corners = np.stack([first, second, second - first])
    return max(0.0, _values(one, corners / size).min() - halfway[order[0]]), vectors


def _highest_around(one: Floats, radius: float, size: Floats) -> float:
    """Highest value of a map on the circle of a radius, in the unit of `size`, about its middle."""
    return float(_values(one, radius * _CIRCLE / size).max())


def _values(one: Floats, places: Floats) -> Floats:
    """Values of a map at places (n, 2), in bins from its middle; -1, the least there is, where it has none."""
    at = np.array(one.shape)[:, None] // 2 + places.T
    values = map_coordinates(one, at, order=1, mode="constant", cval=np.nan, prefilter=False)
    return np.nan_to_num(values, nan=-1.0)


def _angle(vectors: Floats) -> Floats:
    first, second = vectors.transpose(1, 0, 2)
    with np.errstate(invalid="ignore"):
        cosine = (first * second).sum(axis=1) / np.linalg.norm(vectors, axis=2).prod(axis=1)
    return np.asarray(np.rad2deg(np.arccos(np.clip(cosine, -1.0, 1.0))))
