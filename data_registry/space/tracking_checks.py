"""Checks that the tracking of an animal is fit for computation."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...core.errors import InvalidDataError
from ...tasks.self_motion import headings

__all__ = [
    "RefusedSessionError",
    "check_arena",
    "check_direction",
    "check_plausible",
    "check_sampling",
    "check_shapes",
    "check_times",
    "direction_of_lights",
    "refuse_above",
    "stuck_directions",
    "stuck_positions",
]

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# Boxes and tracks for rats and mice are 0.3 to 4 m; a running rat is near 0.2 m/s, rarely above 1 m/s.
_SIDES_M = (0.1, 20.0)
_FASTEST_MEDIAN_M_S = 2.0
_SMALLEST_SHARE, _LARGEST_SHARE = 0.05, 1.2  # of the arena's side, that positions may span
_UNIT_MISTAKEN = 20.0
_FILLED_SHARE = 0.8
_CENTIMETRES = (
    "They look like centimetres; give metres (where NWB's 'unit' or 'conversion' is wrong, by 'metres_per_unit', "
    "and of a declared field by 'scale', in the options of the card)."
)
# Rats turn their heads by 1 rad/s on average and rarely by 10; they look all round in a minute.
_FASTEST_TURN_RAD_S = 25.0
_STILL_RAD, _LEAST_TURN_RAD = 1e-6, 1.01
# A value is a lost tracker's if it is exactly that of more samples than this share, of many times more samples than
# others are, and if it is mostly reached or left by jumps. Rats that rest do so at up to 0.9 % of samples, and go.
_STUCK_SHARE, _STUCK_TIMES_OTHERS = 0.01, 10
_FASTEST_STEP_M_S, _FASTEST_STEP_RAD_S = 2.0, 10.0
_ANGLE_UNIT = (
    "Give the unit in the options of the card: 'head_direction_unit' for NWB, 'scale' of a declared field."
)


class RefusedSessionError(InvalidDataError):
    """A session whose content cannot be right, although the file is whole."""


def check_shapes(subject: str, times: Array, positions: Array, head_direction: Array | None) -> None:
    """Refuse arrays that do not belong together."""
    n = len(times) if times.ndim == 1 else -1
    direction = None if head_direction is None else np.shape(head_direction)
    shapes = [positions.shape == (n, 2), direction in (None, (n,))]
    if n < 2 or not all(shapes):
        raise RefusedSessionError(
            subject,
            got=f"times {times.shape}, positions {positions.shape}, head direction {direction}",
            needed="of shapes (time,), (time, 2) and (time,), with two samples or more",
        )


def check_times(subject: str, times: Array) -> None:
    """Refuse a clock that stops being a number or runs backwards."""
    if not np.isfinite(times).all():
        bad = int((~np.isfinite(times)).sum())
        raise RefusedSessionError(subject, got=f"{bad} NaN or infinite times", needed="with finite times")
    backwards = np.flatnonzero(np.diff(times) < 0)
    if len(backwards):
        before, after = times[backwards[0]], times[backwards[0] + 1]
        raise RefusedSessionError(
            subject,
            got=f"time going backwards {len(backwards)} times, first from {before:g} to {after:g} s",
            needed="with times that increase",
            hint="Joined sessions have to be given apart.",
        )


def check_sampling(subject: str, times: Array, max_gap_s: float) -> None:
    """Refuse positions so rare that most of the time would not count, as where the times are not in seconds."""
    step = float(np.median(np.diff(times)))
    if step > max_gap_s:
        raise RefusedSessionError(
            f"{subject}: the times",
            got=f"a median of {step:.3g} s from one position to the next",
            needed=f"in seconds, no more than 'max_gap_s', {max_gap_s:g}, apart",
            hint="They look like milliseconds or numbers of samples; or raise 'max_gap_s' of the 'limits'.",
        )


def check_direction(subject: str, times: Array, direction: Array) -> None:
    """Refuse angles that cannot be an animal's head direction in radians.

    Angles may be folded into a turn or not; those that exceed a turn must then change as fast as a head can.

    Parameters
    ----------
    subject : str
        The session, for messages.
    times : array of shape (time,)
        Increasing.
    direction : array of shape (time,)
        Angles that are given as radians.
    """
    known = np.isfinite(direction)
    if known.sum() < 2:
        return
    spread, steps = np.ptp(direction[known]), np.abs(np.diff(direction[known]))
    if _STILL_RAD < spread <= _LEAST_TURN_RAD:
        raise RefusedSessionError(
            f"{subject}: the head direction",
            got=f"spread over {spread:.3g} rad",
            needed="an animal's that looks around, in radians",
            hint=f"It looks like radians taken for degrees, or like turns. {_ANGLE_UNIT}",
        )
    speed = float(np.quantile(steps / np.diff(times[known]), 0.99))
    if spread > 2 * np.pi * 1.01 and speed > _FASTEST_TURN_RAD_S:
        raise RefusedSessionError(
            f"{subject}: the head direction",
            got=f"spread over {spread:.3g} rad, with turns of {speed:.3g} rad/s",
            needed=f"an animal's in radians, folded or with turns of at most {_FASTEST_TURN_RAD_S:g} rad/s",
            hint=f"It looks like degrees. {_ANGLE_UNIT}",
        )


def stuck_positions(times: Array, positions: Array) -> Mask:
    """Samples at a place that a tracker gives when it has lost the animal, such as (0, 0).

    Parameters
    ----------
    times : array of shape (time,)
    positions : array of shape (time, 2)
        Positions in m; NaN where they are lost already.

    Returns
    -------
    stuck : bool array of shape (time,)
        Samples at exactly one place that has more than 1 % of them and is reached or left faster than animals run.
    """
    return _stuck(times, positions[:, 0] + 1j * positions[:, 1], _FASTEST_STEP_M_S)


def stuck_directions(times: Array, direction: Array) -> Mask:
    """The same of angles in radians, which a lost tracker keeps at 0 or another value."""
    return _stuck(times, np.exp(1j * direction), _FASTEST_STEP_RAD_S)


def direction_of_lights(times: Array, front_m: Array, hind_m: Array) -> Array:
    """Direction from the hind light to the front one, in radians; NaN where one is lost or the hind one stuck."""
    stuck = stuck_positions(times, hind_m)
    return headings(front_m - np.where(stuck[:, None], np.nan, hind_m))


def _stuck(times: Array, values: npt.NDArray[np.complex128], fastest: float) -> Mask:
    known = np.isfinite(values) & (np.diff(times, prepend=-np.inf) > 0)
    found = np.zeros(len(values), dtype=bool)
    if known.any():
        found[known] = _stuck_of_known(times[known], values[known], fastest)
    return found


def _stuck_of_known(times: Array, values: npt.NDArray[np.complex128], fastest: float) -> Mask:
    _, value, counts = np.unique(values, return_inverse=True, return_counts=True)
    often = counts > max(_STUCK_SHARE * len(values), _STUCK_TIMES_OTHERS * float(np.median(counts)))
    stay = np.append(0, np.cumsum(np.diff(values) != 0))  # number of the stretch of one value
    fast = np.flatnonzero(np.abs(np.diff(values)) > fastest * np.diff(times))
    jumped = np.zeros(stay[-1] + 1, dtype=bool)
    jumped[stay[np.append(fast, fast + 1)]] = True
    by_jumps = np.bincount(value, weights=jumped[stay]) > counts / 2
    return np.asarray((often & by_jumps)[value])


def check_arena(subject: str, arena_m: tuple[float, float]) -> None:
    """Refuse an arena that no animal was recorded in."""
    if not all(_SIDES_M[0] <= side <= _SIDES_M[1] for side in arena_m):
        raise RefusedSessionError(
            f"{subject}: the arena",
            got=f"{arena_m} m",
            needed=f"with sides of {_SIDES_M[0]:g} to {_SIDES_M[1]:g} m",
            hint=_CENTIMETRES if max(arena_m) > _SIDES_M[1] else "",
        )


def check_plausible(
    subject: str, times: Array, positions: Array, arena_m: tuple[float, float], *, filled: bool
) -> None:
    """Refuse positions in another unit than the arena's, or too fast for an animal.

    Parameters
    ----------
    subject : str
        The session, for messages.
    times : array of shape (time,)
    positions : array of shape (time, 2)
    arena_m : tuple of float
    filled : bool
        Whether the animal must have been almost everywhere, since only then its range tells where the walls are.
    """
    if len(times) < 2:
        raise RefusedSessionError(subject, got=f"{len(times)} known positions", needed="with two or more")
    span = np.ptp(np.quantile(positions, [0.005, 0.995], axis=0), axis=0)
    share = span / np.asarray(arena_m)
    if share.max() > _LARGEST_SHARE or share.max() < _SMALLEST_SHARE:
        raise RefusedSessionError(
            f"{subject}: the positions",
            got=f"spread over {span[0]:.3g} x {span[1]:.3g} m in an arena of {arena_m[0]:g} x {arena_m[1]:g} m",
            needed="spread over the arena",
            hint=_unit_hint(float(share.max())),
        )
    speed = float(np.median(np.hypot(*np.diff(positions, axis=0).T) / np.diff(times)))
    if speed > _FASTEST_MEDIAN_M_S:
        raise RefusedSessionError(
            f"{subject}: the speed",
            got=f"a median of {speed:.3g} m/s",
            needed=f"an animal's, at most {_FASTEST_MEDIAN_M_S:g} m/s",
            hint=f"{_CENTIMETRES} Or the times are not in seconds.",
        )
    if filled and share.min() < _FILLED_SHARE:
        raise RefusedSessionError(
            f"{subject}: the positions",
            got=f"spread over {share[0]:.0%} and {share[1]:.0%} of the arena's sides",
            needed=f"over {_FILLED_SHARE:.0%} or more, for it is not known where the walls are",
            hint="Give the arena's corner in the tracker's coordinates.",
        )


def _unit_hint(share: float) -> str:
    if share > _UNIT_MISTAKEN:
        return _CENTIMETRES
    return "Check the arena's size." if share > 1 else "They may have been divided by 100 once too often."


def refuse_above(subject: str, n: int, of: int, share: float, what: str) -> None:
    """Refuse a session in which too many samples or spikes are useless."""
    if n > share * of:
        raise RefusedSessionError(
            subject, got=f"{n} of {of} {what}", needed=f"with at most {share:.0%} of them"
        )
