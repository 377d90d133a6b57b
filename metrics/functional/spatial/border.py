"""Border score: does a cell fire along a wall, all along it, and nowhere else?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy import ndimage

from ....core.errors import InvalidArgumentError
from .._arrays import Array, like
from ._maps import BinSize, as_bin_size, as_maps

__all__ = ["BorderScore", "border_score"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
_BY_SIDES = ndimage.generate_binary_structure(2, 1)
_SEARCH_BINS = 8


@dataclass(frozen=True, eq=False)
class BorderScore:
    """Border scores of cells.

    Attributes
    ----------
    score : array of shape (n_cells,)
        Border score in [-1, 1]; near 1 for a field along one whole wall, below 0 for one in the middle, NaN without
        a field.
    coverage : array of shape (n_cells,)
        Largest share of a wall that one field holds.
    distance : array of shape (n_cells,)
        Rate-weighted distance of the fields from the nearest wall, in half the shorter side.
    n_undefined : int
        Cells without a field: silent, constant, or with small fields only.
    """

    score: Array
    coverage: Array
    distance: Array
    n_undefined: int


def border_score(
    rate_map: Array,
    *,
    bin_size: BinSize = 1.0,
    threshold: float = 0.3,
    min_area: float | None = None,
) -> BorderScore:
    r"""Score how far a cell is a border cell (Solstad et al. 2008).

    .. math:: b = \frac{c_M - d_m}{c_M + d_m}

    with :math:`c_M` the largest share of any wall's bins that one firing field holds and :math:`d_m` the distance
    of the fields' bins from the nearest wall, weighted by rate, over half the shorter side. The bins at a wall
    are one bin away from it. Where bins at a wall were not visited, the first visited one within eight counts.

    Parameters
    ----------
    rate_map : array of shape (n_cells, height, width) or (height, width)
        Rates, NaN in unvisited bins.
    bin_size : float or tuple of float, default=1
        Side of a bin, or its height and width.
    threshold : float, default=0.3
        A field is connected bins above this share of the cell's peak rate.
    min_area : float, optional
        Smaller fields are left out; in the unit of `bin_size`, squared. Published: 200 cm2. None: an eightieth
        of the box, which is about that in a box of 1.25 m.

    Returns
    -------
    border_score : BorderScore
    """
    maps = as_maps("rate_map", rate_map)
    size = as_bin_size(bin_size)
    if not 0 < threshold < 1:
        raise InvalidArgumentError("The 'threshold' parameter", got=threshold, needed="in (0, 1)")
    least = maps.shape[1] * maps.shape[2] / 80 if min_area is None else min_area / (size[0] * size[1])
    found = np.array([_score(one, size, threshold, least) for one in maps.cpu().numpy()])
    score, coverage, distance = (
        like(torch.from_numpy(column.copy()).to(maps.device), rate_map) for column in found.T
    )
    return BorderScore(score, coverage, distance, int(np.isnan(found[:, 0]).sum()))


def _score(
    rates: Floats, size: tuple[float, float], threshold: float, min_bins: float
) -> tuple[float, float, float]:
    nothing = (np.nan, np.nan, np.nan)
    visited = np.isfinite(rates)
    if not visited.any() or not rates[visited].max() > max(0.0, rates[visited].min()):
        return nothing
    rates = np.where(visited, rates, 0.0)
    labels = _large_fields(rates >= threshold * rates.max(), min_bins)
    if not labels.any():
        return nothing
    coverage = max(_coverage(labels, visited, wall) for wall in range(4))
    weights = np.where(labels > 0, rates, 0.0)
    distance = float((weights * _wall_distance(rates.shape, size)).sum() / weights.sum())
    return (coverage - distance) / (coverage + distance), coverage, distance


def _large_fields(above: Bools, min_bins: float) -> npt.NDArray[np.int_]:
    labels, _ = ndimage.label(above, _BY_SIDES)
    areas = np.bincount(labels.ravel())
    return np.where(areas[labels] >= min_bins, labels, 0)


def _coverage(labels: npt.NDArray[np.int_], visited: Bools, wall: int) -> float:
    """Largest share of a wall's visited bins that one field holds; walls are turned to be the first row."""
    near, known = np.rot90(labels, wall)[:_SEARCH_BINS], np.rot90(visited, wall)[:_SEARCH_BINS]
    seen = known.any(0)
    if not seen.any():
        return 0.0
    at_wall = near[known.argmax(0), np.arange(near.shape[1])][seen]
    return float(np.bincount(at_wall)[1:].max(initial=0) / seen.sum())


def _wall_distance(shape: tuple[int, ...], size: tuple[float, float]) -> Floats:
    """Distance of each bin from the nearest wall, the bins at a wall one bin away, over half the shorter side."""
    near = [
        (np.minimum(np.arange(n), np.arange(n)[::-1]) + 1) * side for n, side in zip(shape, size, strict=True)
    ]
    half = min(n * side for n, side in zip(shape, size, strict=True)) / 2
    return np.asarray(np.minimum(near[0][:, None], near[1][None]) / half)
