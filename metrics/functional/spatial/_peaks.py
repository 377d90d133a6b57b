"""Peaks of an autocorrelogram outside its middle, refined within the bin."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional as nn

__all__ = ["MIN_ANGLE", "axis_gaps", "outer_peaks"]

Floats = npt.NDArray[np.float64]
# Axes nearer to each other than this are one.
MIN_ANGLE = np.deg2rad(30.0)
_MIN_PEAK = 0.1


def axis_gaps(angle: float, angles: Floats) -> Floats:
    """Angles in radians between one axis and others, in [0, pi / 2]: an axis has no sign."""
    return np.asarray(np.abs((angle - angles + np.pi / 2) % np.pi - np.pi / 2))


def outer_peaks(
    maps: torch.Tensor, size: tuple[float, float], reach: torch.Tensor
) -> tuple[npt.NDArray[np.int_], Floats]:
    """Local maxima above 0.1 outside a radius, in one half-plane; the others are opposite.

    Parameters
    ----------
    maps : tensor of shape (n_cells, height, width)
        Autocorrelograms.
    size : tuple of float
        Height and width of a bin.
    reach : tensor of shape (n_cells,)
        Radius in bins; infinite for maps whose peaks do not count.

    Returns
    -------
    cell : array of int, shape (n_peaks,)
        Index of the map.
    places : array of shape (n_peaks, 2)
        (y, x) from the middle, in the unit of `size`.
    """
    filled = torch.nan_to_num(maps, nan=-2.0)
    around = nn.max_pool2d(filled[:, None], 3, stride=1, padding=1)[:, 0]
    inner = torch.zeros_like(filled, dtype=torch.bool)
    inner[:, 1:-1, 1:-1] = True
    cell, row, column = torch.nonzero((filled == around) & (filled > _MIN_PEAK) & inner, as_tuple=True)
    offset = torch.stack([row - maps.shape[1] // 2, column - maps.shape[2] // 2], 1)
    # Of each opposite pair one is enough.
    kept = (offset[:, 0] > 0) | ((offset[:, 0] == 0) & (offset[:, 1] > 0))
    kept &= offset.double().norm(dim=1) > reach[cell]
    cell, row, column, offset = cell[kept], row[kept], column[kept], offset[kept]
    places = (offset + _within_bin(maps, cell, row, column)) * torch.tensor(size, device=maps.device)
    return cell.cpu().numpy(), places.cpu().numpy()


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
