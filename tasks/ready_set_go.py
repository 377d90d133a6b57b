"""Ready-set-go: an interval is measured between two flashes and produced again after the second.

A flash says Ready; after the interval t_s a flash says Set; Go is when the monkey moves, the produced interval t_p
after Set (Sohn, Narain, Meirhaeghe & Jazayeri 2019). Intervals are drawn from one of two priors, short or long; the
response is by eye or hand, to the right or left. That makes 8 contexts of 5 intervals each, 40 conditions.

The monitor showed whole frames of 1/60 s, so an interval of 480 ms is one of 29 frames, 483.3 ms. A clip begins 300
ms before Ready and ends 1500 ms after Set. It never shows Go, which would tell t_p. Before Set the five clips of a
context are one stimulus, and nothing changes on the screen once the flash of Set is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..core.stimuli import FrameClip, StimulusSet
from .ready_set_go_screen import HALF_FIELD_DEG, Screens, draw_screens, read_screens

__all__ = [
    "AFTER_SET_FRAMES",
    "CONTEXTS",
    "DIRECTIONS",
    "EFFECTORS",
    "EVENT_STEP_MS",
    "FLASH_FRAMES",
    "PRIORS",
    "RATE_HZ",
    "READY_FRAME",
    "Events",
    "IntervalCondition",
    "clip",
    "conditions",
    "events",
    "events_of",
    "interval_frames",
    "stimulus_set",
]

Array = npt.NDArray[np.float64]

RATE_HZ = 60.0
READY_FRAME = 18
FLASH_FRAMES = 6
AFTER_SET_FRAMES = 90
EVENT_STEP_MS = 20.0

PRIORS: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {"short": (480, 560, 640, 720, 800), "long": (800, 900, 1000, 1100, 1200)}
)
EFFECTORS = ("eye", "hand")
DIRECTIONS = ("right", "left")
CONTEXTS: tuple[str, ...] = tuple("-".join(parts) for parts in product(PRIORS, EFFECTORS, DIRECTIONS))


@dataclass(frozen=True)
class IntervalCondition:
    """One condition of the task.

    Parameters
    ----------
    prior : {"short", "long"}
        Distribution that the interval is from.
    effector : {"eye", "hand"}
        How the response is made.
    direction : {"right", "left"}
        Where the target is.
    t_s_ms : int
        Nominal interval from Ready to Set in ms.
    """

    prior: str
    effector: str
    direction: str
    t_s_ms: int

    @property
    def context(self) -> str:
        """Name of the context, such as ``short-eye-right``."""
        return f"{self.prior}-{self.effector}-{self.direction}"

    @property
    def identifier(self) -> str:
        """Name of the condition, such as ``short-eye-right-480``."""
        return f"{self.context}-{self.t_s_ms}"

    @property
    def set_frame(self) -> int:
        """Index of the frame with which the flash of Set begins."""
        return READY_FRAME + interval_frames(self.t_s_ms)

    @property
    def n_frames(self) -> int:
        """Number of frames of the clip."""
        return self.set_frame + AFTER_SET_FRAMES


def interval_frames(t_s_ms: float) -> int:
    """The number of whole frames that an interval takes on the screen."""
    return round(t_s_ms * RATE_HZ / 1000)


def conditions() -> tuple[IntervalCondition, ...]:
    """All 40 conditions, by prior, effector, direction and interval."""
    return tuple(
        IntervalCondition(prior, effector, direction, t_s)
        for prior, effector, direction in product(PRIORS, EFFECTORS, DIRECTIONS)
        for t_s in PRIORS[prior]
    )


def clip(condition: IntervalCondition, *, size: int = 64) -> FrameClip:
    """Draw a condition, from 300 ms before Ready to 1500 ms after Set.

    The marks and the target are there from the first frame; in the experiment the target came 250 ms or more
    before Ready.

    Parameters
    ----------
    condition : IntervalCondition
        The condition.
    size : int, default=64
        Height and width in pixels, 32 or more.

    Returns
    -------
    clip : FrameClip
        ``context_frames`` counts the frames to the end of the flash of Set.

    Raises
    ------
    InvalidArgumentError
        If `size` is too small.
    """
    return FrameClip(
        identifier=condition.identifier,
        frames=draw_screens(_screens(condition), size=size),
        rate_hz=RATE_HZ,
        degrees_per_pixel=2 * HALF_FIELD_DEG / size,
        context_frames=condition.set_frame + FLASH_FRAMES,
    )


def stimulus_set(identifier: str = "ready-set-go", *, size: int = 64) -> StimulusSet:
    """The clips of all 40 conditions, with the facts of each.

    Returns
    -------
    stimuli : StimulusSet
        The table has ``prior``, ``effector``, ``direction``, ``context``, the nominal interval ``t_s_ms``, and
        ``ready_ms`` and ``set_ms``, when the flashes begin in the clip, in ms, exact.
    """
    shown = conditions()
    table = pd.DataFrame(
        {
            "stimulus_id": [one.identifier for one in shown],
            **{name: [getattr(one, name) for one in shown] for name in _FACTS},
            "ready_ms": [_frame_ms(READY_FRAME) for _ in shown],
            "set_ms": [_frame_ms(one.set_frame) for one in shown],
        }
    )
    return StimulusSet(identifier, tuple(clip(one, size=size) for one in shown), table)


@dataclass(frozen=True, eq=False)
class Events:
    """A clip as the events of the task, each an array of shape (step,).

    Parameters
    ----------
    times_ms : array
        Time of the step in ms after the clip's first frame began.
    flash : array
        1 while a flash is on, else 0.
    short, eye, right : array
        1 for short intervals, the eye and a target on the right; 0 for long ones, the hand and the left.
    n_flashes : array of int
        Number of flashes that have begun: 0 before Ready, 1 before Set, then 2.
    flash_ms : array
        Time at which the frame of the last flash began, exact; NaN before Ready.
    """

    times_ms: Array
    flash: Array
    short: Array
    eye: Array
    right: Array
    n_flashes: npt.NDArray[np.int64]
    flash_ms: Array

    @property
    def since_flash_ms(self) -> Array:
        """Time since the last flash began in ms, of shape (step,); NaN before Ready."""
        return self.times_ms - self.flash_ms


def events_of(clip: FrameClip, *, step_ms: float = EVENT_STEP_MS) -> Events:
    """Read the events of a clip off its pixels; a step sees the frames that have begun by its time, and no others.

    Parameters
    ----------
    clip : FrameClip
        A clip of this task, whole or cut short.
    step_ms : float, default=20
        Time between steps in ms; the first is at the beginning of the clip.

    Raises
    ------
    InvalidDataError
        If a frame is no screen of this task.
    """
    return _sampled(read_screens(clip), clip.rate_hz, step_ms)


def events(condition: IntervalCondition, *, step_ms: float = EVENT_STEP_MS) -> Events:
    """The events that the clip of a condition is drawn from; for those who have the condition and not the clip."""
    return _sampled(_screens(condition), RATE_HZ, step_ms)


_FACTS = ("prior", "effector", "direction", "context", "t_s_ms")


def _screens(condition: IntervalCondition) -> Screens:
    frame = np.arange(condition.n_frames)
    since = [frame - onset for onset in (READY_FRAME, condition.set_frame)]
    flash = np.any([(n >= 0) & (n < FLASH_FRAMES) for n in since], axis=0)
    flags = (condition.prior == "short", condition.effector == "eye", condition.direction == "right")
    return Screens(flash, *(np.full(len(frame), flag) for flag in flags))


def _sampled(screens: Screens, rate_hz: float, step_ms: float) -> Events:
    """Screens at steps: each sees the frame that is on when it begins, and remembers the flashes."""
    n_steps = int(np.ceil(len(screens.flash) * 1000 / rate_hz / step_ms - 1e-6))
    times = np.arange(n_steps, dtype=np.float64) * step_ms
    seen = np.floor(times * rate_hz / 1000 + 1e-6).astype(int)
    begins = screens.flash & ~np.concatenate([[False], screens.flash[:-1]])
    count = np.cumsum(begins)[seen]
    onsets = np.concatenate([[np.nan], np.flatnonzero(begins) * 1000 / rate_hz])
    shown = (screens.flash, screens.short, screens.eye, screens.right)
    flash, short, eye, right = (flag[seen].astype(np.float64) for flag in shown)
    return Events(times, flash, short, eye, right, count, onsets[count])


def _frame_ms(frame: int) -> float:
    return frame * 1000 / RATE_HZ
