"""Recurrent networks on ready-set-go as candidates: one that was trained on it, and one that was not."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch

from ....core.errors import CandidateError
from ....core.seeds import child_seed
from ....core.stimuli import FrameClip
from ....tasks.ready_set_go import RATE_HZ, Events
from ...weights import ready
from .codes import flags, frame_events, since_set_ms
from .network import IntervalNetwork
from .production import produced_ms

__all__ = ["IntervalRNN", "RandomRNN"]

Floats = npt.NDArray[np.float32]


class IntervalRNN:
    """A network trained on ready-set-go, one step a frame.

    Parameters
    ----------
    weights, device : mapping of str to tensor, str
        The network's state and the device it runs on; see :func:`~innerscore.candidates.weights.ready`.
    units : int
        Its size.
    cue : bool
        Whether it sees which prior the screen tells.
    """

    def __init__(
        self, *, weights: Mapping[str, torch.Tensor], units: int, cue: bool, device: str = "cpu"
    ) -> None:
        subject = f"The weights of a network of {units} units on ready-set-go"
        self._network = ready(IntervalNetwork(units), weights, subject=subject, device=device)
        self._cue, self._device = cue, device

    def activations(self, stimulus: FrameClip) -> dict[str, npt.NDArray[np.floating]]:
        """Four layers: ``rates`` (time, units), ``with_context``, ``ramp`` (time, 1) and ``tp`` (time, 1).

        ``with_context`` (time, units + 4) has flags of prior, effector, direction and Set beside the rates, ``tp``
        the produced interval so far, in ms.
        """
        events = _events_at_60_hz(stimulus)
        short = events.short if self._cue else np.zeros_like(events.short)
        rates = _rates(self._network, [events.flash, short], self._device)
        with torch.inference_mode():
            ramp = self._network.ramp(rates).cpu().numpy()
        states = rates.cpu().numpy()
        return {
            "rates": states,
            "with_context": np.concatenate([states, flags(events)], axis=1),
            "ramp": ramp[:, None],
            "tp": produced_ms(ramp, since_set_ms(events))[:, None],
        }


class RandomRNN:
    """The same kind of network untrained, which sees flash, prior, effector and direction.

    Parameters
    ----------
    seed : int
        Seed of the weights.
    """

    _UNITS = 128

    def __init__(self, seed: int = 0) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(child_seed(seed, "rsg-random-rnn"))
            self._network = IntervalNetwork(self._UNITS, 4)

    def activations(self, stimulus: FrameClip) -> dict[str, Floats]:
        """One layer: ``rates`` (time, 128)."""
        events = _events_at_60_hz(stimulus)
        seen = [events.flash, events.short, events.eye, events.right]
        return {"rates": _rates(self._network, seen, "cpu").numpy()}


def _rates(network: IntervalNetwork, inputs: list[npt.NDArray[np.float64]], device: str) -> torch.Tensor:
    """Rates of a network on one clip, of shape (step, units)."""
    seen = torch.tensor(np.stack(inputs, axis=-1)[None], dtype=torch.float32, device=device)
    with torch.inference_mode():
        return network.rates(seen)[0]


def _events_at_60_hz(clip: FrameClip) -> Events:
    if clip.rate_hz != RATE_HZ:
        raise CandidateError(
            f"The clip '{clip.identifier}'",
            got=f"{clip.rate_hz:g} Hz",
            needed=f"{RATE_HZ:g} Hz, as one frame is one step of this network",
        )
    return frame_events(clip)
