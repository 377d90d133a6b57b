"""As alike as places and contexts are near: the objective of place cells that remap."""

from __future__ import annotations

import torch

from ...zoo.place_remapping import ROOM_M, PlaceNetwork
from .code_task import CodeTask, squared_distances

__all__ = ["RemappingTask", "similarity_error"]

_N_PLACES = 256
_SIGMA, _LEAST = 0.2, 0.2


class RemappingTask(CodeTask):
    """Places uniform over the room, each in a context uniform in [-1, 1]."""

    module: PlaceNetwork

    def terms(self, draw: torch.Generator) -> dict[str, torch.Tensor]:
        """The error of similarities, of all pairs."""
        places = (ROOM_M * torch.rand(_N_PLACES, 2, generator=draw)).to(self._device)
        contexts = (2 * torch.rand(_N_PLACES, generator=draw) - 1).to(self._device)
        return {"similarity": similarity_error(self.module(places, contexts), places, contexts)}

    def code_at(self, places: torch.Tensor) -> torch.Tensor:
        """The rates in context 0."""
        rates: torch.Tensor = self.module(places, places.new_zeros(len(places)))
        return rates


def similarity_error(rates: torch.Tensor, places: torch.Tensor, contexts: torch.Tensor) -> torch.Tensor:
    r"""Mean over pairs of the squared difference of the two similarities, of rates and of places in context.

    Parameters
    ----------
    rates : tensor of shape (n, units)
    places : tensor of shape (n, 2)
        In m.
    contexts : tensor of shape (n,)
    """
    told = torch.cat([places, contexts[:, None]], dim=1)
    near = torch.exp(-squared_distances(told) / (2 * _SIGMA**2))
    alike = torch.exp(-squared_distances(rates))
    return (_LEAST + (1 - _LEAST) * near - alike).square().mean()
