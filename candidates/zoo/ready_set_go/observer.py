"""The ideal observer of ready-set-go: it measures with noise, knows the prior, and paces a ramp by its estimate."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ....core.stimuli import FrameClip
from ....tasks.interval_observer import mean_bls_estimate
from ....tasks.ready_set_go import PRIORS, Events
from .codes import bumps, frame_events, measured_ms, prior_mean_ms, since_set_ms
from .production import produced_ms

__all__ = ["Observer"]

Array = npt.NDArray[np.float64]


class Observer:
    """Bayesian least-squares observer with a ramp to threshold.

    Its estimate is the mean over many noisy measurements, as recorded intervals are means over trials. While it
    measures it has the estimate that it would have if Set came now, from the prior's shortest interval on; after
    Set it keeps the one of the measured interval, and a ramp reaches 1 when as much time has gone by.

    Parameters
    ----------
    w_m : float, default=0.05
        Weber fraction of the measurement; fits to two monkeys gave 0.048 and 0.051.
    """

    _END, _WIDTH = 1.3, 0.05

    def __init__(self, *, w_m: float = 0.05) -> None:
        self._w_m = w_m

    def activations(self, stimulus: FrameClip) -> dict[str, Array]:
        """Three layers: ``ramp`` (time, 2), ``population`` (time, 108), ``tp`` (time, 1).

        ``ramp`` has the ramp and the estimate in s. ``population`` has 27 bumps of the phase, which is time in
        units of the prior's mean before Set and of the estimate after it: the bumps alone, times effector, times
        direction, and times the pace (1 / estimate, in 1/s). ``tp`` is the produced interval so far, in ms.
        """
        events = frame_events(stimulus)
        estimate_s = self._estimate_ms(events) / 1000
        since_set = since_set_ms(events)
        ramp = since_set / 1000 / estimate_s
        phase = np.where(np.isnan(ramp), events.since_flash_ms / prior_mean_ms(events), np.minimum(ramp, 1))
        gains = np.stack([np.ones_like(phase), events.eye, events.right, 1 / estimate_s], axis=-1)
        tuned = bumps(phase, end=self._END, width=self._WIDTH)
        return {
            "ramp": np.stack([np.nan_to_num(np.minimum(ramp, 1)), estimate_s], axis=-1),
            "population": (np.nan_to_num(gains)[:, :, None] * tuned[:, None]).reshape(len(phase), -1),
            "tp": produced_ms(ramp, since_set)[:, None],
        }

    def _estimate_ms(self, events: Events) -> Array:
        """The estimate at each step, of shape (step,); that of the shortest interval before Ready, too."""
        measured = np.where(events.n_flashes == 2, measured_ms(events), events.since_flash_ms)
        estimate = np.empty_like(measured)
        for name, intervals in PRIORS.items():
            own = (events.short == 1) == (name == "short")
            low, high = float(intervals[0]), float(intervals[-1])
            elapsed = np.fmax(measured[own], low)
            estimate[own] = mean_bls_estimate(elapsed, (low, high), w_m=self._w_m)
        return estimate
