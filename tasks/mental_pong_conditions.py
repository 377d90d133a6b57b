"""The 79 Mental-Pong conditions that were recorded, and how the release divides a trial into time bins.

Identifiers and groups are those of the public analysis code of Rajalingham, Sohn & Jazayeri (2025), in the order of
every released array. The release has bins of 50 ms of which the first starts 300 ms before the ball moves.

The epochs of the release count a step of the task as 41 ms; the stimulus ran at 1000/24 = 41.667 ms a step, so the
released epochs end up to 1.6 % early. Both are here: pass :data:`RELEASED_STEP_MS` or
:data:`~innerscore.tasks.mental_pong.STEP_MS` to :func:`epoch_times`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .mental_pong import STEP_MS, STILL_MS, PongCondition

__all__ = [
    "BIN_MS",
    "META_INDICES",
    "N_BINS",
    "OCCLUDED_BOUNCE",
    "RELEASED_STEP_MS",
    "VISIBLE_BOUNCE",
    "EpochTimes",
    "bin_centres_ms",
    "bounce_group",
    "condition_name",
    "epoch_bins",
    "epoch_times",
]

BIN_MS = 50.0
N_BINS = 100
RELEASED_STEP_MS = 41.0

# fmt: off
META_INDICES: tuple[int, ...] = (
    29337, 55062, 58244, 59920, 68220, 72780, 77046, 77944, 90751, 93053, 99902, 105802, 118879, 122957,
    126479, 158705, 159613, 163248, 167848, 179553, 182748, 183171, 184642, 187617, 197632, 199564, 204372,
    204678, 206128, 217817, 218791, 226533, 232533, 241919, 242380, 244437, 245662, 248856, 251629, 258471,
    269179, 270569, 273073, 273515, 287936, 297652, 301600, 320246, 325813, 328386, 330797, 332165, 340684,
    351612, 356164, 356765, 370777, 377134, 379400, 381514, 388571, 394672, 396358, 400995, 401673, 406460,
    413189, 413513, 420020, 428615, 435203, 448412, 454477, 456038, 460651, 463174, 464785, 465431, 469268,
)
# Positions in META_INDICES.
OCCLUDED_BOUNCE: tuple[int, ...] = (3, 9, 20, 27, 33, 34, 41, 48, 51, 75, 78)
VISIBLE_BOUNCE: tuple[int, ...] = (1, 5, 10, 11, 15, 23, 29, 30, 36, 38, 42, 43, 47, 52, 69, 73)
# fmt: on


@dataclass(frozen=True)
class EpochTimes:
    """When the ball goes behind the occluder and when the trial ends, in ms after motion onset."""

    occlusion_ms: float
    end_ms: float


def condition_name(meta_index: int) -> str:
    """The name under which a recorded condition's stimulus goes, such as ``pong-029337``."""
    return f"pong-{meta_index:06d}"


def bounce_group(position: int) -> str:
    """``"none"``, ``"visible"`` or ``"occluded"``: where the ball of the condition at a position bounces."""
    return "occluded" if position in OCCLUDED_BOUNCE else "visible" if position in VISIBLE_BOUNCE else "none"


def bin_centres_ms(n_bins: int = N_BINS) -> npt.NDArray[np.float64]:
    """Mean time of each bin in ms after motion onset; the release averages samples at whole ms."""
    return (np.arange(n_bins, dtype=np.float64) + 0.5) * BIN_MS - 0.5 - STILL_MS


def epoch_times(condition: PongCondition, *, step_ms: float) -> EpochTimes:
    """Occlusion and end of a trial, at the first step at which the ball is behind the occluder or at the edge.

    Parameters
    ----------
    condition : PongCondition
        The trial.
    step_ms : float
        Length of a step: :data:`RELEASED_STEP_MS` as in the released epochs, ``STEP_MS`` as on the screen.
    """
    steps = (np.ceil(time / STEP_MS - 1e-6) for time in (condition.occlusion_ms, condition.end_ms))
    return EpochTimes(*(float(step * step_ms) for step in steps))


def epoch_bins(times: Sequence[EpochTimes], *, n_bins: int = N_BINS) -> dict[str, npt.NDArray[np.bool_]]:
    """Time bins of each epoch, by the rule of the release: a bin belongs to every epoch that it touches.

    Visible and occluded epoch therefore share a bin, unless the occlusion begins at the edge of one.

    Parameters
    ----------
    times : sequence of EpochTimes
        One a condition.
    n_bins : int
        Number of time bins.

    Returns
    -------
    masks : dict of bool arrays of shape (n_conditions, n_bins)
        ``visible``, ``occluded`` and ``whole``.
    """
    onset = np.zeros(len(times))
    occlusion, end = np.array([[time.occlusion_ms, time.end_ms] for time in times]).T
    spans = {"visible": (onset, occlusion), "occluded": (occlusion, end), "whole": (onset, end)}
    return {name: _touched(*span, n_bins) for name, span in spans.items()}


def _touched(
    start_ms: npt.NDArray[np.float64], stop_ms: npt.NDArray[np.float64], n_bins: int
) -> npt.NDArray[np.bool_]:
    edges = np.arange(n_bins + 1) * BIN_MS - STILL_MS
    # Samples are whole ms from start up to, not including, stop.
    first, last = np.floor(start_ms)[:, None], np.ceil(stop_ms)[:, None] - 1
    return np.asarray((edges[1:] > first) & (edges[:-1] <= last))
