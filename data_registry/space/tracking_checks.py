"""Checks that the tracking of an animal is fit for computation."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...core.errors import InvalidDataError

__all__ = [
    "RefusedSessionError",
    "check_arena",
    "check_plausible",
    "check_shapes",
    "check_times",
    "refuse_above",
]

Array = npt.NDArray[np.float64]

# Boxes and tracks for rats and mice are 0.3 to 4 m; a running rat is near 0.2 m/s, rarely above 1 m/s.
_SIDES_M = (0.1, 20.0)
_FASTEST_MEDIAN_M_S = 2.0
_SMALLEST_SHARE, _LARGEST_SHARE = 0.05, 1.5  # of the arena's side, that positions may span
_UNIT_MISTAKEN = 20.0
_FILLED_SHARE = 0.8
_CENTIMETRES = "They look like centimetres; give metres (with NWB, multiply by 'conversion')."


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
