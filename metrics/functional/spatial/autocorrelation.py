"""Spatial autocorrelation of rate maps, over the bins visited on both sides of each shift."""

from __future__ import annotations

import numpy as np
import torch
from scipy.fft import next_fast_len

from ....core.errors import InvalidArgumentError
from .._arrays import Array, like
from .._scale import ordinary
from .._splits import check_integer, portions
from ._maps import as_maps, visited_spread

__all__ = ["spatial_autocorrelation"]

_MAPS_AT_ONCE = 128
_ROUNDING = 1e-10


def spatial_autocorrelation(rate_map: Array, *, min_overlap: int = 20, max_lag: float = 1.0) -> Array:
    r"""Correlate each map with itself, shifted (Sargolini et al. 2006, supporting material, eq. 2).

    .. math:: r(s) = \frac{n \sum ab - \sum a \sum b}
        {\sqrt{n \sum a^2 - (\sum a)^2} \sqrt{n \sum b^2 - (\sum b)^2}}

    over the n(s) pairs of bins, s apart, that were both visited.

    Parameters
    ----------
    rate_map : array of shape (n_cells, height, width) or (height, width)
        Rates, NaN in unvisited bins.
    min_overlap : int, default=20
        Shifts with fewer visited pairs are NaN, the field's rule; the published ring-mask scorer has 2.
    max_lag : float, default=1
        Largest shift, as a share of each side, in (0, 1]; 0.9 leaves out the noisy rim as opexebo does.

    Returns
    -------
    autocorrelation : array of shape (n_cells, 2 * lags + 1, 2 * lags + 1) or without n_cells
        Pearson r in [-1, 1], shift 0 in the middle. NaN where the pairs are too few or one side does not
        vary; all NaN for a constant or silent map.

    Examples
    --------
    >>> import numpy as np
    >>> spatial_autocorrelation(np.random.default_rng(0).random((8, 8))).shape
    (15, 15)
    """
    maps = ordinary(as_maps("rate_map", rate_map), dim=(-2, -1))
    check_integer("min_overlap", min_overlap, least=2)
    if not 0 < max_lag <= 1:
        raise InvalidArgumentError("The 'max_lag' parameter", got=max_lag, needed="in (0, 1]")
    lags = tuple(max(1, min(side, round(side * max_lag)) - 1) for side in maps.shape[1:])
    parts = [_correlate(maps[some], lags, min_overlap) for some in portions(len(maps), _MAPS_AT_ONCE)]
    result = torch.cat(parts)
    return like(result if np.ndim(rate_map) == 3 else result[0], rate_map)


def _correlate(maps: torch.Tensor, lags: tuple[int, ...], min_overlap: int) -> torch.Tensor:
    visited = torch.isfinite(maps)
    counts = visited.sum((-2, -1), keepdim=True).clamp(min=1)
    # Centred values keep the differences of large sums below exact.
    mean = torch.where(visited, maps, 0.0).sum((-2, -1), keepdim=True) / counts
    x = torch.where(visited, maps - mean, 0.0)
    shared = bool((visited == visited[:1]).all())
    size = [next_fast_len(2 * side - 1, real=True) for side in maps.shape[1:]]
    mask_f = torch.fft.rfft2((visited[:1] if shared else visited).double(), s=size)
    x_f, square_f = torch.fft.rfft2(x, s=size), torch.fft.rfft2(x * x, s=size)

    def sums(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """Sum over p of first(p) second(p + s), s from -lags to lags."""
        full: torch.Tensor = torch.fft.irfft2(first.conj() * second, s=size)
        for axis, lag in zip((-2, -1), lags, strict=True):
            full = full.index_select(axis, torch.arange(-lag, lag + 1, device=full.device) % full.shape[axis])
        return full

    n = sums(mask_f, mask_f).round()
    a, aa, ab = sums(x_f, mask_f), sums(square_f, mask_f), sums(x_f, x_f)
    b, bb = a.flip(-2, -1), aa.flip(-2, -1)
    variances = (n * aa - a * a, n * bb - b * b)
    floor = _ROUNDING * n * (x * x).sum((-2, -1), keepdim=True)
    defined = (n >= min_overlap) & (variances[0] > floor) & (variances[1] > floor)
    # A constant map is told by its values: its centred ones are rounding, and correlate.
    defined &= (visited_spread(maps) > _spread_floor(maps))[:, None, None]
    r = (n * ab - a * b) / (variances[0].clamp(min=0) * variances[1].clamp(min=0)).sqrt()
    return torch.where(defined, r.clamp(-1.0, 1.0), torch.nan)


def _spread_floor(maps: torch.Tensor) -> torch.Tensor:
    return 1e-12 * torch.nan_to_num(maps).abs().amax((-2, -1))
