"""A network trained by SIC as a candidate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from ....core.stimuli import SelfMotion
from ...weights import ready
from ..navigation import show
from ..navigation.steps import Layers
from .network import SICNetwork
from .sequences import MOST_STEP_M

__all__ = ["SelfSupervisedSpace"]


class SelfSupervisedSpace:
    """A code of place learned from velocity alone, told the start of a walk and then its movement.

    Parameters
    ----------
    weights, device : mapping of str to tensor, str
        The network's state and the device it runs on; see :func:`~innerscore.candidates.weights.ready`.
    units, mlp_units : int
        Number of recurrent units, and of units in each hidden layer of the perceptron.
    most_step_m : float, default=0.15
        Largest component of a step of training, in m.
    step_s : float, default=1
        Length of a step of a stimulus, in s: a rat goes 0.1 m in a second.
    """

    def __init__(
        self,
        *,
        weights: Mapping[str, torch.Tensor],
        units: int,
        mlp_units: int,
        most_step_m: float = MOST_STEP_M,
        step_s: float = 1.0,
        device: str = "cpu",
    ) -> None:
        subject = f"The weights of {units} units with a perceptron of {mlp_units}"
        network = ready(SICNetwork(units, mlp_units, most_step_m), weights, subject=subject, device=device)
        self._network, self._device = network.double(), device
        self._step_s = step_s

    def activations(self, stimulus: SelfMotion) -> Layers:
        """One layer: ``code`` (time, units)."""
        return self.activations_batch([stimulus])[0]

    def activations_batch(self, stimuli: Sequence[SelfMotion]) -> list[Layers]:
        """All walks together."""
        return show(self._network, stimuli, self._step_s, self._device)
