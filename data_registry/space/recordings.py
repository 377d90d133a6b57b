"""From tracked sessions to a recording: rate maps over spatial bins.

Cells of different sessions and animals saw different walks, but the same space. What is pooled is therefore the
rate map: a sample is a spatial bin, a neuroid a cell of whatever session, a repetition one part of the cell's
own sessions, cut in time. The stimuli are the walks of the sessions that are kept, and a candidate's state in a
bin is its mean over all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from ...core.errors import InvalidArgumentError, InvalidDataError
from ...core.labelled import recording
from .bins import SpatialGrid, rates_in_bins, smoothed_over_bins
from .sessions import TrackedSession, joined_sessions, sample_durations, sample_of_spikes, time_of_cells

__all__ = [
    "MapOptions",
    "MappedSessions",
    "labelled_maps",
    "map_sessions",
    "running_speed",
]

Array = npt.NDArray[np.float64]

_SPEED_WINDOW_S = 0.4
_ROUNDING = 1e-9  # of the number of parts; sums of running time differ by less between builds of numpy
_UNKNOWN = "unknown"


@dataclass(frozen=True)
class MapOptions:
    """Options of rate maps; each is kept in the recording's attributes.

    Attributes
    ----------
    bin_m : float
        Side of a bin.
    block_bins : int
        Bins along a block, the condition that cross-validation holds out.
    n_repetitions : int
        Contiguous parts of equal running time that a cell's sessions are cut into.
    min_speed_m_s : float
        Slower samples, and the spikes in them, are left out.
    min_occupancy_s : float
        Bins with less time are NaN.
    smoothing_m : float
        Standard deviation of a Gaussian, over counts and over time; 0 for none. Without it, two halves of 20
        real sessions of 10 min in 1 m have 2 % of bins of 5 cm in common, with 0.05 m 75 %.
    min_coverage : float
        Sessions with a part that has rates in a smaller share of bins are left out whole, and counted: one
        animal that sat in a corner would otherwise take the other bins from all.
    """

    bin_m: float = 0.05
    block_bins: int = 4
    n_repetitions: int = 2
    min_speed_m_s: float = 0.025
    min_occupancy_s: float = 0.05
    smoothing_m: float = 0.0
    min_coverage: float = 0.5

    def __post_init__(self) -> None:
        numbers = (self.min_speed_m_s, self.min_occupancy_s, self.smoothing_m)
        if self.n_repetitions < 1 or min(numbers) < 0 or not 0 <= self.min_coverage <= 1:
            raise InvalidArgumentError(
                "The options of rate maps", got=asdict(self), needed="not negative, with a repetition or more"
            )


@dataclass(frozen=True, eq=False)
class MappedSessions:
    """Sessions that cover their arena, with their rate maps, and the reasons why others are left out.

    Attributes
    ----------
    groups : tuple of tuple of TrackedSession
        Sessions of one animal with the same cells together, in their order.
    maps : tuple of array of shape (n_repetitions, n_bins, n_cells)
        Rate maps of each group, in Hz.
    left_out : tuple of str
        Each session that is left out, with the reason.
    grid : SpatialGrid
        The bins.
    options : MapOptions
        Options of the maps.
    """

    groups: tuple[tuple[TrackedSession, ...], ...]
    maps: tuple[Array, ...]
    left_out: tuple[str, ...]
    grid: SpatialGrid
    options: MapOptions

    @property
    def sessions(self) -> tuple[TrackedSession, ...]:
        """All sessions that are kept."""
        return tuple(session for group in self.groups for session in group)


def map_sessions(sessions: Sequence[TrackedSession], options: MapOptions) -> MappedSessions:
    """Make the rate maps of all sessions and leave out those that do not cover their arena.

    Sessions of one animal with the same cells are joined, in their order, before they are cut into repetitions.

    Parameters
    ----------
    sessions : sequence of TrackedSession
        Sessions in arenas of one size.
    options : MapOptions
        Options of the maps, among them the share of bins that each part must have.

    Returns
    -------
    mapped : MappedSessions

    Raises
    ------
    InvalidDataError
        If the arenas differ, or no session covers its arena.
    """
    grid = SpatialGrid(_one_arena(sessions), options.bin_m, options.block_bins)
    every = [(tuple(group), _part_maps(group, grid, options)) for group in joined_sessions(sessions)]
    coverage = [float(np.isfinite(maps).any(axis=2).mean(axis=1).min()) for _, maps in every]
    kept = [one for one, covered in zip(every, coverage, strict=True) if covered >= options.min_coverage]
    left_out = [
        f"{session.identifier}: a part of it covers {covered:.2%} of the bins, not {options.min_coverage:.2%}"
        for (group, _), covered in zip(every, coverage, strict=True)
        if covered < options.min_coverage
        for session in group
    ]
    if not kept:
        raise InvalidDataError(
            "The recording",
            got=f"no session among {len(sessions)} with {options.min_coverage:.0%} of bins in each part "
            f"({'; '.join(left_out[:3])})",
            needed="at least one",
            hint="Choose larger bins, fewer repetitions, some smoothing or a lower 'min_coverage'.",
        )
    groups, maps = zip(*kept, strict=True)
    return MappedSessions(groups, maps, tuple(left_out), grid, options)


def labelled_maps(mapped: MappedSessions, region: str) -> xr.DataArray:
    """Label the rate maps of the sessions that are kept.

    Parameters
    ----------
    mapped : MappedSessions
        Sessions and maps as returned by :func:`map_sessions`.
    region : str
        Region of the cells.

    Returns
    -------
    maps : assembly of dims (presentation, neuroid)
        Maps in Hz; a presentation is one bin in one repetition, NaN where the animal was too short a time while
        the cell was recorded. The attribute ``n_sessions_left_out`` counts the sessions that are not in it, and
        ``n_cells_recorded_in_part``, where there are any, the cells that were not recorded all the time.
    """
    n, grid = mapped.options.n_repetitions, mapped.grid
    return recording(
        np.concatenate(mapped.maps, axis=2).reshape(n * grid.n_bins, -1).astype(np.float32),
        presentation=grid.presentation(n),
        neuroid=_neuroids(mapped.groups, region),
        attrs={**_facts(mapped), **_map_facts(mapped.options)},
    )


def running_speed(session: TrackedSession) -> Array:
    """Speed at each sample in m/s: the way made within 0.4 s around it, over that time."""
    t = session.times_s
    ends = [np.clip(t + sign * _SPEED_WINDOW_S / 2, t[0], t[-1]) for sign in (-1, 1)]
    x, y = (np.interp(ends[1], t, column) - np.interp(ends[0], t, column) for column in session.positions_m.T)
    return np.asarray(np.hypot(x, y) / (ends[1] - ends[0]))


def _one_arena(sessions: Sequence[TrackedSession]) -> tuple[float, float]:
    arenas = sorted({session.arena_m for session in sessions})
    if len(arenas) != 1:
        raise InvalidDataError(
            "The sessions",
            got=f"arenas {arenas} m",
            needed="in arenas of one size",
            hint="Make two data sets.",
        )
    return arenas[0]


def _part_maps(group: Sequence[TrackedSession], grid: SpatialGrid, options: MapOptions) -> Array:
    """Rate maps of shape (n_repetitions, n_bins, n_cells) of sessions with the same cells."""
    n = options.n_repetitions
    weights = [_running_time(session, options.min_speed_m_s) for session in group]
    starts = np.cumsum([0.0] + [float(weight.sum()) for weight in weights])
    labels = [
        _part(weight, start, starts[-1], n) * grid.n_bins + grid.index(session.positions_m)
        for session, weight, start in zip(group, weights, starts[:-1], strict=True)
    ]
    time = time_of_cells(group, np.concatenate(labels), np.concatenate(weights), n * grid.n_bins)
    counts = np.zeros((n * grid.n_bins, len(group[0].spikes_s)))
    for session, weight, label in zip(group, weights, labels, strict=True):
        counts += _spike_counts(session, weight, label, n * grid.n_bins)
    return np.stack(
        [
            _rate_maps(part_counts, part_time, grid, options)
            for part_counts, part_time in zip(np.split(counts, n), np.split(time, n), strict=True)
        ]
    )


def _running_time(session: TrackedSession, min_speed_m_s: float) -> Array:
    """Duration of each sample, 0 where the animal is too slow."""
    durations = sample_durations(session.times_s, session.max_gap_s)
    return np.where(running_speed(session) >= min_speed_m_s, durations, 0.0)


def _part(weight: Array, start: float, total: float, n: int) -> npt.NDArray[np.int_]:
    """Index of the part that each sample lies in, of `n` parts of equal running time."""
    before = start + np.cumsum(weight) - weight
    # A sample that begins at a boundary lies after it, whichever way the sums were rounded.
    return np.asarray(np.clip((before / max(total, 1e-12) * n + _ROUNDING).astype(int), 0, n - 1))


def _spike_counts(
    session: TrackedSession, weight: Array, label: npt.NDArray[np.int_], n_labels: int
) -> Array:
    columns, durations = [], sample_durations(session.times_s, session.max_gap_s)
    for spikes in session.spikes_s.values():
        sample = sample_of_spikes(session.times_s, durations, spikes)
        columns.append(_sums(label[sample], (weight[sample] > 0).astype(float), n_labels))
    return np.stack(columns, axis=1)


def _sums(labels: npt.NDArray[np.int_], weights: Array, n_labels: int) -> Array:
    return np.bincount(labels, weights=weights, minlength=n_labels).astype(np.float64)


def _rate_maps(counts: Array, time: Array, grid: SpatialGrid, options: MapOptions) -> Array:
    smooth_time = smoothed_over_bins(time, grid, options.smoothing_m)
    smooth_counts = smoothed_over_bins(counts, grid, options.smoothing_m)
    return rates_in_bins(smooth_counts, smooth_time, min_time=options.min_occupancy_s)


def _neuroids(groups: Sequence[Sequence[TrackedSession]], region: str) -> dict[str, list[Any]]:
    cells = [(group, cell) for group in groups for cell in group[0].spikes_s]
    known = dict.fromkeys(name for group, cell in cells for name in group[0].labels.get(cell, {}))
    return {
        "neuroid_id": [f"{group[0].animal}-{cell}" for group, cell in cells],
        "animal": [group[0].animal for group, _ in cells],
        "region": [region] * len(cells),
        "session": [group[0].identifier for group, _ in cells],
        "n_spikes": [sum(len(session.spikes_s[cell]) for session in group) for group, cell in cells],
        **{name: [_label(group[0].labels, cell, name) for group, cell in cells] for name in known},
    }


def _label(labels: Mapping[str, Mapping[str, str]], cell: str, name: str) -> str:
    return labels.get(cell, {}).get(name, "") or _UNKNOWN


def _facts(mapped: MappedSessions) -> dict[str, Any]:
    in_part = sum(len({cell for session in group for cell in session.observed}) for group in mapped.groups)
    return {
        **({"n_cells_recorded_in_part": in_part} if in_part else {}),
        "units": "Hz",
        "n_sessions": len(mapped.sessions),
        "n_sessions_left_out": len(mapped.left_out),
        "n_samples_dropped": sum(session.n_samples_dropped for session in mapped.sessions),
        "n_spikes_outside": sum(session.n_spikes_outside for session in mapped.sessions),
    }


def _map_facts(options: MapOptions) -> dict[str, Any]:
    """The options, with the bin's size under the name that alignment in space reads."""
    return {"bin_size_m": options.bin_m, **asdict(options)}
