"""The task that all codes of place share: draws from a seed, a loss of named parts, and the lattice at the end."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping

import numpy as np
import torch
from torch import nn

from ....core.seeds import child_seed
from ..sic.gridness import population_losses

__all__ = ["CodeTask", "squared_distances"]

_N_UPDATES, _N_HELD_OUT = 200, 5
_BOX_M, _BIN_M = 1.0, 0.025


class CodeTask(ABC):
    """A code that is trained on places drawn anew in every update; see :class:`~..recipe.Task`.

    Parameters
    ----------
    module : nn.Module
    name : str
        Name of the recipe, from which the seeds of its draws follow.
    seed : int
        Seed of the draws.
    device : str
    """

    def __init__(self, module: nn.Module, *, name: str, seed: int, device: str) -> None:
        self.module = module.to(device)
        self._name, self._seed, self._device = name, seed, device

    @abstractmethod
    def terms(self, draw: torch.Generator) -> dict[str, torch.Tensor]:
        """Parts of the loss, already weighted, on places of a draw."""

    @abstractmethod
    def code_at(self, places: torch.Tensor) -> torch.Tensor:
        """Activity (n, units) at places (n, 2) in m within a box of 1 m."""

    def batches(self, epoch: int) -> Iterator[int]:
        """Seeds of the 200 draws of an epoch."""
        return (self._seed_of(f"training-{epoch}-{update}") for update in range(_N_UPDATES))

    def loss(self, batch: int) -> torch.Tensor:
        """The sum of the parts."""
        return torch.stack([*self._drawn(batch).values()]).sum()

    def validation_loss(self) -> float:
        """The mean loss of five draws that are used for nothing else."""
        return sum(self._mean_terms("validation").values())

    def losses(self) -> Mapping[str, float]:
        """The loss and its parts on five other draws, and grid scores and lattice of the maps in a box of 1 m."""
        parts = self._mean_terms("test")
        n_bins = round(_BOX_M / _BIN_M)
        at = (torch.arange(n_bins) + 0.5) * _BIN_M
        places = torch.cartesian_prod(at, at).flip(1).to(self._device)  # rows by y
        with torch.inference_mode():
            maps = self.code_at(places).T.reshape(-1, n_bins, n_bins).double().cpu().numpy()
        return {
            "test_loss": sum(parts.values()),
            **{f"test_{name}": value for name, value in parts.items()},
            "active_units": float((np.ptp(maps, axis=(1, 2)) > 1e-6).sum()),
            **population_losses(maps, bin_m=_BIN_M, seed=self._seed),
        }

    def _mean_terms(self, name: str) -> dict[str, float]:
        with torch.inference_mode():
            found = [self._drawn(self._seed_of(f"{name}-{number}")) for number in range(_N_HELD_OUT)]
        return {part: float(torch.stack([terms[part] for terms in found]).mean()) for part in found[0]}

    def _drawn(self, seed: int) -> dict[str, torch.Tensor]:
        # Drawn on the CPU, so that places are the same on every device.
        return self.terms(torch.Generator().manual_seed(seed))

    def _seed_of(self, draw: str) -> int:
        return child_seed(self._seed, self._name, draw)


def squared_distances(points: torch.Tensor) -> torch.Tensor:
    """Squared distances (n, n) of points (n, dimensions) from each other, by their products."""
    lengths = points.square().sum(dim=-1)
    return (lengths[:, None] + lengths - 2 * points @ points.T).clamp(min=0)
