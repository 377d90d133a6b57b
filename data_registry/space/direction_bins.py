"""Bins of head direction: the samples of recordings of direction tuning."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["bin_of_direction", "direction_centres", "direction_presentation"]

Array = npt.NDArray[np.float64]


def bin_of_direction(angle: Array, n_bins: int) -> npt.NDArray[np.int_]:
    """The bin of each angle in radians, counted from -pi; -1 where it is not known."""
    known = np.isfinite(angle)
    turn = np.mod(np.where(known, angle, 0.0) + np.pi, 2 * np.pi) / (2 * np.pi)
    return np.where(known, np.minimum((turn * n_bins).astype(int), n_bins - 1), -1)


def direction_centres(n_bins: int) -> Array:
    """Middle of each bin in radians, from -pi to pi."""
    return np.asarray((np.arange(n_bins) + 0.5) / n_bins * 2 * np.pi - np.pi)


def direction_presentation(n_bins: int, n_repetitions: int) -> dict[str, npt.NDArray[np.generic]]:
    """Coordinates of all bins, one repetition after another; each bin is its own condition."""
    names = np.array([f"direction-{k:02d}" for k in range(n_bins)])
    return {
        "stimulus_id": np.tile(names, n_repetitions),
        "condition": np.tile(names, n_repetitions),
        "repetition": np.repeat(np.arange(n_repetitions), n_bins),
        "direction_rad": np.tile(direction_centres(n_bins), n_repetitions),
    }
