"""Head-direction cells on labelled data: has a model as many, tuned as sharply, as were recorded?"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.ndimage import gaussian_filter1d

from ..core.errors import InvalidArgumentError, UnfitRecordingError
from ..core.labelled import coordinate
from .interface import SamplesNeeded
from .population import Cells, PopulationMetric, kolmogorov_distance, share_ratio

__all__ = ["DirectionFraction"]

Array = npt.NDArray[np.float64]

_FEWEST_BINS = 8
_NOISE_LENGTH = 0.1


class DirectionFraction(PopulationMetric):
    """Similarity to recorded cells in the share of head-direction cells and in the distribution of vector lengths.

    Samples are bins of head direction, with the coordinate ``direction_rad``; all bins of the circle are needed.

    Parameters
    ----------
    threshold : float, default=0.3
        Head-direction cells have a mean vector longer than this.
    match_noise : bool, default=False
        Whether to match noise, as for all population metrics. Few broad bins leave tuned cells little noise, and
        untuned ones differ by noise alone, which the floor of the lengths removes.
    **parameters
        Parameters of all population metrics; the smoothing is in direction bins, around the circle.
    """

    def __init__(self, *, threshold: float = 0.3, match_noise: bool = False, **parameters: Any) -> None:
        if not 0 < threshold < 1:
            raise InvalidArgumentError("The 'threshold' parameter", got=threshold, needed="in (0, 1)")
        super().__init__(match_noise=match_noise, **parameters)
        self._threshold = threshold

    @property
    def samples_needed(self) -> SamplesNeeded:
        """The whole circle is needed of every cell."""
        return "complete"

    def maps(self, brain: xr.DataArray, values: Array, sigma_bins: float) -> Array:
        """Tuning curves of each cell, (n_cells, n_bins), in the order of direction from -pi."""
        direction = _directions(brain)
        ordered = np.ascontiguousarray(values[np.argsort(direction)].T)
        if sigma_bins == 0:
            return ordered
        return np.asarray(gaussian_filter1d(ordered, sigma_bins, axis=1, mode="wrap"))

    def bin_size(self, brain: xr.DataArray) -> float:
        """Width of a bin in radians."""
        return 2 * np.pi / len(_directions(brain))

    def describe(self, maps: Array, size_m: float) -> Cells:  # noqa: ARG002
        """Length of the mean vector, of rates lifted to be 0 or more: a model's units may be negative."""
        lifted = maps - np.minimum(maps.min(axis=1, keepdims=True), 0)
        angle = (np.arange(maps.shape[1]) + 0.5) / maps.shape[1] * 2 * np.pi - np.pi
        total = lifted.sum(axis=1)
        length = np.abs(lifted @ np.exp(1j * angle))
        return {"length": np.where(total > 0, length / np.where(total > 0, total, 1), np.nan)}

    def similarity(self, first: Cells, second: Cells) -> dict[str, float]:
        """Smaller over larger share of head-direction cells (1 without any); 1 - Kolmogorov distance of lengths."""
        return {
            "fractions": share_ratio(self._share(first), self._share(second)),
            "lengths": 1 - kolmogorov_distance(*(_above_noise(cells["length"]) for cells in (first, second))),
        }

    def summary(self, cells: Cells) -> dict[str, str | float]:
        """Share of head-direction cells and median vector length."""
        defined = cells["length"][np.isfinite(cells["length"])]
        return {
            "direction_fraction": self._share(cells),
            "median_vector_length": float(np.median(defined)) if len(defined) else np.nan,
        }

    def _share(self, cells: Cells) -> float:
        return float((cells["length"] > self._threshold).mean())


def _above_noise(length: Array) -> Array:
    """Lengths that noise alone may give count alike; those of silent cells stay below all."""
    return np.where(np.isnan(length), np.nan, np.maximum(length, _NOISE_LENGTH))


def _directions(brain: xr.DataArray) -> Array:
    """Direction of each sample in radians.

    Raises
    ------
    UnfitRecordingError
        If samples are not the bins of a whole circle.
    """
    if "direction_rad" not in brain.coords:
        raise UnfitRecordingError("The recording", got="no direction_rad", needed="of head-direction bins")
    direction = coordinate(brain, "direction_rad").astype(np.float64)
    steps = np.diff(np.sort(np.append(direction, direction.min() + 2 * np.pi)))
    if len(direction) < _FEWEST_BINS or not np.allclose(steps, 2 * np.pi / len(direction)):
        raise UnfitRecordingError(
            "The recording",
            got=f"{len(direction)} direction bins with gaps or repeats",
            needed=f"of {_FEWEST_BINS} or more bins around the whole circle",
        )
    return direction
