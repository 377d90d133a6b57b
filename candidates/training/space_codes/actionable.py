"""Separate, non-negative and of one size everywhere: the objective of an actionable code of place."""

from __future__ import annotations

import torch

from ...zoo.actionable_grid import UNIT_M, TranslationCode
from .code_task import CodeTask, squared_distances

__all__ = ["ActionableTask", "one_size", "positivity", "separation"]

# As published, in the code's own unit.
_N_PLACES, _N_ROOMS, _ROOMS_SD = 150, 15, 5.0
_SIGMA_SQUARED, _SIGMA_PLACE = 0.4, 0.5
# Published weights follow the constraints as they are met; these are fixed.
_POSITIVITY, _SIZE = 10.0, 1.0


class ActionableTask(CodeTask):
    """Places of a normal distribution, and 15 other rooms in which the code is to be as it is there."""

    module: TranslationCode

    def terms(self, draw: torch.Generator) -> dict[str, torch.Tensor]:
        """Separation, and the weighted negative activity and difference of size."""
        places = torch.randn(_N_PLACES, 2, generator=draw).to(self._device)
        rooms = _ROOMS_SD * torch.randn(_N_ROOMS, 1, 2, generator=draw).to(self._device)
        here, elsewhere = self.module(places), self.module((places + rooms).flatten(0, 1))
        size = here.norm(dim=0)
        here, elsewhere = here / size, (elsewhere / size).unflatten(0, (_N_ROOMS, _N_PLACES))
        return {
            "separation": separation(here, places),
            "negative": _POSITIVITY * positivity(torch.cat([here[None], elsewhere])),
            "size": _SIZE * one_size(elsewhere),
        }

    def code_at(self, places: torch.Tensor) -> torch.Tensor:
        """The code about the middle of the box."""
        activity: torch.Tensor = self.module((places - 0.5) / UNIT_M)
        return activity


def separation(activity: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    r"""Mean over pairs of :math:`\chi \exp(-|g - g'|^2 / 0.8)`, :math:`\chi = 1 - \exp(-|x - x'|^2 / 0.5)`.

    Parameters
    ----------
    activity : tensor of shape (n, units)
        Each unit of length 1 over the places.
    places : tensor of shape (n, 2)
        In the code's unit.
    """
    matters = 1 - torch.exp(-squared_distances(places) / (2 * _SIGMA_PLACE**2))
    return (matters * torch.exp(-squared_distances(activity) / (2 * _SIGMA_SQUARED))).mean()


def positivity(activity: torch.Tensor) -> torch.Tensor:
    """Mean of the negative part of activity (rooms, places, units), in units of its root mean square."""
    negative: torch.Tensor = torch.relu(-activity).mean() * activity.shape[1] ** 0.5
    return negative


def one_size(activity: torch.Tensor) -> torch.Tensor:
    """Mean squared difference from 1 of each unit's summed squares in each room, of (rooms, places, units)."""
    return (activity.square().sum(dim=1) - 1).square().mean()
