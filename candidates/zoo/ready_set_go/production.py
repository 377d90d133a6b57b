"""The interval that a rising output produces: from Set to when it reaches its threshold."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["THRESHOLD", "produced_ms"]

Array = npt.NDArray[np.float64]

THRESHOLD = 1.0


def produced_ms(ramp: npt.ArrayLike, since_set_ms: npt.ArrayLike) -> Array:
    """The interval produced so far, at every step.

    Parameters
    ----------
    ramp : array of shape (step,)
        Output that goes off when it reaches 1.
    since_set_ms : array of shape (step,)
        Time since Set in ms, NaN before it.

    Returns
    -------
    produced : array of shape (step,)
        0 before Set, then the time since Set until the ramp first reaches 1, held from there on; the time of the
        crossing is interpolated between the two steps about it. A ramp that never gets there has the time to the
        last step.
    """
    output, since = np.asarray(ramp, dtype=np.float64), np.asarray(since_set_ms, dtype=np.float64)
    elapsed = np.nan_to_num(since)
    reached = np.flatnonzero((since >= 0) & (output >= THRESHOLD))
    if not len(reached):
        return elapsed
    return np.minimum(elapsed, _crossing(output, elapsed, int(reached[0])))


def _crossing(output: Array, elapsed: Array, first: int) -> float:
    """The time of the crossing that the step `first` is the first to know of."""
    if elapsed[first] == 0:
        return 0.0
    low, high = output[first - 1], output[first]
    share = (THRESHOLD - low) / (high - low) if low < THRESHOLD else 0.0
    return float(elapsed[first - 1] + share * (elapsed[first] - elapsed[first - 1]))
