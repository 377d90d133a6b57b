r"""A network whose units are as alike at two places as the places are near, and in two contexts as these are.

After Pettersen, Rogge & Lepperød (2024): with p the network's rates at a place x in a context c, it learns that

.. math:: e^{-|p(x, c) - p(x', c')|^2} = \beta + (1 - \beta) \, e^{-(|x - x'|^2 + |c - c'|^2) / (2 \sigma^2)},

and by that alone its units become like place cells, and remap where the context changes.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ...core.stimuli import SelfMotion
from ..weights import ready
from .arena import check_arena

__all__ = ["ROOM_M", "PlaceNetwork", "PlaceRemapping"]

ROOM_M = 2.0


class PlaceNetwork(nn.Module):
    """A perceptron of place and context with rectified outputs.

    Parameters
    ----------
    units : int
        Number of outputs.
    """

    def __init__(self, units: int) -> None:
        super().__init__()
        self.first, self.second, self.third = nn.Linear(3, 64), nn.Linear(64, 128), nn.Linear(128, units)

    def forward(self, places: torch.Tensor, contexts: torch.Tensor) -> torch.Tensor:
        """Rates (n, units) at places (n, 2) in m from the room's corner, in contexts (n,)."""
        inputs = torch.cat([places - ROOM_M / 2, contexts[:, None]], dim=1)
        hidden = torch.relu(self.second(torch.relu(self.first(inputs))))
        return torch.relu(self.third(hidden))


class PlaceRemapping:
    """The network at the true position, in one context.

    Parameters
    ----------
    weights : mapping of str to tensor
        The network's state.
    units : int
        Number of its outputs.
    context : float, default=0
        Value of the context signal, -1 to 1 in training; the units remap where it changes by more than 0.4.

    Raises
    ------
    InvalidDataError
        If the weights are of another architecture.
    """

    def __init__(self, *, weights: Mapping[str, torch.Tensor], units: int, context: float = 0.0) -> None:
        subject = f"The weights of a network of {units} units"
        self._network = ready(PlaceNetwork(units), weights, subject=subject, device="cpu").double()
        self._context = context

    def activations(self, stimulus: SelfMotion) -> Mapping[str, npt.NDArray[np.float32]]:
        """One layer: ``place`` (time, units)."""
        check_arena(stimulus, ROOM_M, because="over which the network was trained")
        places = torch.from_numpy(stimulus.positions)
        contexts = torch.full((len(places),), self._context, dtype=torch.float64)
        with torch.inference_mode():
            return {"place": self._network(places, contexts).float().numpy()}
