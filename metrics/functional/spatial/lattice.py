"""Lattice of a grid cell from its autocorrelogram: spacing, orientation, ellipticity, by sub-bin peaks."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional as nn

from .._arrays import Array, like
from ._central_field import central_radius
from ._maps import BinSize, as_bin_size, as_maps
from .grid_score import check_centred

__all__ = ["GridLattice", "grid_ellipticity", "grid_lattice", "grid_orientation", "grid_spacing"]

Floats = npt.NDArray[np.float64]
_MIN_ANGLE = np.deg2rad(30.0)
_MIN_PEAK = 0.1
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
    maps = as_maps("autocorrelation", autocorrelation)
    check_centred(maps)
    size = as_bin_size(bin_size)
    peaks = _inner_peaks(maps, size)
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


def _inner_peaks(maps: torch.Tensor, size: tuple[float, float]) -> Floats:
    """(n_cells, 3, 2) places of the inner peaks of one half-plane, from the middle; NaN where they are fewer."""
    filled = torch.nan_to_num(maps, nan=-2.0)
    around = nn.max_pool2d(filled[:, None], 3, stride=1, padding=1)[:, 0]
    inner = torch.zeros_like(filled, dtype=torch.bool)
    inner[:, 1:-1, 1:-1] = True
    cell, row, column = torch.nonzero((filled == around) & (filled > _MIN_PEAK) & inner, as_tuple=True)
    offset = torch.stack([row - maps.shape[1] // 2, column - maps.shape[2] // 2], 1)
    reach = central_radius(maps)
    # Of each opposite pair one is enough; those within the central field are its own.
    kept = ((offset[:, 0] > 0) | ((offset[:, 0] == 0) & (offset[:, 1] > 0))) & (reach[cell] > 0)
    kept &= offset.double().norm(dim=1) > reach[cell]
    cell, row, column, offset = cell[kept], row[kept], column[kept], offset[kept]
    places = (offset + _within_bin(maps, cell, row, column)) * torch.tensor(size, device=maps.device)
    return _three_nearest(cell.cpu().numpy(), places.cpu().numpy(), len(maps))


def _within_bin(
    maps: torch.Tensor, cell: torch.Tensor, row: torch.Tensor, column: torch.Tensor
) -> torch.Tensor:
    """Maximum of the least-squares paraboloid over the 3 x 3 bins about each peak, within half a bin."""
    steps = torch.arange(-1, 2, device=maps.device)
    patch = maps[cell[:, None, None], (row[:, None] + steps)[:, :, None], (column[:, None] + steps)[:, None]]
    patch = torch.where(patch.isfinite(), patch, patch.nan_to_num(nan=2.0).amin((-2, -1), keepdim=True))
    slope = steps.double()
    bend = slope**2 - 2 / 3
    gradient = torch.stack([(patch.sum(2) * slope).sum(1), (patch.sum(1) * slope).sum(1)], 1) / 6
    yy, xx = ((patch.sum(axis) * bend).sum(1) for axis in (2, 1))
    xy = (patch * slope[:, None] * slope).sum((-2, -1)) / 4
    hessian = torch.stack([torch.stack([yy, xy], 1), torch.stack([xy, xx], 1)], 1)
    determinant = yy * xx - xy**2
    peaked = (yy < 0) & (determinant > 1e-12)
    safe = torch.where(peaked[:, None, None], hessian, -torch.eye(2, dtype=maps.dtype, device=maps.device))
    shift = torch.linalg.solve(safe, -gradient[..., None])[..., 0]
    return torch.where(peaked[:, None], shift.clamp(-0.5, 0.5), 0.0)


def _three_nearest(cell: npt.NDArray[np.int_], places: Floats, n_cells: int) -> Floats:
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
        gaps = np.abs((angle - angles[chosen] + np.pi / 2) % np.pi - np.pi / 2)
        if (gaps >= _MIN_ANGLE).all():
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
