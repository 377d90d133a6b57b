r"""A code of place that movement turns, as far in the code as the animal goes: conformal isometry.

Xu, Gao, Zhang, Wei & Wu (2023). The place x is represented by vectors :math:`v_k(x)` of several blocks, of length 1
and not negative, and a movement changes them by a recurrent network,

.. math::

    v(x + \delta) = F(v(x), \delta), \qquad F(v, \delta) = \mathrm{Norm}([v + B v + B^2 v / 2]_+), \quad
    B = B_1 \delta_1 + B_2 \delta_2,

the second order of the Lie group's :math:`\exp(B)`, rectified. Three losses (in the training) say that F is right,
that :math:`|v_k(x + \delta) - v_k(x)| = s_k |\delta|` for short movements, and that :math:`\langle v(x), u(x')
\rangle` is a place field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import nn

from ...core.stimuli import SelfMotion
from ..weights import ready
from .arena import check_arena
from .navigation import Motion, show
from .navigation.steps import Layers, State

__all__ = ["ROOM_M", "ConformalGrid", "ConformalNetwork", "scales"]

ROOM_M = 1.5
NODES = 40
STEP_S = 0.1
# Metric of a block by the spacing that it is to have; the lattices that formed in trials were so wide.
_METRIC = 2.7


def scales(spacings_m: Sequence[float]) -> torch.Tensor:
    """Metric s_k of each block, the distance in the code of a movement of 1 m."""
    return _METRIC / torch.tensor(spacings_m)


class ConformalNetwork(nn.Module):
    """The code as a table over a room, and the network that moves it.

    Parameters
    ----------
    spacings_m : sequence of float
        One for each block.
    block_units : int
        Number of units in a block.
    """

    blocks: torch.Tensor

    def __init__(self, spacings_m: Sequence[float], block_units: int) -> None:
        super().__init__()
        n_blocks = len(spacings_m)
        self.register_buffer("blocks", torch.arange(n_blocks), persistent=False)
        self.table = nn.Parameter(torch.rand(NODES**2, n_blocks, block_units))
        self.place = nn.Parameter(0.1 * torch.rand(NODES**2, n_blocks * block_units))
        drawn = torch.randn(2, n_blocks, block_units, block_units)
        # Antisymmetric and as large as the metric: F turns the code from the beginning.
        turning = (drawn - drawn.transpose(2, 3)) * scales(spacings_m)[:, None, None] / block_units**0.5
        self.generators = nn.Parameter(turning)

    def code(self, places: torch.Tensor) -> torch.Tensor:
        """Vectors (n, n_blocks, block_units) at places (n, 2) in m, interpolated linearly between nodes.

        With places (n, n_blocks, 2) each block is read at its own.
        """
        at = (places * ((NODES - 1) / ROOM_M)).clamp(0, NODES - 1 - 1e-4)
        low = at.long()
        share = at - low
        total = torch.zeros((), dtype=at.dtype)
        for right, up in ((0, 0), (0, 1), (1, 0), (1, 1)):
            weight = (1 - right - share[..., 0]).abs() * (1 - up - share[..., 1]).abs()
            node = (low[..., 0] + right) * NODES + low[..., 1] + up
            corner = self.table[node, self.blocks] if places.ndim == 3 else self.table[node]
            total = total + weight.reshape(*weight.shape, *[1] * (3 - weight.ndim)) * torch.relu(corner)
        return _normed(total)

    def moved(self, code: torch.Tensor, displacement: torch.Tensor) -> torch.Tensor:
        """F: vectors (n, n_blocks, block_units) after displacements (n, 2) in m."""
        once = self._turned(code, displacement)
        return _normed(torch.relu(code + once + self._turned(once, displacement) / 2))

    def begin(self, start: torch.Tensor, heading: torch.Tensor) -> State:  # noqa: ARG002
        """The code at start positions (n, 2) in m."""
        return (self.code(start),)

    def step(self, state: State, motion: Motion) -> State:
        """State after one step of motion over (n,)."""
        return (self.moved(state[0], motion.displacement),)

    def layers(self, state: State) -> dict[str, torch.Tensor]:
        """``code``, all blocks beside each other."""
        return {"code": state[0].flatten(1)}

    def _turned(self, code: torch.Tensor, displacement: torch.Tensor) -> torch.Tensor:
        turned = torch.einsum("akij,nkj->anki", self.generators, code)
        return displacement[:, 0, None, None] * turned[0] + displacement[:, 1, None, None] * turned[1]


class ConformalGrid:
    """The network told the start of a walk and then its movement alone, a step each 0.1 s.

    Parameters
    ----------
    weights : mapping of str to tensor
        The network's state.
    spacings_m : sequence of float
        One for each block.
    block_units : int
        Number of units in a block.

    Raises
    ------
    InvalidDataError
        If the weights are of another architecture.
    """

    def __init__(
        self, *, weights: Mapping[str, torch.Tensor], spacings_m: Sequence[float], block_units: int
    ) -> None:
        subject = f"The weights of {len(spacings_m)} blocks of {block_units} units"
        network = ConformalNetwork(spacings_m, block_units)
        self._network = ready(network, weights, subject=subject, device="cpu").double()

    def activations(self, stimulus: SelfMotion) -> Layers:
        """One layer: ``code`` (time, n_blocks * block_units)."""
        return self.activations_batch([stimulus])[0]

    def activations_batch(self, stimuli: Sequence[SelfMotion]) -> list[Layers]:
        """All walks together."""
        for stimulus in stimuli:
            check_arena(stimulus, ROOM_M, because="over which the code was learned")
        return show(self._network, stimuli, STEP_S, "cpu")


def _normed(code: torch.Tensor) -> torch.Tensor:
    return nn.functional.normalize(code, dim=-1, eps=1e-8)
