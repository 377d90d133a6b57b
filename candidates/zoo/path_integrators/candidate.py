"""A trained path integrator as a candidate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from ....core.errors import InvalidArgumentError
from ....core.stimuli import SelfMotion
from ...weights import ready
from ..arena import check_arena
from ..navigation import BOX_M, STEP_S, show
from ..navigation.steps import Layers
from .networks import build_network

__all__ = ["PathIntegrator"]


class PathIntegrator:
    """A network that was trained to say where it is, told the start of a walk and then its movement alone.

    The arena's lower left corner is that of the room of 2.2 x 2.2 m it was trained in.

    Parameters
    ----------
    weights, device : mapping of str to tensor, str
        The network's state and the device it runs on; see :func:`~innerscore.candidates.weights.ready`.
    architecture : {"relu-rnn", "ugrnn", "lstm", "leaky-rnn"}
        Kind of network.
    units : int
        Its size.
    restart_s : float, optional
        Begin anew at the true place each time so many seconds have gone by, as published evaluations do,
        whose walks have 20 steps (4 s). Never by default: a walk's start is then all that the network is told
        of its place.
    """

    def __init__(
        self,
        *,
        weights: Mapping[str, torch.Tensor],
        architecture: str,
        units: int,
        restart_s: float | None = None,
        device: str = "cpu",
    ) -> None:
        subject = f"The weights of a {architecture} of {units} units"
        network = ready(build_network(architecture, units), weights, subject=subject, device=device)
        self._network, self._device = network.double(), device
        self._restart_steps = None if restart_s is None else _restart_steps(restart_s)

    def activations(self, stimulus: SelfMotion) -> Layers:
        """The network's layers at the end of each step of the walk."""
        return self.activations_batch([stimulus])[0]

    def activations_batch(self, stimuli: Sequence[SelfMotion]) -> list[Layers]:
        """All walks together."""
        for stimulus in stimuli:
            check_arena(stimulus, BOX_M, because="in which the network was trained")
        return show(self._network, stimuli, STEP_S, self._device, restart_steps=self._restart_steps)


def _restart_steps(restart_s: float) -> int:
    steps = round(restart_s / STEP_S)
    if steps < 1 or abs(steps * STEP_S - restart_s) > 1e-9:
        raise InvalidArgumentError(
            "The 'restart_s' parameter", got=restart_s, needed=f"a multiple of {STEP_S} s, or None"
        )
    return steps
