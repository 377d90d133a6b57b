"""Samples of a recording, for several metrics: by animal, halves of repetitions, epochs, task variables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import xarray as xr

from ..core.errors import InvalidDataError, UnfitRecordingError
from ..core.labelled import coordinate, coordinates_along
from ..core.seeds import generator

__all__ = [
    "by_animal",
    "distinct_splits",
    "features",
    "half_splits",
    "sample_epoch",
    "sample_groups",
    "sample_variables",
    "time_since_onset",
]

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int_]


def features(model: xr.DataArray) -> Array:
    """The model's activations, (n_samples, n_units), float64."""
    return np.ascontiguousarray(model.values, dtype=np.float64)


def by_animal(brain: xr.DataArray) -> list[tuple[str, Array]]:
    """Each animal's responses, of shape (n_repetitions, n_samples, n_neuroids), float64."""
    animal = coordinate(brain, "animal")
    values = np.asarray(brain.values, dtype=np.float64)
    return [(str(name), values[:, :, animal == name]) for name in dict.fromkeys(animal)]


def half_splits(n_repetitions: int, n_splits: int, seed: int) -> list[tuple[Ints, Ints]]:
    """Random splits of the repetitions into halves; with an odd number the second half has one more.

    Raises
    ------
    UnfitRecordingError
        If there is one repetition only.
    """
    if n_repetitions < 2:
        raise UnfitRecordingError("The recording", got="1 repetition", needed="of 2 repetitions or more")
    rng = generator(seed, "half splits")
    orders = [rng.permutation(n_repetitions) for _ in range(n_splits)]
    middle = n_repetitions // 2
    return [(order[:middle], order[middle:]) for order in orders]


def distinct_splits(n_splits: int, n_repetitions: int) -> int:
    """Number of random splits worth computing: two repetitions can be halved in one way only."""
    return 1 if n_repetitions == 2 else n_splits


def sample_epoch(brain: xr.DataArray, name: str) -> npt.NDArray[np.bool_]:
    """Mask of the samples that lie in an epoch.

    Raises
    ------
    InvalidDataError
        If the recording has no such epoch, or no sample lies in it.
    """
    inside = np.asarray(_sample_coordinate(brain, name), dtype=bool)
    if not inside.any():
        raise InvalidDataError(f"The epoch '{name}'", got="no sample", needed="at least one")
    return inside


def sample_variables(brain: xr.DataArray, names: Sequence[str]) -> Array:
    """Variables of the task at the samples, of shape (n_samples, n_variables); NaN where one is not known.

    Raises
    ------
    InvalidDataError
        If the recording lacks one, or knows one nowhere.
    """
    columns = [np.asarray(_sample_coordinate(brain, name), dtype=np.float64) for name in names]
    for name, column in zip(names, columns, strict=True):
        if not np.isfinite(column).any():
            raise InvalidDataError(f"The recording's '{name}'", got="NaN everywhere", needed="known")
    return np.stack(columns, axis=1)


def sample_groups(brain: xr.DataArray, names: Sequence[str]) -> npt.NDArray[np.str_]:
    """Group of each sample by coordinates of the recording, such as ``eye, left`` by effector and direction.

    Parameters
    ----------
    brain : assembly of dims (..., presentation, ...)
    names : sequence of str
        Coordinates along ``presentation``; samples that agree in all are one group.

    Returns
    -------
    groups : array of str, shape (n_samples,)

    Raises
    ------
    InvalidDataError
        If the recording lacks one.
    """
    first, *others = (np.asarray(_sample_coordinate(brain, name)).astype(str) for name in names)
    for other in others:
        first = np.char.add(np.char.add(first, ", "), other)
    return np.asarray(first)


def time_since_onset(brain: xr.DataArray) -> Array:
    """Start of each sample's time bin in ms since that of its stimulus's first one, of shape (n_samples,)."""
    start = np.asarray(_sample_coordinate(brain, "time_bin_start_ms"), dtype=np.float64)
    stimulus = np.unique(coordinate(brain, "stimulus_id"), return_inverse=True)[1]
    onset = np.full(stimulus.max() + 1, np.inf)
    np.minimum.at(onset, stimulus, start)
    return np.asarray(start - onset[stimulus])


def _sample_coordinate(brain: xr.DataArray, name: str) -> npt.NDArray[np.generic]:
    levels = coordinates_along(brain, "presentation")
    if name not in levels:
        raise InvalidDataError(f"The recording's '{name}'", got="none", needed=f"one of {sorted(levels)}")
    return coordinate(brain, name)
