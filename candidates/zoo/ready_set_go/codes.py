"""Codes that the candidates for ready-set-go share: bumps and powers of a quantity, and flags of the context."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from ....core.stimuli import FrameClip
from ....tasks.ready_set_go import PRIORS, Events, events_of

__all__ = ["bumps", "flags", "frame_events", "measured_ms", "powers", "prior_mean_ms", "since_set_ms"]

Array = npt.NDArray[np.float64]

_MEANS_MS: Mapping[str, float] = MappingProxyType(
    {name: sum(intervals) / len(intervals) for name, intervals in PRIORS.items()}
)


def frame_events(clip: FrameClip) -> Events:
    """The events of a clip at its frames, of shape (frame,) each."""
    return events_of(clip, step_ms=1000 / clip.rate_hz)


def since_set_ms(events: Events) -> Array:
    """Time since Set in ms, of shape (step,); NaN before it."""
    return np.where(events.n_flashes == 2, events.since_flash_ms, np.nan)


def measured_ms(events: Events) -> Array:
    """The interval from Ready to Set in ms, of shape (step,); NaN before Set, when nobody knows it."""
    onsets = np.unique(events.flash_ms[events.n_flashes > 0])
    return np.where(events.n_flashes == 2, onsets[-1] - onsets[0] if len(onsets) else np.nan, np.nan)


def prior_mean_ms(events: Events) -> Array:
    """The mean of the prior that the screen tells, 640 or 1000 ms, of shape (step,)."""
    return np.where(events.short == 1, _MEANS_MS["short"], _MEANS_MS["long"])


def flags(events: Events) -> Array:
    """Prior, effector, direction and whether Set has come, 0 or 1, of shape (step, 4)."""
    return np.stack([events.short, events.eye, events.right, events.n_flashes == 2], axis=-1)


def bumps(values: Array, *, end: float, width: float) -> Array:
    """Gaussian bumps of a quantity, their centres as far apart as they are wide, from 0 to `end`.

    Parameters
    ----------
    values : array of shape (step,)
        The quantity; where it is NaN all bumps are silent.
    end, width : float
        Last centre and standard deviation, in the quantity's unit.

    Returns
    -------
    rates : array of shape (step, n_bumps)
        In [0, 1].
    """
    centres = np.arange(0, end + width / 2, width)
    rates = np.exp(-((values[:, None] - centres) ** 2) / (2 * width**2))
    return np.nan_to_num(rates)


def powers(values: Array, n: int = 5) -> Array:
    """The first powers of a quantity, of shape (step, n); 0 where it is NaN."""
    return np.nan_to_num(values[:, None] ** np.arange(1, n + 1))
