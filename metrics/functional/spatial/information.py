"""Spatial tuning of single cells: spatial information, sparsity, selectivity, coherence."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional as nn

from ....core.errors import InvalidArgumentError
from .._arrays import Array, as_tensor, like
from .._scale import ordinary
from ._maps import as_maps, visited_spread

__all__ = ["SpatialInformation", "spatial_coherence", "spatial_information"]


@dataclass(frozen=True, eq=False)
class SpatialInformation:
    """Spatial information of rate maps, each attribute of shape (n_cells,), NaN for silent cells.

    Attributes
    ----------
    bits_per_spike, bits_per_second : array
        Spatial information.
    sparsity : array
        Sparsity in (0, 1]: 1 for a cell that fires everywhere alike, near 0 for one that fires in one bin.
    selectivity : array
        Peak over mean rate.
    mean_rate : array
        Mean rate over time, not over bins.
    n_undefined : int
        Number of silent cells.
    """

    bits_per_spike: Array
    bits_per_second: Array
    sparsity: Array
    selectivity: Array
    mean_rate: Array
    n_undefined: int


def spatial_information(rate_map: Array, occupancy: Array | None = None) -> SpatialInformation:
    r"""Information that spikes carry about place (Skaggs et al. 1993), with sparsity and selectivity.

    With p the share of time in a bin, r its rate and :math:`R = \sum p r`:

    .. math:: I = \sum p \frac{r}{R} \log_2 \frac{r}{R} \text{ bits/spike}, \qquad
        I R \text{ bits/s}, \qquad S = R^2 / \sum p r^2.

    Parameters
    ----------
    rate_map : array of shape (n_cells, height, width) or (height, width)
        Rates, 0 or more; NaN in unvisited bins.
    occupancy : array of shape (height, width), optional
        Time in each bin; without it all visited bins count alike.

    Returns
    -------
    information : SpatialInformation
        Biased upwards for few spikes: compare with a shuffle.
    """
    maps = as_maps("rate_map", rate_map)
    visited = maps.isfinite()
    rates = torch.where(visited, maps, 0.0)
    if bool((rates < 0).any()):
        raise InvalidArgumentError("The 'rate_map' parameter", got="negative rates", needed="0 or more")
    p = visited * _time(occupancy, maps)
    p = p / p.sum((-2, -1), keepdim=True)
    mean = (p * rates).sum((-2, -1), keepdim=True)
    ratio = rates / mean
    bits = (p * torch.special.xlogy(ratio, ratio)).sum((-2, -1)) / torch.log(torch.tensor(2.0))
    rate = mean[:, 0, 0]
    silent = ~(rate > 0)

    def unless_silent(values: torch.Tensor) -> Array:
        return like(torch.where(silent, torch.nan, values), rate_map)

    return SpatialInformation(
        bits_per_spike=unless_silent(bits),
        bits_per_second=unless_silent(bits * rate),
        sparsity=unless_silent(rate**2 / (p * rates**2).sum((-2, -1))),
        selectivity=unless_silent(rates.amax((-2, -1)) / rate),
        mean_rate=like(rate, rate_map),
        n_undefined=int(silent.sum()),
    )


def spatial_coherence(rate_map: Array) -> Array:
    """Correlation of each bin's rate with the mean of its visited neighbours, Fisher's z (Muller & Kubie 1989).

    Parameters
    ----------
    rate_map : array of shape (n_cells, height, width) or (height, width)
        Rates before smoothing, NaN in unvisited bins.

    Returns
    -------
    coherence : array of shape (n_cells,)
        atanh(r); NaN for constant maps.
    """
    maps = ordinary(as_maps("rate_map", rate_map), dim=(-2, -1))
    visited = maps.isfinite()
    rates = torch.where(visited, maps, 0.0)
    box = torch.ones((1, 1, 3, 3), dtype=maps.dtype, device=maps.device)
    box[..., 1, 1] = 0.0
    total = nn.conv2d(rates[:, None], box, padding=1)[:, 0]
    count = nn.conv2d(visited.double()[:, None], box, padding=1)[:, 0]
    both = (visited & (count > 0)).double()
    neighbours = total / count.clamp(min=1)
    n = both.sum((-2, -1), keepdim=True)
    a = both * (rates - (both * rates).sum((-2, -1), keepdim=True) / n)
    b = both * (neighbours - (both * neighbours).sum((-2, -1), keepdim=True) / n)
    norm = (a.square().sum((-2, -1)) * b.square().sum((-2, -1))).sqrt()
    r = (a * b).sum((-2, -1)) / norm
    flat = (visited_spread(maps) == 0) | (norm <= 1e-12 * rates.square().sum((-2, -1)))
    return like(torch.where(flat, torch.nan, torch.atanh(r.clamp(-1, 1))), rate_map)


def _time(occupancy: Array | None, maps: torch.Tensor) -> torch.Tensor:
    if occupancy is None:
        return torch.ones_like(maps[0])
    time = as_tensor("occupancy", occupancy, ndim=2).double().to(maps.device)
    if time.shape != maps.shape[1:] or bool((time < 0).any()):
        raise InvalidArgumentError(
            "The 'occupancy' parameter",
            got=f"shape {tuple(time.shape)}, least {float(time.min()):.3g}",
            needed=f"of shape {tuple(maps.shape[1:])}, 0 or more",
        )
    return time
