"""Shrinkage of each component by ridge, for several penalties at the cost of few.

With penalty a, ridge keeps s / (s + a) of a component of squared singular value s and leaves the residual
g = a / (s + a). Products U diag(g) B with the g of many penalties are wanted. Among neighbouring components s
hardly varies, so that the g of all penalties are combinations of few profiles there (the idea of fast
multipole methods): the products with profiles are formed band by band and combined.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

__all__ = ["Band", "bands_of", "combined_products", "n_profiles", "shrinkage_bands"]

# Each g is met to this part of itself, so that a sum of squares weighted by g is, too.
_TOLERANCE = {torch.float32: 1e-4, torch.float64: 1e-9}
# A profile more costs its share of the combination, as much as so many components.
_COMPONENTS_OF_A_PROFILE = 128


@dataclass(frozen=True, eq=False)
class Band:
    """Neighbouring components, and the g of all penalties in them: g[j, k] = sum_p weights[j, p] profiles[p, k].

    Attributes
    ----------
    components : slice
    profiles : tensor of shape (n_profiles, n_components)
    weights : tensor of shape (n_penalties, n_profiles)
    """

    components: slice
    profiles: torch.Tensor
    weights: torch.Tensor


def shrinkage_bands(values: torch.Tensor, penalties: list[float]) -> list[Band]:
    """Bands of components that make products with the shrinkages of all penalties cheapest.

    Parameters
    ----------
    values : tensor of shape (n_components,)
        Squared singular values s, ascending.
    penalties : list of float
        a > 0.
    """
    s = values.double().cpu().numpy()[:, None]
    return bands_of(np.asarray(penalties) / (s + np.asarray(penalties)), values)


def bands_of(diagonals: npt.NDArray[np.float64], like: torch.Tensor) -> list[Band]:
    """Bands for any diagonals of one sign each, (n_components, n_penalties), that vary slowly along components."""
    parts = _cheapest(diagonals, 0, _TOLERANCE[like.dtype])
    return [
        Band(
            slice(start, start + profiles.shape[1]),
            torch.from_numpy(profiles).to(like),
            torch.from_numpy(weights).to(like),
        )
        for start, profiles, weights in parts
    ]


def n_profiles(bands: list[Band]) -> int:
    """Number of profiles of all bands together."""
    return sum(len(band.profiles) for band in bands)


def combined_products(left: torch.Tensor, bands: list[Band], right: torch.Tensor) -> torch.Tensor:
    """left diag(g) right for the g of all penalties.

    Parameters
    ----------
    left : tensor of shape (n_rows, n_components)
    bands : list of Band
    right : tensor of shape (n_components, n_columns)

    Returns
    -------
    products : tensor of shape (n_penalties, n_rows, n_columns)
    """
    pieces = left.new_empty(n_profiles(bands), len(left), right.shape[1])
    empty = iter(pieces)
    for band in bands:
        for profile in band.profiles:
            torch.mm(left[:, band.components] * profile, right[band.components], out=next(empty))
    weights = torch.cat([band.weights for band in bands], dim=1)
    return (weights @ pieces.flatten(1)).view(len(weights), *pieces.shape[1:])


_Part = tuple[int, npt.NDArray[np.float64], npt.NDArray[np.float64]]


def _cheapest(shrinkage: npt.NDArray[np.float64], start: int, tolerance: float) -> list[_Part]:
    """The components as one band, or halved again and again where that is cheaper."""
    profiles, weights = _profiles(shrinkage, tolerance)
    whole = [(start, profiles, weights)]
    half = len(shrinkage) // 2
    if half < _COMPONENTS_OF_A_PROFILE // 2 or len(profiles) == 1:
        return whole
    halves = [
        *_cheapest(shrinkage[:half], start, tolerance),
        *_cheapest(shrinkage[half:], start + half, tolerance),
    ]
    return halves if _cost(halves) < _cost(whole) else whole


def _cost(parts: list[_Part]) -> int:
    return sum(len(profiles) * (profiles.shape[1] + _COMPONENTS_OF_A_PROFILE) for _, profiles, _ in parts)


def _profiles(
    shrinkage: npt.NDArray[np.float64], tolerance: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Fewest profiles from which all columns follow, (n_profiles, n_components), and the weights of each column."""
    peak = np.abs(shrinkage).max(0, initial=0)  # there may be no components
    scaled = shrinkage / peak
    left, size, right = np.linalg.svd(scaled, full_matrices=False)
    profiles = (left * size).T
    missed, count = scaled.copy(), 0
    while count < len(profiles) and (np.abs(missed) > tolerance * np.abs(scaled)).any():
        missed -= np.outer(profiles[count], right[count])
        count += 1
    return profiles[:count], right[:count].T * peak[:, None]
