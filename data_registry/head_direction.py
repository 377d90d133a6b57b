"""Firing rates by head direction of the cells of tracked sessions, where head direction was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..core.errors import InvalidArgumentError, InvalidDataError
from .spatial_bins import rates_in_bins
from .spatial_sessions import TrackedSession, joined_sessions, sample_durations, sample_of_spikes

__all__ = ["DirectionTuning", "head_direction_tuning"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DirectionTuning:
    """Rates by head direction.

    Attributes
    ----------
    neuroid_id : tuple of str
        The cells, named as in the recording of rate maps.
    centres : array of shape (n_bins,)
        Middle of each bin, in radians from -pi to pi, anticlockwise from the x axis.
    rates : array of shape (n_cells, n_bins)
        In Hz; NaN where the head was too short a time.
    """

    neuroid_id: tuple[str, ...]
    centres: Array
    rates: Array


def head_direction_tuning(
    sessions: Sequence[TrackedSession], *, n_bins: int = 24, min_occupancy_s: float = 0.5
) -> DirectionTuning:
    """Spikes over time in each direction, cells of all sessions in which it was measured.

    Parameters
    ----------
    sessions : sequence of TrackedSession
        Those without a measured head direction are passed by, as are samples where it is not known.
    n_bins : int, default=24
        Bins of the circle; 24 are 15 degrees.
    min_occupancy_s : float, default=0.5
        Bins with less time are NaN.

    Raises
    ------
    InvalidArgumentError
        If `n_bins` is below 2.
    InvalidDataError
        If head direction was measured in no session.
    """
    if n_bins < 2:
        raise InvalidArgumentError("The 'n_bins' parameter", got=n_bins, needed="2 or more")
    measured = joined_sessions([session for session in sessions if session.head_direction is not None])
    if not measured:
        raise InvalidDataError(
            "The sessions",
            got=f"no head direction in {len(sessions)}",
            needed="one with two lights or angles",
        )
    names = [f"{group[0].animal}-{cell}" for group in measured for cell in group[0].spikes_s]
    rates = [_rates(group, n_bins, min_occupancy_s) for group in measured]
    centres = (np.arange(n_bins) + 0.5) / n_bins * 2 * np.pi - np.pi
    return DirectionTuning(tuple(names), centres, np.concatenate(rates))


def _rates(group: Sequence[TrackedSession], n_bins: int, min_occupancy_s: float) -> Array:
    time = np.zeros(n_bins)
    counts = np.zeros((n_bins, len(group[0].spikes_s)))
    for session in group:
        durations = sample_durations(session.times_s, session.max_gap_s)
        label = _direction_bins(session, n_bins)
        known = label >= 0
        time += np.bincount(label[known], weights=durations[known], minlength=n_bins)
        for cell, spikes in enumerate(session.spikes_s.values()):
            hit = label[sample_of_spikes(session.times_s, durations, spikes)]
            counts[:, cell] += np.bincount(hit[hit >= 0], minlength=n_bins)
    return rates_in_bins(counts, time, min_time=min_occupancy_s).T


def _direction_bins(session: TrackedSession, n_bins: int) -> npt.NDArray[np.int_]:
    """The bin of each sample's head direction; -1 where it is not known."""
    angle = (
        np.full(len(session.times_s), np.nan) if session.head_direction is None else session.head_direction
    )
    known = np.isfinite(angle)
    turn = np.mod(np.where(known, angle, 0.0) + np.pi, 2 * np.pi) / (2 * np.pi)
    return np.where(known, np.minimum((turn * n_bins).astype(int), n_bins - 1), -1)
