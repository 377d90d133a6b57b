"""Checks that the tracking of an animal is fit for computation."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...core.errors import InvalidDataError

__all__ = [
    "RefusedSessionError",
    "check_arena",
    "check_direction",
    "check_plausible",
    "check_sampling",
    "check_shapes",
    "check_times",
    "refuse_above",
]

Array = npt.NDArray[np.float64]

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
