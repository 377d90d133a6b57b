"""The contrastive structured world model: frames to object slots, and slots to their changes.

Kipf, van der Pol & Welling (2020), without actions, on a window of stacked frames, as Nayebi et al. (2023)
trained it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn

from ....core.errors import InvalidArgumentError

__all__ = ["SIGMA", "SlotNetwork", "energy", "hinge_loss"]

SIGMA = 0.5
_HINGE = 1.0
_ACTIVATIONS = {"relu": nn.ReLU, "leaky_relu": nn.LeakyReLU}


class SlotNetwork(nn.Module):
    """Stacked frames to slot maps, to slots; and slots to the slots one step later.

    Parameters
    ----------
    size : int
        Height and width of a frame.
    stages : sequence of (kernel, stride, padding)
        Convolutions; the last makes the slot maps.
    n_maps, n_hidden : int
        Feature maps between the convolutions, and units of the hidden layers.
    n_slots, n_units : int
        Slots, and numbers in a slot.
    n_window : int
        Frames that are stacked.
    activation : {"relu", "leaky_relu"}
        Between the convolutions.
    """

    def __init__(
        self,
        *,
        size: int,
        stages: Sequence[Sequence[int]],
        n_maps: int,
        n_hidden: int,
        n_slots: int,
        n_units: int,
        n_window: int = 7,
        activation: str = "relu",
    ) -> None:
        super().__init__()
        if activation not in _ACTIVATIONS:
            raise InvalidArgumentError(
                "The 'activation' parameter", got=repr(activation), needed=f"one of {tuple(_ACTIVATIONS)}"
            )
        channels = [3 * n_window, *[n_maps] * (len(stages) - 1), n_slots]
        self.maps = _slot_maps(channels, stages, activation)
        self.slots = _perceptron(_side(size, stages) ** 2, n_hidden, n_units)
        self.edges = _perceptron(2 * n_units, n_hidden, n_hidden)
        self.nodes = _perceptron(n_units + n_hidden, n_hidden, n_units)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Slots (batch, n_slots, n_units) of windows (batch, n_window, 3, size, size)."""
        slots: torch.Tensor = self.slots(self.maps(windows.flatten(1, 2)).flatten(2))
        return slots

    def change(self, slots: torch.Tensor) -> torch.Tensor:
        """T(z): how slots (batch, n_slots, n_units) change in a step, by what each receives from all others."""
        n = slots.shape[1]
        receiver = slots[:, :, None].expand(-1, -1, n, -1)
        sender = slots[:, None].expand(-1, n, -1, -1)
        messages = self.edges(torch.cat([receiver, sender], dim=-1))
        others = 1 - torch.eye(n, device=slots.device)
        received = (messages * others[..., None]).sum(dim=2)
        changes: torch.Tensor = self.nodes(torch.cat([slots, received], dim=-1))
        return changes

    def rollout(self, slots: torch.Tensor, n_steps: int) -> torch.Tensor:
        """z <- z + T(z) without looking again: (n_steps, batch, n_slots, n_units), from one step ahead."""
        ahead = []
        for _ in range(n_steps):
            slots = slots + self.change(slots)
            ahead.append(slots)
        return torch.stack(ahead) if ahead else slots.new_zeros(0, *slots.shape)


def energy(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """H: squared distance of slots (batch, n_slots, n_units), mean over slots, times 0.5 / sigma^2; (batch,)."""
    return (0.5 / SIGMA**2) * ((one - other) ** 2).sum(dim=2).mean(dim=1)


def hinge_loss(
    slots: torch.Tensor, change: torch.Tensor, following: torch.Tensor, order: torch.Tensor
) -> torch.Tensor:
    """Mean of H(z + T(z), z') and of max(0, 1 - H(z, z~)), with z~ the batch's own slots in another order.

    A state may draw itself, as published.

    Parameters
    ----------
    slots, change, following : tensor of shape (batch, n_slots, n_units)
        z, T(z) and z'.
    order : int tensor of shape (batch,)
        Index of the state that each is contrasted with.
    """
    apart = energy(slots, slots[order])
    return energy(slots + change, following).mean() + (_HINGE - apart).clamp(min=0).mean()


def _slot_maps(channels: Sequence[int], stages: Sequence[Sequence[int]], activation: str) -> nn.Sequential:
    layers: list[nn.Module] = []
    for (n_in, n_out), (kernel, stride, padding) in zip(pairwise(channels), stages, strict=True):
        convolution = nn.Conv2d(n_in, n_out, kernel, stride, padding)
        nn.init.xavier_uniform_(convolution.weight)
        nn.init.zeros_(convolution.bias)  # type: ignore[arg-type]
        layers += [convolution, nn.BatchNorm2d(n_out), _ACTIVATIONS[activation]()]
    return nn.Sequential(*layers[:-2], nn.Sigmoid())


def _perceptron(n_in: int, n_hidden: int, n_out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(n_in, n_hidden),
        nn.ReLU(),
        nn.Linear(n_hidden, n_hidden),
        nn.LayerNorm(n_hidden),
        nn.ReLU(),
        nn.Linear(n_hidden, n_out),
    )


def _side(size: int, stages: Sequence[Sequence[int]]) -> int:
    for kernel, stride, padding in stages:
        size = (size + 2 * padding - kernel) // stride + 1
    return size
