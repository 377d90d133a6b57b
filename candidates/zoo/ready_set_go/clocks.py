"""Controls for ready-set-go that know the screen and the time, and nothing of what an interval is worth."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ....core.stimuli import FrameClip
from ....tasks.ready_set_go import Events
from .codes import bumps, flags, frame_events, measured_ms, powers, prior_mean_ms, since_set_ms
from .production import produced_ms

__all__ = ["Clock", "LeakyClock", "LookUpTable", "Pulse", "ScaledClock"]

Array = npt.NDArray[np.float64]

_S = 1000.0  # in ms


class Pulse:
    """The screen as it is now: the flash, and the signs of the context. No time passes in it."""

    def activations(self, stimulus: FrameClip) -> dict[str, Array]:
        """Two layers: ``flash`` (time, 1), and ``with_context`` (time, 5), flags of the context beside it."""
        events = frame_events(stimulus)
        return _layers("flash", events.flash[:, None], events)


class Clock:
    """Time since the last flash. It plays the interval that it measured back as it is."""

    _END_S, _WIDTH_S = 1.5, 0.05

    def activations(self, stimulus: FrameClip) -> dict[str, Array]:
        """Four layers of the time in s: ``powers`` (time, 5), ``bumps`` (time, 31), ``with_context``, ``tp``.

        Bumps of 50 ms lie 50 ms apart up to 1.5 s; ``with_context`` (time, 35) has flags of the context beside
        them. ``tp`` (time, 1) is the produced interval so far, in ms: that from Ready to Set, in the end.
        """
        events = frame_events(stimulus)
        since, since_set = events.since_flash_ms / _S, since_set_ms(events)
        return {
            "powers": powers(since),
            **_layers("bumps", bumps(since, end=self._END_S, width=self._WIDTH_S), events),
            "tp": produced_ms(since_set / measured_ms(events), since_set)[:, None],
        }


class LookUpTable:
    """Every moment of every context by heart: one unit for each, and so nothing that two contexts share.

    A map that was fitted to some contexts knows nothing of another one's units: with whole contexts held out it
    scores nothing, where samples alone are held out it scores high.
    """

    _STEP_MS, _END_MS = 50.0, 1500.0

    def activations(self, stimulus: FrameClip) -> dict[str, Array]:
        """One layer, ``table`` (time, 480): context (8), flash seen last (Ready, Set), time since it (30 of 50 ms).

        Later times, and those before Ready, have no unit.
        """
        events = frame_events(stimulus)
        prior, effector, direction, is_set = flags(events).astype(int).T
        context = ((prior * 2 + effector) * 2 + direction) * 2 + is_set
        n_moments = int(self._END_MS / self._STEP_MS)
        moment = np.nan_to_num(events.since_flash_ms // self._STEP_MS, nan=n_moments).astype(int)
        known = moment < n_moments
        table = np.zeros((len(moment), 16, n_moments))
        table[known, context[known], moment[known]] = 1
        return {"table": table.reshape(len(moment), -1)}


class LeakyClock:
    """Integrators that each flash adds 1 to and that leak: after Set they still hold something of Ready.

    Eight time constants, 50 ms times powers of 2 up to 6.4 s.
    """

    _TAUS_S = 0.05 * 2.0 ** np.arange(8)

    def activations(self, stimulus: FrameClip) -> dict[str, Array]:
        """Two layers: ``traces`` (time, 8), and ``with_context`` (time, 12), flags of the context beside them."""
        events = frame_events(stimulus)
        onsets = np.unique(events.flash_ms[~np.isnan(events.flash_ms)])
        since = (events.times_ms[:, None] - onsets) / _S
        decayed = np.exp(-np.maximum(since, 0)[..., None] / self._TAUS_S) * (since >= 0)[..., None]
        return _layers("traces", decayed.sum(axis=1), events)


class ScaledClock:
    """Time since the last flash in units of the prior's mean, 640 or 1000 ms (Meirhaeghe, Sohn & Jazayeri 2021)."""

    _END, _WIDTH = 2.4, 0.08

    def activations(self, stimulus: FrameClip) -> dict[str, Array]:
        """Three layers: ``powers`` (time, 5), ``bumps`` (time, 31), ``with_context`` (time, 35).

        Bumps of 0.08 prior means lie as far apart up to 2.4; flags of the context are beside them.
        """
        events = frame_events(stimulus)
        relative = events.since_flash_ms / prior_mean_ms(events)
        return {
            "powers": powers(relative),
            **_layers("bumps", bumps(relative, end=self._END, width=self._WIDTH), events),
        }


def _layers(name: str, values: Array, events: Events) -> dict[str, Array]:
    """A layer, and the same with flags of the context beside it."""
    return {name: values, "with_context": np.concatenate([values, flags(events)], axis=1)}
