"""A tracked path, checked before anything is computed from it, and spikes brought to its samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ....core.arrays import plain_array
from ....core.errors import InvalidArgumentError

__all__ = ["SpikeCounts", "Trajectory", "spike_counts", "trajectory"]

Floats = npt.NDArray[np.float64]
_LARGEST_BOX_M, _FASTEST_MEDIAN_M_S = 20.0, 3.0
_SHARE_OUTSIDE, _GAP_STEPS = 0.01, 5.0
_SPIKES = "The 'spike_times' parameter"
_CENTIMETRES = "Positions seem to be in cm: multiply by 0.01, or by the file's own 'conversion'."


@dataclass(frozen=True, eq=False)
class Trajectory:
    """A path through a box.

    Attributes
    ----------
    times : array of shape (n_samples,)
        Seconds, strictly increasing.
    positions : array of shape (n_samples, 2)
        x, y in m; NaN where the tracker lost the animal.
    durations : array of shape (n_samples,)
        Seconds that each sample stands for: to the next one, at most five usual steps.
    speed : array of shape (n_samples,)
        m/s, by central differences; NaN beside lost samples.
    box_m : tuple of float
        Width (x) and height (y).
    origin_m : tuple of float
        Its lower left corner.
    n_lost, n_outside : int
        Samples without a position, and those outside the box; neither enters a map.
    """

    times: Floats
    positions: Floats
    durations: Floats
    speed: Floats
    box_m: tuple[float, float]
    origin_m: tuple[float, float]
    n_lost: int
    n_outside: int

    @property
    def inside(self) -> npt.NDArray[np.bool_]:
        """Which samples have a position in the box."""
        place = self.positions - np.asarray(self.origin_m)
        with np.errstate(invalid="ignore"):
            return np.asarray(((place >= 0) & (place <= np.asarray(self.box_m))).all(1))


def trajectory(
    times: Floats,
    positions: Floats,
    *,
    box_m: tuple[float, float],
    origin_m: tuple[float, float] = (0.0, 0.0),
) -> Trajectory:
    """Check a tracked path and prepare it for maps.

    Parameters
    ----------
    times : array of shape (n_samples,)
        Seconds.
    positions : array of shape (n_samples, 2)
        x, y in m; NaN, or masked, where the animal was lost.
    box_m : tuple of float
        Width and height of the box in m.
    origin_m : tuple of float, default=(0, 0)
        Lower left corner; half the box, negative, where the middle is (0, 0).

    Returns
    -------
    trajectory : Trajectory

    Raises
    ------
    InvalidArgumentError
        If time stands still or runs backwards, no position is known, more than 1 % of them lie outside the box,
        or box or speed are those of centimetres taken for metres.

    Examples
    --------
    >>> import numpy as np
    >>> path = trajectory(np.arange(3.0), np.array([[0.1, 0.1], [0.2, 0.1], [0.3, 0.1]]), box_m=(1, 1))
    >>> path.speed.round(3)
    array([0.1, 0.1, 0.1])
    """
    times = plain_array("The 'times' parameter", times, dtype=np.float64)
    positions = plain_array("The 'positions' parameter", positions, dtype=np.float64, missing_as_nan=True)
    _check_shapes(times, positions)
    _check_clock(times)
    lost = np.asarray(~np.isfinite(positions).all(1))
    if lost.all():
        raise InvalidArgumentError(
            "The 'positions' parameter", got="NaN only", needed="known for some samples"
        )
    path = _prepared(times, np.where(lost[:, None], np.nan, positions), box_m, origin_m, int(lost.sum()))
    _check_scale(path)
    return path


@dataclass(frozen=True, eq=False)
class SpikeCounts:
    """Spikes at the samples of a path: counts (n_cells, n_samples), and those in gaps of the tracking."""

    counts: Floats
    n_in_gaps: int


def spike_counts(path: Trajectory, spike_times: Sequence[Floats]) -> SpikeCounts:
    """Count each cell's spikes in the time that each sample stands for.

    Parameters
    ----------
    path : Trajectory
    spike_times : sequence of arrays of shape (n_spikes,)
        Seconds, on the path's clock; one array a cell.

    Returns
    -------
    counts : SpikeCounts
        Spikes within a gap of the tracking are left out and counted.

    Raises
    ------
    InvalidArgumentError
        If a spike lies outside the tracked time, or is NaN.
    """
    stop = path.times[-1] + path.durations[-1]
    counts, in_gaps = np.zeros((len(spike_times), len(path.times))), 0
    for cell, spikes in enumerate(spike_times):
        spikes = plain_array(_SPIKES, spikes, dtype=np.float64)  # noqa: PLW2901
        _check_within(cell, spikes, path.times[0], stop)
        sample = np.searchsorted(path.times, spikes, side="right") - 1
        tracked = spikes < path.times[sample] + path.durations[sample] * (1 + 1e-9)
        in_gaps += int((~tracked).sum())
        counts[cell] = np.bincount(sample[tracked], minlength=len(path.times))
    return SpikeCounts(counts, in_gaps)


def _check_shapes(times: Floats, positions: Floats) -> None:
    if times.ndim != 1 or len(times) < 2 or positions.shape != (len(times), 2):
        raise InvalidArgumentError(
            "The 'times' and 'positions' parameters",
            got=f"shapes {times.shape} and {positions.shape}",
            needed="of shapes (n_samples,) and (n_samples, 2), two samples or more",
        )


def _check_clock(times: Floats) -> None:
    steps = np.diff(times)
    if not np.isfinite(times).all() or not (steps > 0).all():
        raise InvalidArgumentError(
            "The 'times' parameter",
            got=f"{int((~(steps > 0)).sum())} steps that stand still, run backwards or are NaN",
            needed="finite and strictly increasing",
            hint="Sort or cut the session; joined sessions have to be put on one clock.",
        )


def _prepared(
    times: Floats, positions: Floats, box_m: tuple[float, float], origin_m: tuple[float, float], n_lost: int
) -> Trajectory:
    if not all(0 < side < np.inf for side in box_m):
        raise InvalidArgumentError("The 'box_m' parameter", got=box_m, needed="positive and finite")
    steps = np.diff(times, append=times[-1] + np.median(np.diff(times)))
    durations = np.minimum(steps, _GAP_STEPS * np.median(steps))
    velocity = np.gradient(positions, times, axis=0)
    path = Trajectory(times, positions, durations, np.hypot(*velocity.T), box_m, origin_m, n_lost, 0)
    n_outside = len(times) - n_lost - int(path.inside.sum())
    return replace(path, n_outside=n_outside)


def _check_scale(path: Trajectory) -> None:
    if max(path.box_m) > _LARGEST_BOX_M:
        raise InvalidArgumentError(
            "The 'box_m' parameter",
            got=f"{path.box_m} m",
            needed=f"at most {_LARGEST_BOX_M} m a side",
            hint="The box seems to be in cm.",
        )
    typical = float(np.nanmedian(path.speed))
    if typical > _FASTEST_MEDIAN_M_S:
        raise InvalidArgumentError(
            "The 'positions' parameter",
            got=f"a median speed of {typical:.3g} m/s",
            needed=f"of at most {_FASTEST_MEDIAN_M_S} m/s",
            hint=_CENTIMETRES,
        )
    known = len(path.times) - path.n_lost
    if path.n_outside > _SHARE_OUTSIDE * known:
        reach = float(np.nanmax(np.abs(path.positions)))
        raise InvalidArgumentError(
            "The 'positions' parameter",
            got=f"{path.n_outside} of {known} positions outside the box, up to {reach:.3g} m from (0, 0)",
            needed="within the box of 'box_m' and 'origin_m'",
            hint=_CENTIMETRES if reach > 10 * max(path.box_m) else "Check the corner 'origin_m'.",
        )


def _check_within(cell: int, spikes: Floats, start: float, stop: float) -> None:
    outside = ~((spikes >= start) & (spikes <= stop))
    if outside.any():
        raise InvalidArgumentError(
            _SPIKES,
            got=f"{int(outside.sum())} spikes of cell {cell} outside {start:.6g} .. {stop:.6g} s",
            needed="within the tracked time",
            hint="Cut the spikes to the session, on the clock of the path.",
        )
