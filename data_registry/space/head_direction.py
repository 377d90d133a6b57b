"""Firing rates by head direction of the cells of tracked sessions, where head direction was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr

from ...core.errors import InvalidArgumentError, UnfitRecordingError
from ...core.labelled import recording
from .bins import rates_in_bins
from .direction_bins import bin_of_direction, direction_centres, direction_presentation
from .sessions import TrackedSession, joined_sessions, sample_durations, sample_of_spikes, time_of_cells

__all__ = ["DirectionTuning", "direction_recording", "head_direction_tuning"]

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
        Rates in Hz; NaN where the head was too short a time.
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
        Sessions; those without a measured head direction are skipped, as are samples where it is not known.
    n_bins : int, default=24
        Bins of the circle; 24 are 15 degrees.
    min_occupancy_s : float, default=0.5
        Bins with less time are NaN.

    Raises
    ------
    InvalidArgumentError
        If `n_bins` is below 2.
    UnfitRecordingError
        If head direction was measured in no session.
    """
    if n_bins < 2:
        raise InvalidArgumentError("The 'n_bins' parameter", got=n_bins, needed="2 or more")
    measured = _measured(sessions)
    names = [f"{group[0].animal}-{cell}" for group in measured for cell in group[0].spikes_s]
    rates = [_rates(group, n_bins, 1, min_occupancy_s)[0] for group in measured]
    return DirectionTuning(tuple(names), direction_centres(n_bins), np.concatenate(rates, axis=1).T)


def direction_recording(
    sessions: Sequence[TrackedSession],
    region: str,
    *,
    n_bins: int = 24,
    n_repetitions: int = 2,
    min_occupancy_s: float = 0.5,
) -> xr.DataArray:
    """Label rates by head direction: a presentation is one direction bin in one part of a cell's sessions.

    Parameters
    ----------
    sessions, n_bins, min_occupancy_s
        As in `head_direction_tuning`.
    region : str
        Its name in the recording.
    n_repetitions : int, default=2
        Parts of equal number of samples that each session is cut into.

    Returns
    -------
    tuning : assembly of dims (presentation, neuroid)
        Tuning in Hz; coordinate ``direction_rad``, attribute ``direction_bins``.
    """
    measured = _measured(sessions)
    rates = [_rates(group, n_bins, n_repetitions, min_occupancy_s) for group in measured]
    values = np.concatenate(rates, axis=2)
    animals = [group[0].animal for group in measured for _ in group[0].spikes_s]
    names = [f"{group[0].animal}-{cell}" for group in measured for cell in group[0].spikes_s]
    return recording(
        values.reshape(n_repetitions * n_bins, -1).astype(np.float32),
        presentation=direction_presentation(n_bins, n_repetitions),
        neuroid={"neuroid_id": names, "animal": animals, "region": [region] * len(names)},
        attrs={"units": "Hz", "simulated": "no", "direction_bins": n_bins},
    )


def _measured(sessions: Sequence[TrackedSession]) -> list[list[TrackedSession]]:
    """Sessions with head direction, those of the same cells together."""
    measured = joined_sessions([session for session in sessions if session.head_direction is not None])
    if not measured:
        raise UnfitRecordingError(
            "The sessions",
            got=f"no head direction in {len(sessions)}",
            needed="one with two lights or angles",
        )
    return measured


def _rates(group: Sequence[TrackedSession], n_bins: int, n_parts: int, min_occupancy_s: float) -> Array:
    """Rates of shape (n_parts, n_bins, n_cells): each session is cut into parts of equal number of samples."""
    time, counts = np.zeros((2, n_parts * n_bins, len(group[0].spikes_s)))
    for session in group:
        durations = sample_durations(session.times_s, session.max_gap_s)
        bins = _direction_bins(session, n_bins)
        part = np.arange(len(bins)) * n_parts // len(bins)
        label = np.where(bins >= 0, part * n_bins + bins, -1)
        time += time_of_cells([session], np.maximum(label, 0), np.where(label >= 0, durations, 0), len(time))
        for cell, spikes in enumerate(session.spikes_s.values()):
            hit = label[sample_of_spikes(session.times_s, durations, spikes)]
            counts[:, cell] += np.bincount(hit[hit >= 0], minlength=len(time))
    rates = rates_in_bins(counts, time, min_time=min_occupancy_s)
    return np.asarray(rates).reshape(n_parts, n_bins, -1)


def _direction_bins(session: TrackedSession, n_bins: int) -> npt.NDArray[np.int_]:
    unknown = np.full(len(session.times_s), np.nan)
    return bin_of_direction(unknown if session.head_direction is None else session.head_direction, n_bins)
