"""Rate maps out of labelled samples: a sample is a spatial bin, with its centre in `bin_x_m` and `bin_y_m`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.ndimage import gaussian_filter

from ..core.errors import InvalidDataError
from ..core.labelled import coordinate

__all__ = ["BinGrid", "bin_grid", "isotropic_surrogates", "smoothed"]

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int_]


@dataclass(frozen=True, eq=False)
class BinGrid:
    """Positions of samples on a grid of bins.

    Parameters
    ----------
    row, column : array of int, shape (n_samples,)
        Indices of each sample's bin, from the lower left bin that any sample has.
    size_m : float
        Side of a bin.
    """

    row: Ints
    column: Ints
    size_m: float

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in bins."""
        return int(self.row.max()) + 1, int(self.column.max()) + 1

    def maps(self, values: Array) -> Array:
        """Values (n_samples, n_cells) as maps (n_cells, height, width), NaN where there is no sample."""
        maps = np.full((values.shape[1], *self.shape), np.nan)
        maps[:, self.row, self.column] = values.T
        return maps


def bin_grid(samples: xr.DataArray) -> BinGrid:
    """Find the grid that samples lie on.

    Raises
    ------
    InvalidDataError
        If they have no place, or several share a bin.
    """
    if "bin_size_m" not in samples.attrs:
        raise InvalidDataError(
            "The recording", got="no attribute bin_size_m", needed="of spatial bins, with their size"
        )
    size = float(samples.attrs["bin_size_m"])
    # A bin's centre is half a bin from its edge, so that rounding down is safe.
    row, column = (np.floor(coordinate(samples, f"bin_{axis}_m") / size + 1e-6).astype(int) for axis in "yx")
    places = BinGrid(row - row.min(), column - column.min(), size)
    if len(np.unique(places.row * places.shape[1] + places.column)) < len(row):
        raise InvalidDataError("The recording", got="several samples in one bin", needed="one sample a bin")
    return places


def smoothed(maps: Array, sigma_bins: float) -> Array:
    """Gaussian mean over visited bins (n_cells, height, width); unvisited bins stay NaN and lend nothing."""
    visited = np.isfinite(maps)
    sigma = (0.0, sigma_bins, sigma_bins)
    weight = gaussian_filter(visited.astype(np.float64), sigma)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(visited, gaussian_filter(np.where(visited, maps, 0.0), sigma) / weight, np.nan)


def isotropic_surrogates(maps: Array, n: int, rng: np.random.Generator) -> Array:
    """Random maps as rough as each map in every direction alike, of shape (n, n_cells, height, width).

    Gaussian fields with the power spectrum of the map averaged over directions: they keep the scale of a map's
    pattern and lose its symmetry. NaN where the map is.
    """
    visited = np.isfinite(maps)
    mean = np.where(visited, maps, 0.0).sum((1, 2)) / np.maximum(visited.sum((1, 2)), 1)
    centred = np.where(visited, maps - mean[:, None, None], 0.0)
    # White noise has the power of a map of variance 1: its number of bins.
    amplitude = np.sqrt(_radial_mean(_power(centred), maps.shape[2]) / (maps.shape[1] * maps.shape[2]))
    noise = rng.standard_normal((n, *maps.shape))
    fields = np.fft.irfft2(np.fft.rfft2(noise) * amplitude, s=maps.shape[1:])
    return np.where(visited, fields, np.nan)


def _power(maps: Array) -> Array:
    return np.asarray(np.abs(np.fft.rfft2(maps)) ** 2, dtype=np.float64)


def _radial_mean(power: Array, width: int) -> Array:
    """Mean over rings of like spatial frequency, put back in place."""
    height = power.shape[1]
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    ring = np.round(frequency * max(height, width)).astype(int).ravel()
    twice = np.full(power.shape[2], 2.0)  # the half-spectrum holds most frequencies once for two
    twice[[0, -1] if width % 2 == 0 else [0]] = 1.0
    weight = np.broadcast_to(twice, power.shape[1:]).ravel()
    total = np.stack([np.bincount(ring, one.ravel() * weight) for one in power])
    return np.asarray((total / np.bincount(ring, weight))[:, ring].reshape(power.shape))
