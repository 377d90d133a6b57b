"""Neuroids not recorded at every sample: those of one pattern are predicted together, on the samples they have."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["RecordedTogether", "gathered", "recorded_together"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RecordedTogether:
    """Neuroids that have the same samples.

    Attributes
    ----------
    rows : array of int, shape (n_samples_recorded,)
        The samples that they have.
    columns : array of int, shape (n_neuroids_recorded,)
        The neuroids.
    """

    rows: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int64]

    def of(self, trials: Array) -> Array:
        """Their part of (n_repetitions, n_samples, n_neuroids)."""
        return np.ascontiguousarray(trials[:, self.rows][:, :, self.columns])


def recorded_together(present: npt.NDArray[np.bool_]) -> list[RecordedTogether]:
    """Neuroids by the samples that they have.

    Parameters
    ----------
    present : bool array of shape (n_samples, n_neuroids)
        Whether a neuroid was recorded at a sample.
    """
    if present.all():
        return [RecordedTogether(*(np.arange(n) for n in present.shape))]
    patterns, which = np.unique(present.T, axis=0, return_inverse=True)
    return [
        RecordedTogether(np.flatnonzero(pattern), np.flatnonzero(which.reshape(-1) == number))
        for number, pattern in enumerate(patterns)
        if pattern.any()
    ]


def gathered(parts: Iterable[tuple[RecordedTogether, Array]], shape: tuple[int, ...]) -> Array:
    """Put values of each group together, NaN where a neuroid has none.

    Parameters
    ----------
    parts : iterable of tuple of RecordedTogether and array
        Groups with their values: (n_neuroids_recorded,), or (n_samples_recorded, n_neuroids_recorded).
    shape : tuple of int
        (n_neuroids,), or (n_samples, n_neuroids).
    """
    whole = np.full(shape, np.nan)
    for group, values in parts:
        place = (group.columns,) if len(shape) == 1 else np.ix_(group.rows, group.columns)
        whole[place] = values
    return whole
