"""Rotations of square-grid maps about their middle, as one gather of weighted bins for all maps at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import cosdg, sindg
from torch.nn import functional as nn

__all__ = ["Gather", "bilinear_rotation", "distances", "spline_coefficients", "spline_rotation"]

Floats = npt.NDArray[np.float64]
_TOLERANCE = 1e-9


@dataclass(frozen=True, eq=False)
class Gather:
    """A sparse linear operator: row p of the result is the sum over k of weight[p, k] * row index[p, k].

    Parameters
    ----------
    index : tensor of int64, shape (n_out, n_terms)
    weight : tensor of shape (n_out, n_terms)
    """

    index: torch.Tensor
    weight: torch.Tensor

    def __call__(self, rows: torch.Tensor) -> torch.Tensor:
        """Apply it to rows of shape (n_in, n_maps)."""
        return nn.embedding_bag(self.index, rows, mode="sum", per_sample_weights=self.weight)

    def to(self, device: torch.device) -> Gather:
        """The same on another device."""
        return Gather(self.index.to(device), self.weight.to(device))


def distances(shape: tuple[int, int], step: tuple[float, float]) -> Floats:
    """Distance of each bin's centre from the middle, flat; `step` is a bin's height and width."""
    y, x = _offsets(shape, step)
    return np.asarray(np.hypot(y, x))


def bilinear_rotation(
    shape: tuple[int, int], step: tuple[float, float], angle: float, rows: npt.NDArray[np.int_]
) -> Gather:
    """Read the bins `rows` of a map turned by `angle` degrees; bins outside are 0."""
    return _gather(shape, _turned(shape, step, angle, rows), (0, 1), lambda t: np.stack([1 - t, t]))


def spline_rotation(
    shape: tuple[int, int], step: tuple[float, float], angle: float, rows: npt.NDArray[np.int_]
) -> Gather:
    """As :func:`bilinear_rotation` by cubic splines, on :func:`spline_coefficients`."""
    return _gather(shape, _turned(shape, step, angle, rows), (-1, 0, 1, 2), _cubic_weights)


def spline_coefficients(maps: torch.Tensor) -> torch.Tensor:
    """Coefficients of the interpolating cubic B-spline with mirrored borders (Unser 1999), per map."""
    for axis in (-2, -1):
        side = maps.shape[axis]
        solved = torch.linalg.solve(_collocation(side).to(maps.device), maps.transpose(axis, -2))
        maps = solved.transpose(axis, -2)
    return maps


def _collocation(side: int) -> torch.Tensor:
    matrix = np.diag(np.full(side, 4.0)) + np.diag(np.ones(side - 1), 1) + np.diag(np.ones(side - 1), -1)
    matrix[0, 1] = matrix[-1, -2] = 2.0
    return torch.from_numpy(matrix / 6.0)


def _offsets(shape: tuple[int, int], step: tuple[float, float]) -> tuple[Floats, Floats]:
    height, width = shape
    y, x = np.divmod(np.arange(height * width), width)
    return (y - (height - 1) / 2) * step[0], (x - (width - 1) / 2) * step[1]


def _turned(
    shape: tuple[int, int], step: tuple[float, float], angle: float, rows: npt.NDArray[np.int_]
) -> tuple[Floats, Floats]:
    """Source coordinates, in bins, of each output bin; cosdg is exact at right angles."""
    y, x = (offset[rows] for offset in _offsets(shape, step))
    cos, sin = cosdg(angle), sindg(angle)
    source_y, source_x = cos * y + sin * x, cos * x - sin * y
    return source_y / step[0] + (shape[0] - 1) / 2, source_x / step[1] + (shape[1] - 1) / 2


def _gather(
    shape: tuple[int, int],
    source: tuple[Floats, Floats],
    taps: tuple[int, ...],
    weights: Callable[[Floats], Floats],
) -> Gather:
    indices, factors, inside = [], [], np.ones(len(source[0]), dtype=bool)
    for position, side in zip(source, shape, strict=True):
        inside &= (position >= -_TOLERANCE) & (position <= side - 1 + _TOLERANCE)
        base = np.clip(np.floor(position + _TOLERANCE), 0, side - 1).astype(int)
        indices.append(_mirrored(base + np.asarray(taps)[:, None], side))
        factors.append(weights(np.clip(position - base, 0, 1)))
    flat = indices[0][:, None] * shape[1] + indices[1][None]
    weight = factors[0][:, None] * factors[1][None] * inside
    n_terms = len(taps) ** 2
    return Gather(
        torch.from_numpy(flat.reshape(n_terms, -1).T.copy()),
        torch.from_numpy(weight.reshape(n_terms, -1).T.copy()),
    )


def _mirrored(index: npt.NDArray[np.int_], side: int) -> npt.NDArray[np.int_]:
    return np.asarray((side - 1) - np.abs((side - 1) - np.abs(index)))


def _cubic_weights(t: Floats) -> Floats:
    """Cubic B-spline at -1, 0, 1, 2 relative to t in [0, 1]."""
    return np.asarray(
        np.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, 1 + 3 * t + 3 * t**2 - 3 * t**3, t**3]) / 6
    )
