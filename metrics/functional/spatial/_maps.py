"""Maps at the door of a spatial metric: batched, float64, NaN where a bin was not visited."""

from __future__ import annotations

import torch

from ....core.errors import InvalidArgumentError
from .._arrays import as_tensor

__all__ = ["as_autocorrelograms", "as_bin_size", "as_maps", "visited_spread"]

BinSize = float | tuple[float, float]


def as_maps(name: str, value: object) -> torch.Tensor:
    """View maps as a float64 tensor of shape (n_cells, height, width); a single map is a batch of one.

    Raises
    ------
    InvalidArgumentError
        If it is no floating array of two or three dimensions, or holds infinities.
    """
    maps = as_tensor(name, value, ndim=(2, 3), finite=False)
    if bool(torch.isinf(maps).any()):
        raise InvalidArgumentError(
            f"The '{name}' parameter", got="infinite entries", needed="finite, or NaN in unvisited bins"
        )
    return maps.double() if maps.ndim == 3 else maps.double()[None]


def as_autocorrelograms(autocorrelation: object) -> torch.Tensor:
    """View autocorrelograms as `as_maps` does maps; odd sides of 3 bins or more, so that shift 0 is a bin."""
    maps = as_maps("autocorrelation", autocorrelation)
    if any(side % 2 == 0 or side < 3 for side in maps.shape[1:]):
        raise InvalidArgumentError(
            "The 'autocorrelation' parameter",
            got=f"{maps.shape[1]} x {maps.shape[2]} bins",
            needed="of odd sides, 3 or more",
            hint="Give the autocorrelogram, not the rate map.",
        )
    return maps


def as_bin_size(bin_size: BinSize) -> tuple[float, float]:
    """Height and width of a bin, from one side or both."""
    height, width = bin_size if isinstance(bin_size, tuple) else (bin_size, bin_size)
    if not (0 < height < float("inf") and 0 < width < float("inf")):
        raise InvalidArgumentError("The 'bin_size' parameter", got=bin_size, needed="positive and finite")
    return float(height), float(width)


def visited_spread(maps: torch.Tensor) -> torch.Tensor:
    """Range of each map over its visited bins, shape (n_cells,); 0 for a map without any."""
    visited = torch.isfinite(maps)
    high = torch.where(visited, maps, -torch.inf).amax((-2, -1))
    low = torch.where(visited, maps, torch.inf).amin((-2, -1))
    return torch.where(visited.any(-1).any(-1), high - low, 0.0)
