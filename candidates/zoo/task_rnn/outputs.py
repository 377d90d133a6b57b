"""Outputs of the networks, and the published losses' weights on them."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from ....core.errors import InvalidArgumentError

__all__ = ["LOSSES", "N_OUTPUTS", "channel_weights"]

# x, y all the time; x, y while visible; x, y while hidden; final y; one that is never used.
N_OUTPUTS = 8

LOSSES: Mapping[str, tuple[int, ...]] = {
    "mov": (0, 0, 0, 0, 0, 0, 1, 0),
    "vis-mov": (0, 0, 1, 1, 0, 0, 1, 0),
    "vis-sim-mov": (0, 0, 1, 1, 1, 1, 1, 0),
    "sim-mov": (1, 1, 0, 0, 0, 0, 1, 0),
}


def channel_weights(loss: str) -> torch.Tensor:
    """A loss's weights on the outputs, divided by their sum, of shape (N_OUTPUTS,)."""
    if loss not in LOSSES:
        raise InvalidArgumentError("The 'loss' parameter", got=repr(loss), needed=f"one of {tuple(LOSSES)}")
    weights = torch.tensor(LOSSES[loss], dtype=torch.float32)
    return weights / weights.sum()
