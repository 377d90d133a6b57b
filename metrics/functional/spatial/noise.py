"""Smooth noise to hold measures of maps against: as smooth as the maps, without their order."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from ....core.arrays import plain_array
from ....core.errors import InvalidArgumentError
from ....core.seeds import generator
from .._splits import check_integer

__all__ = ["autocorrelation_half_width", "smoothed_noise"]

Floats = npt.NDArray[np.float64]


def autocorrelation_half_width(autocorrelation: Floats) -> float:
    """Lag at which autocorrelograms fall to one half along the axes, averaged over both: their median.

    Parameters
    ----------
    autocorrelation : array of shape (n_cells, height, width)
        Autocorrelograms as from `spatial_autocorrelation`; undefined shifts count as 0.

    Returns
    -------
    half_width : float
        Bins; the largest lag along an axis where a map never falls so far.

    Raises
    ------
    InvalidArgumentError
        If it has other dimensions.
    """
    maps = plain_array(
        "The 'autocorrelation' parameter", autocorrelation, dtype=np.float64, missing_as_nan=True
    )
    if maps.ndim != 3 or 0 in maps.shape:
        raise InvalidArgumentError(
            "The 'autocorrelation' parameter", got=f"shape {maps.shape}", needed="(n_cells, height, width)"
        )
    row, column = (side // 2 for side in maps.shape[1:])
    reach = min(row, column) + 1
    arms = maps[:, row, column : column + reach] + maps[:, row : row + reach, column]
    return float(np.median([_crossing(arm / 2) for arm in np.nan_to_num(arms)]))


def smoothed_noise(half_width: float, shape: tuple[int, int], *, n_maps: int = 200, seed: int = 0) -> Floats:
    r"""Maps of white noise smoothed so that their autocorrelation is one half at a given lag.

    White noise smoothed by a Gaussian of :math:`\sigma` has the autocorrelation
    :math:`\exp(-s^2 / 4 \sigma^2)`, one half at :math:`s = 2 \sigma \sqrt{\ln 2}`. Maps are cut out of larger
    fields, so that they do not close upon themselves.

    Parameters
    ----------
    half_width : float
        Lag in bins, as from `autocorrelation_half_width`.
    shape : (int, int)
        Height and width of a map in bins.
    n_maps : int, default=200
        Number of maps.
    seed : int, default=0
        Seed of the noise.

    Returns
    -------
    maps : array of shape (n_maps, height, width)

    Raises
    ------
    InvalidArgumentError
        If an argument is not as described.
    """
    check_integer("n_maps", n_maps, least=1)
    if not 0 < half_width < np.inf:
        raise InvalidArgumentError("The 'half_width' parameter", got=half_width, needed="positive and finite")
    height, width = shape
    white = generator(seed, "gridness", "noise").standard_normal((n_maps, 2 * height, 2 * width))
    sigma = half_width / (2 * np.sqrt(np.log(2)))
    return np.stack([gaussian_filter(one, sigma, mode="wrap")[:height, :width] for one in white])


def _crossing(profile: Floats) -> float:
    """Lag at which a profile that begins at 1 first falls to one half; its length if it never does."""
    below = int((profile < 0.5).argmax())
    if not below:
        return float(len(profile))
    before, after = profile[below - 1], profile[below]
    return float(below - 1 + (before - 0.5) / (before - after))
