"""Grid score over ring masks, as path-integration networks are scored (Banino 2018, Sorscher 2019)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from .._splits import portions
from ._rotation import bilinear_rotation, distances, spline_coefficients, spline_rotation

__all__ = ["DEFAULT_RINGS", "ring_mask_scores"]

DEFAULT_RINGS = tuple((0.2, float(outer)) for outer in np.linspace(0.4, 1.0, 10))
_ANGLES = (30, 45, 60, 90, 120, 135, 150)
_VARIANCE_FLOOR = 1e-5
_MAPS_AT_ONCE = 128


def ring_mask_scores(
    maps: torch.Tensor, step: tuple[float, float], rings: Sequence[tuple[float, float]]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Six-fold score, four-fold score and outer radius of the best ring, each of shape (n_cells,).

    A ring's radii are shares of the shorter side of the rate map, (side of `maps` + 1) / 2.
    """
    parts = [_scores(maps[some], step, rings) for some in portions(len(maps), _MAPS_AT_ONCE)]
    sixty, ninety, radius = (torch.cat(column) for column in zip(*parts, strict=True))
    return sixty, ninety, radius


def _scores(
    maps: torch.Tensor, step: tuple[float, float], rings: Sequence[tuple[float, float]]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    shape = (maps.shape[1], maps.shape[2])
    side = min((n + 1) / 2 * size for n, size in zip(shape, step, strict=True))
    distance = distances(shape, step)
    masks = np.stack([(distance > inner * side) & (distance <= outer * side) for inner, outer in rings])
    rows = np.flatnonzero(masks.any(0))
    masks_t = torch.from_numpy(masks[:, rows].astype(np.float64)).to(maps.device)
    correlations = _correlations(maps, step, rows, masks_t)
    by_angle = dict(zip(_ANGLES, correlations, strict=True))
    sixty = (by_angle[60] + by_angle[120]) / 2 - (by_angle[30] + by_angle[90] + by_angle[150]) / 3
    ninety = by_angle[90] - (by_angle[45] + by_angle[135]) / 2
    best, ring = torch.nan_to_num(sixty, nan=-torch.inf).max(0)
    outer = torch.tensor([outer * side for _, outer in rings], dtype=maps.dtype, device=maps.device)
    undefined = best.isinf()
    return (
        torch.where(undefined, torch.nan, best),
        torch.where(undefined, torch.nan, torch.nan_to_num(ninety, nan=-torch.inf).amax(0)),
        torch.where(undefined, torch.nan, outer[ring]),
    )


def _correlations(
    maps: torch.Tensor, step: tuple[float, float], rows: npt.NDArray[np.int_], masks: torch.Tensor
) -> list[torch.Tensor]:
    """For each angle the ring's covariance over the unturned variance, (ring, cell); may exceed 1, as published."""
    shape = (maps.shape[1], maps.shape[2])
    known = maps.flatten(1).T.isfinite()
    filled = torch.nan_to_num(maps, nan=0.0)
    splines = spline_coefficients(filled).flatten(1).T.contiguous()
    a, valid = filled.flatten(1).T[rows], known[rows].double()
    area = masks @ valid
    mean = (masks @ (valid * a)) / area
    variance = (masks @ (valid * a * a)) / area - mean**2 + _VARIANCE_FLOOR
    everywhere, correlations = bool(known.all()), []
    for angle in _ANGLES:
        b, both = spline_rotation(shape, step, angle, rows)(splines), valid
        if not everywhere:
            # Outside the map a turned map is 0 by definition; inside, its four bins have to be known.
            unknown = bilinear_rotation(shape, step, angle, rows)((~known).double())
            both = valid * (unknown < 1e-9)
        n = masks @ both
        products = masks @ (both * a * b) - mean * (masks @ (both * a) + masks @ (both * b)) + n * mean**2
        correlations.append(products / n / variance)
    return correlations
