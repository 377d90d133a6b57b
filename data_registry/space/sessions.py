"""A recording session of an animal that walks: where it was, when which cell fired; checked before anything else.

What no reader of such files checks is checked here once for all: time that runs backwards, lost positions,
spikes outside the tracked time, and centimetres taken for metres.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from .tracking_checks import (
    RefusedSessionError,
    check_arena,
    check_direction,
    check_plausible,
    check_sampling,
    check_shapes,
    check_times,
    refuse_above,
    stuck_directions,
    stuck_positions,
)

__all__ = [
    "TrackedSession",
    "TrackingLimits",
    "in_window",
    "joined_sessions",
    "observed_in",
    "sample_durations",
    "sample_of_spikes",
    "time_of_cells",
    "tracked_session",
]

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int_]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class TrackingLimits:
    """Tolerances of a session's tracking; beyond them it is refused.

    Attributes
    ----------
    max_gap_s : float
        Longest duration of a sample; it lasts until the next one, but no longer than this.
    max_dropped_share : float
        Share of samples that may be without a position, repeated in time, or beyond the walls.
    max_outside_share : float
        Share of spikes that may lie outside the tracked time.
    wall_margin_m : float
        Distance beyond a wall up to which a position is moved onto the wall; farther ones are dropped.
    """

    max_gap_s: float = 0.5
    max_dropped_share: float = 0.3
    max_outside_share: float = 0.05
    wall_margin_m: float = 0.05


@dataclass(frozen=True, eq=False)
class TrackedSession:
    """One session, clean: made by :func:`tracked_session` alone.

    Attributes
    ----------
    identifier, animal : str
        Names; the identifier is unique within its data set.
    times_s : array of shape (time,)
        Times of the samples, increasing.
    positions_m : array of shape (time, 2)
        Positions within the arena, whose lower left corner is (0, 0).
    arena_m : tuple of float
        Width and height in m.
    spikes_s : mapping of str to array
        Spike times of each cell, sorted, within the tracked time.
    head_direction : array of shape (time,) or None
        Head direction in radians, anticlockwise from the x axis; NaN where it is not known.
    labels : mapping of str to mapping
        Labels of each cell, such as ``module``, ``layer`` or ``cell_kind``.
    observed : mapping of str to bool array of shape (time,)
        Samples in which a cell was recorded, of cells that were not in all of them.
    max_gap_s : float
        Longest duration of a sample, as in `TrackingLimits`.
    n_samples_dropped, n_spikes_outside : int
        Numbers of samples and spikes that were left out.
    n_samples_stuck : int
        Samples whose position or head direction is one that the tracker repeats when it has lost the animal.
    """

    identifier: str
    animal: str
    times_s: Array
    positions_m: Array
    arena_m: tuple[float, float]
    spikes_s: Mapping[str, Array]
    head_direction: Array | None = None
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    observed: Mapping[str, Mask] = field(default_factory=dict)
    max_gap_s: float = 0.5
    n_samples_dropped: int = 0
    n_spikes_outside: int = 0
    n_samples_stuck: int = 0

    def __repr__(self) -> str:
        span = self.times_s[-1] - self.times_s[0]
        return f"TrackedSession({self.identifier!r}, {span:.0f} s, {len(self.spikes_s)} cells)"


def tracked_session(
    identifier: str,
    animal: str,
    *,
    times_s: Array,
    positions_m: Array,
    arena_m: tuple[float, float],
    spikes_s: Mapping[str, Array],
    corner_m: tuple[float, float] | None = None,
    head_direction: Array | None = None,
    labels: Mapping[str, Mapping[str, str]] | None = None,
    observed_s: Mapping[str, Array] | None = None,
    limits: TrackingLimits | None = None,
) -> TrackedSession:
    """Check a session and clean it.

    Samples with a NaN position, with the time of the sample before, beyond the walls, or at a place at which a
    tracker that lost the animal is stuck are dropped and counted, and so are spikes outside the tracked time or
    the time in which their cell was recorded.

    Parameters
    ----------
    identifier, animal : str
        Names.
    times_s : array of shape (time,)
        Times at which the position was sampled.
    positions_m : array of shape (time, 2)
        Positions in m, in the tracker's coordinates.
    arena_m : tuple of float
        Width and height in m.
    spikes_s : mapping of str to array
        Spike times of each cell, on the clock of `times_s`.
    corner_m : tuple of float, optional
        Position of the arena's lower left corner in the tracker's coordinates. If it is not known, the
        middle of the positions' range is taken for the middle of the arena, which the animal must have filled.
    head_direction : array of shape (time,), optional
        Head direction in radians; NaN where it is not known.
    labels : mapping, optional
        Labels of each cell.
    observed_s : mapping of str to array of shape (n, 2), optional
        Start and end of the intervals in which a cell was recorded, of cells that were not all the time.
    limits : TrackingLimits, optional
        Tolerances of the tracking.

    Raises
    ------
    RefusedSessionError
        If time runs backwards, shapes disagree, a limit is passed, or times, position, speed, arena or head
        direction are implausible, as when they are in ms, cm or degrees.
    """
    limits = limits or TrackingLimits()
    subject = f"The session '{identifier}'"
    times, positions = np.asarray(times_s, dtype=float), np.asarray(positions_m, dtype=float)
    check_shapes(subject, times, positions, head_direction)
    check_times(subject, times)
    check_arena(subject, arena_m)
    stuck = stuck_positions(times, positions)
    known = np.isfinite(positions).all(axis=1) & (np.diff(times, prepend=-np.inf) > 0) & ~stuck
    what = f"lost or repeated samples{f' ({stuck.sum()} stuck at one place)' if stuck.any() else ''}"
    refuse_above(subject, int((~known).sum()), len(known), limits.max_dropped_share, what)
    check_sampling(subject, times, limits.max_gap_s)
    direction, unturned = None, np.zeros(len(times), dtype=bool)
    if head_direction is not None:
        direction = np.asarray(head_direction, dtype=float)
        check_direction(subject, times[known], direction[known])
        unturned = stuck_directions(times, direction)
        direction = np.where(unturned, np.nan, direction)
    check_plausible(subject, times[known], positions[known], arena_m, filled=corner_m is None)
    placed = positions - (_centring_corner(positions[known], arena_m) if corner_m is None else corner_m)
    kept = known & _within(placed, arena_m, limits.wall_margin_m)
    refuse_above(subject, int((~kept).sum()), len(kept), limits.max_dropped_share, "lost samples")
    masks = {cell: observed_in(times[kept], spans) for cell, spans in (observed_s or {}).items()}
    observed = {cell: mask for cell, mask in masks.items() if not mask.all()}
    inside, n_outside = _clean_spikes(subject, times[kept], spikes_s, observed, limits)
    return TrackedSession(
        identifier=identifier,
        animal=animal,
        times_s=times[kept],
        positions_m=np.clip(placed[kept], 0, arena_m),
        arena_m=arena_m,
        spikes_s=inside,
        head_direction=None if direction is None else direction[kept],
        labels=labels or {},
        observed=observed,
        max_gap_s=limits.max_gap_s,
        n_samples_dropped=int((~kept).sum()),
        n_spikes_outside=n_outside,
        n_samples_stuck=int((stuck | unturned).sum()),
    )


def joined_sessions(sessions: Sequence[TrackedSession]) -> list[list[TrackedSession]]:
    """Sessions of one animal with the same cells together, in their order."""
    groups: dict[tuple[str, tuple[str, ...]], list[TrackedSession]] = {}
    for session in sessions:
        groups.setdefault((session.animal, tuple(session.spikes_s)), []).append(session)
    return list(groups.values())


def observed_in(times_s: Array, intervals_s: Array) -> Mask:
    """Mask of the times in any of some intervals, of shape (n, 2), their ends included."""
    found = np.zeros(len(times_s), dtype=bool)
    for start, end in intervals_s:
        found |= (times_s >= start) & (times_s <= end)
    return found


def in_window(times_s: Array, start_s: float, end_s: float) -> Mask:
    """Mask of the times in a window, its end excluded; NaN is kept for :func:`tracked_session` to refuse."""
    return np.asarray(~((times_s < start_s) | (times_s >= end_s)))


def sample_durations(times_s: Array, max_gap_s: float) -> Array:
    """Duration of each sample: until the next, at most `max_gap_s`; the last one as long as the median."""
    steps = np.diff(times_s)
    return np.minimum(np.append(steps, np.median(steps)), max_gap_s)


def sample_of_spikes(times_s: Array, durations_s: Array, spikes_s: Array) -> Ints:
    """Index of the sample whose duration contains each spike; -1 where none does."""
    sample = np.searchsorted(times_s, spikes_s, side="right") - 1
    late = spikes_s - times_s[sample] > durations_s[sample]
    return np.where((sample < 0) | late, -1, sample)


def time_of_cells(sessions: Sequence[TrackedSession], labels: Ints, weights: Array, n_labels: int) -> Array:
    """Time at each label in which each cell was recorded, of shape (n_labels, n_cells).

    Parameters
    ----------
    sessions : sequence of TrackedSession
        Sessions with the same cells.
    labels : int array of shape (time,)
        Label of each sample, of all sessions one after the other.
    weights : array of shape (time,)
        Duration of each sample as far as it counts.
    n_labels : int
        Number of labels.
    """
    whole = np.bincount(labels, weights=weights, minlength=n_labels)
    masks = [_observed_samples(sessions, cell) for cell in sessions[0].spikes_s]
    times = [
        whole if mask is None else np.bincount(labels, weights=weights * mask, minlength=n_labels)
        for mask in masks
    ]
    return np.stack(times, axis=1)


def _observed_samples(sessions: Sequence[TrackedSession], cell: str) -> Mask | None:
    """Samples of joined sessions, one after the other, in which a cell was recorded; None for all of them."""
    if not any(cell in session.observed for session in sessions):
        return None
    every = [session.observed.get(cell, np.ones(len(session.times_s), dtype=bool)) for session in sessions]
    return np.concatenate(every)


def _clean_spikes(
    subject: str,
    times: Array,
    spikes_s: Mapping[str, Array],
    observed: Mapping[str, Mask],
    limits: TrackingLimits,
) -> tuple[dict[str, Array], int]:
    """The spikes within the tracked time in which their cell was recorded, and how many lie outside it."""
    durations = sample_durations(times, limits.max_gap_s)
    inside = {
        cell: _inside(times, durations, np.asarray(spikes), observed.get(cell), f"{subject}, cell '{cell}'")
        for cell, spikes in spikes_s.items()
    }
    n_spikes = sum(map(len, spikes_s.values()))
    n_outside = n_spikes - sum(map(len, inside.values()))
    what = f"spikes outside the tracked time{' or that of their cell' if observed else ''}"
    refuse_above(subject, n_outside, n_spikes, limits.max_outside_share, what)
    return inside, n_outside


def _inside(times: Array, durations: Array, spikes: Array, observed: Mask | None, subject: str) -> Array:
    if spikes.ndim != 1 or not np.isfinite(spikes.astype(float)).all():
        raise RefusedSessionError(
            subject, got="spike times that are no finite numbers in a row", needed="seconds"
        )
    ordered = np.sort(spikes.astype(float))
    sample = sample_of_spikes(times, durations, ordered)
    return ordered[(sample >= 0) & (True if observed is None else observed[sample])]


def _centring_corner(positions: Array, arena_m: tuple[float, float]) -> Array:
    low, high = np.quantile(positions, [0.001, 0.999], axis=0)
    return np.asarray((low + high) / 2 - np.asarray(arena_m) / 2)


def _within(placed: Array, arena_m: tuple[float, float], margin_m: float) -> Mask:
    with np.errstate(invalid="ignore"):
        return np.asarray(((placed >= -margin_m) & (placed <= np.asarray(arena_m) + margin_m)).all(axis=1))
