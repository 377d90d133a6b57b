"""The ball's path out of released bin means: which condition it was, by the physics of the task."""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt

from ...core.errors import InvalidArgumentError
from ...tasks.mental_pong import WALL_DEG, PongCondition
from ...tasks.mental_pong_conditions import BIN_MS, bin_centres_ms

__all__ = ["ball_velocity", "fit_condition"]

Floats = npt.NDArray[np.float64]

_LEAST_BINS = 4


def ball_velocity(position_deg: Floats) -> Floats:
    """Velocity in deg/s by the rule of the release: forward difference of bins, the last one repeated.

    Parameters
    ----------
    position_deg : array of shape (n_conditions, n_bins)
        Positions in deg; NaN where there is no ball.
    """
    step = np.diff(position_deg, axis=1, append=np.nan)
    last = np.isfinite(position_deg) & ~np.isfinite(step)
    rows, columns = np.nonzero(last)
    step[rows, columns] = step[rows, np.maximum(columns - 1, 0)]
    return np.asarray(step * (1000 / BIN_MS))


def fit_condition(
    identifier: str, x: Floats, y: Floats, moving: npt.NDArray[np.bool_], *, bounces: bool
) -> PongCondition:
    """Fit start, heading and speed to the ball's bin means.

    Both coordinates are straight lines in time by least squares, the height after it has been unfolded at the
    wall. The bin of the bounce is the mean of two directions and is left out, as are the first bin and the last
    two of the movement, in which the ball may not move all the time: the released end is up to a step late.

    Parameters
    ----------
    identifier : str
        Name of the condition.
    x, y : arrays of shape (n_bins,)
        The ball's mean position in deg in each bin.
    moving : bool array of shape (n_bins,)
        Bins of the whole trial.
    bounces : bool
        Whether it bounces once.

    Raises
    ------
    InvalidArgumentError
        If there are too few bins with a ball, or it does not move to the right.
    """
    used = np.flatnonzero(moving)[1:-2]
    used = used[np.isfinite(x[used]) & np.isfinite(y[used])]
    if len(used) < _LEAST_BINS:
        raise InvalidArgumentError(
            f"The ball of condition '{identifier}'",
            got=f"{len(used)} whole bins",
            needed=f"in {_LEAST_BINS} or more",
        )
    seconds = bin_centres_ms(len(x))[used] / 1000
    vx, x0 = np.polyfit(seconds, x[used], 1)
    vy, y0 = _unfolded_line(seconds, y[used]) if bounces else np.polyfit(seconds, y[used], 1)
    if vx <= 0:
        raise InvalidArgumentError(
            f"The ball of condition '{identifier}'", got=f"{vx:.3g} deg/s along x", needed="moving rightwards"
        )
    return PongCondition(
        identifier, float(x0), float(y0), heading=float(np.arctan2(vy, vx)), speed=float(np.hypot(vx, vy))
    )


def _unfolded_line(seconds: Floats, y: Floats) -> tuple[float, float]:
    """Slope and start of a height that turns once at a wall: of all bins and walls, where the fit is best."""
    fits = [_unfold(seconds, y, turn, wall) for turn, wall in product(range(len(y)), (WALL_DEG, -WALL_DEG))]
    slope, start, *_ = min(fits, key=lambda fit: fit[2:])
    return slope, start


def _unfold(seconds: Floats, y: Floats, turn: int, wall: float) -> tuple[float, float, bool, float]:
    """Fit with the bounce in bin `turn` off one wall: slope, start, whether it misses, squared residual.

    A fit misses if its line does not reach the wall in that bin, or, for the last bin, at that time or later: a
    path that has not yet turned fits a turn at its very beginning just as well.
    """
    straight = np.where(np.arange(len(y)) > turn, 2 * wall - y, y)
    kept = np.arange(len(y)) != turn
    slope, start = np.polyfit(seconds[kept], straight[kept], 1)
    residual = straight[kept] - slope * seconds[kept] - start
    late = (wall - start) / slope - seconds[turn] if slope else np.inf
    misses = late < -BIN_MS / 1000 or (late > BIN_MS / 1000 and turn < len(y) - 1)
    return float(slope), float(start), bool(misses), float(residual @ residual)
