"""SIC's network: a state on the unit sphere, moved by a matrix that depends on the step alone."""

from __future__ import annotations

import torch
from torch import nn

from ..navigation import Motion
from ..navigation.steps import State
from .balanced_walk import balanced_walk, paths_of_each_step
from .sequences import MOST_STEP_M, Sequences

__all__ = ["ORIGIN_M", "SICNetwork", "number_to_start"]

# In an arena, where the network's own start lies: the middle of a box of 1 x 1 m.
ORIGIN_M = (0.5, 0.5)
_TO_START_M = 1.5


class SICNetwork(nn.Module):
    r""":math:`g_t = \mathrm{Norm}(\mathrm{ReLU}(W(v_t) g_{t-1}))`, W a perceptron of three layers.

    A state that ReLU leaves empty stays 0. W begins near the identity.

    Parameters
    ----------
    units : int
    mlp_units : int
        In each of the perceptron's two hidden layers.
    most_step_m : float, default=0.15
        Largest component of a step of training, in m.
    """

    def __init__(self, units: int, mlp_units: int, most_step_m: float = MOST_STEP_M) -> None:
        super().__init__()
        self._units, self._most_step_m = units, most_step_m
        self.start = nn.Parameter(torch.rand(units))
        self.first = nn.Linear(2, mlp_units)
        self.second = nn.Linear(mlp_units, mlp_units)
        self.third = nn.Linear(mlp_units, units * units)
        # So close to the identity, steps commute at first: states of one place are alike before they are apart.
        with torch.no_grad():
            self.third.weight.mul_(0.1)
            self.third.bias.copy_(torch.eye(units).flatten())

    def transitions(self, displacement: torch.Tensor) -> torch.Tensor:
        """W for displacements (n, 2) in m: (n, units, units)."""
        hidden = torch.relu(self.first(displacement / self._most_step_m))
        matrices: torch.Tensor = self.third(torch.relu(self.second(hidden)))
        return matrices.reshape(-1, self._units, self._units)

    def forward(self, sequences: Sequences) -> torch.Tensor:
        """States (n_paths, n_steps + 1, units), the start first."""
        matrices, order = self.transitions(sequences.steps), sequences.order
        paths = paths_of_each_step(order, len(matrices))
        if paths is not None:
            return balanced_walk(matrices, self._begun(len(order)), paths)
        states = [self._begun(len(order))]
        for step in range(order.shape[1]):
            states.append(_moved(matrices[order[:, step]], states[-1]))
        return torch.stack(states, dim=1)

    def begin(self, start: torch.Tensor, heading: torch.Tensor) -> State:  # noqa: ARG002
        """States at start positions (n, 2) in m, reached from the network's own start in equal steps.

        There are 1.5 m / most_step_m of them, so that from 1.5 m away they are still such as it was trained on.
        """
        n_steps = number_to_start(self._most_step_m)
        displacement = (start - start.new_tensor(ORIGIN_M)) / n_steps
        matrices, state = self.transitions(displacement), self._begun(len(start))
        for _ in range(n_steps):
            state = _moved(matrices, state)
        return (state,)

    def step(self, state: State, motion: Motion) -> State:
        """State after one step of motion over (n,)."""
        return (_moved(self.transitions(motion.displacement), state[0]),)

    def layers(self, state: State) -> dict[str, torch.Tensor]:
        """``code``, the state itself."""
        return {"code": state[0]}

    def _begun(self, n: int) -> torch.Tensor:
        return _normed(torch.relu(self.start)).expand(n, -1)


def number_to_start(most_step_m: float) -> int:
    """Number of steps in which a network comes to a walk's start."""
    return round(_TO_START_M / most_step_m)


def _moved(matrices: torch.Tensor, states: torch.Tensor) -> torch.Tensor:
    return _normed(torch.relu((matrices @ states[..., None])[..., 0]))


def _normed(states: torch.Tensor) -> torch.Tensor:
    return nn.functional.normalize(states, dim=-1, eps=1e-8)
