"""The task: sequences drawn anew in every update, and what became of the code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from ....core.seeds import child_seed
from ...zoo.sic.network import SICNetwork
from ...zoo.sic.sequences import Sequences, draw_sequences, walks_in_box
from .gridness import population_gridness, unit_maps
from .losses import Objective, capacity, conformal_isometry, pair_terms

__all__ = ["Batches", "SICTask", "path_invariance"]

Array = npt.NDArray[np.float64]

_FAMILY = "sic"
_HALF_SIDE_M, _BIN_M = 0.75, 0.05
_PATHS_IN_BOX = 400
# Pairs that are near, and pairs that are far, in m: within one bin, and 4 to 8 bins apart.
_NEAR_M, _FAR_M = 0.05, (0.2, 0.4)


@dataclass(frozen=True)
class Batches:
    """Shape of a batch and of an epoch.

    Attributes
    ----------
    n_paths, n_steps : int
        Number of paths that walk a sequence, and of steps in each path.
    n_sequences : int
        Sequences in an update; their losses are averaged.
    n_updates : int
        Updates in an epoch.
    n_held_out : int
        Sequences for choosing the epoch, and as many others for the report.
    permuted : bool
        As for :func:`~.sequences.draw_sequences`.
    """

    n_paths: int
    n_steps: int
    n_sequences: int = 1
    n_updates: int = 100
    n_held_out: int = 8
    permuted: bool = True


class SICTask:
    """A network on sequences; see :class:`~innerscore.candidates.training.recipe.Task`.

    Parameters
    ----------
    units, mlp_units : int
        Number of recurrent units, and of units in each hidden layer of the perceptron.
    objective : Objective
    batches : Batches
    seed : int
        Seed of weights and sequences.
    device : str
    """

    def __init__(
        self, *, units: int, mlp_units: int, objective: Objective, batches: Batches, seed: int, device: str
    ) -> None:
        self._objective, self._shape = objective, batches
        self._seed, self._device = seed, device
        self._validation, self._test = (
            [self._sequences(f"{name}-{number}") for number in range(batches.n_held_out)]
            for name in ("validation", "test")
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(child_seed(seed, _FAMILY, "weights"))
            self.module = SICNetwork(units, mlp_units).to(device)

    def batches(self, epoch: int) -> Iterator[list[Sequences]]:
        """Sequences that no other epoch has."""
        n = self._shape.n_sequences
        for update in range(self._shape.n_updates):
            yield [self._sequences(f"training-{epoch}-{update}-{number}") for number in range(n)]

    def loss(self, batch: list[Sequences]) -> torch.Tensor:
        """The weighted sum of the four losses."""
        return torch.stack([self._weighted(self._terms(sequences)) for sequences in batch]).mean()

    def validation_loss(self) -> float:
        """The loss on sequences that choose the epoch."""
        with torch.inference_mode():
            return float(self.loss(self._validation))

    def losses(self) -> dict[str, float]:
        """The loss and its parts on sequences used for nothing else, and metrics of the code in a box of 1.5 m."""
        with torch.inference_mode():
            found = [self._terms(sequences) for sequences in self._test]
            parts = {name: float(torch.stack([terms[name] for terms in found]).mean()) for name in found[0]}
            total = float(torch.stack([self._weighted(terms) for terms in found]).mean())
        return {
            "test_loss": total,
            **{f"test_{name}": value for name, value in parts.items()},
            **self._of_the_code(),
        }

    def _terms(self, sequences: Sequences) -> dict[str, torch.Tensor]:
        states = self.module(sequences)
        flat = states[:, 1:].flatten(0, 1)
        pairs = pair_terms(flat, sequences.positions.flatten(0, 1), self._objective)
        return {
            "separation": pairs.separation,
            "invariance": pairs.invariance,
            "capacity": capacity(flat),
            "isometry": conformal_isometry(states, sequences.displacement, self._objective),
        }

    def _weighted(self, terms: dict[str, torch.Tensor]) -> torch.Tensor:
        return torch.stack([getattr(self._objective, name) * value for name, value in terms.items()]).sum()

    def _sequences(self, name: str) -> Sequences:
        shape, seed = self._shape, child_seed(self._seed, _FAMILY, name)
        sequences = draw_sequences(shape.n_paths, shape.n_steps, permuted=shape.permuted, seed=seed)
        return sequences.to(self._device)

    def _of_the_code(self) -> dict[str, float]:
        seed = child_seed(self._seed, _FAMILY, "box")
        walks = walks_in_box(_PATHS_IN_BOX, self._shape.n_steps, half_side_m=_HALF_SIDE_M, seed=seed)
        walks = walks.to(self._device)
        with torch.inference_mode():
            states = self.module(walks)[:, 1:]
        positions = walks.positions.cpu().double().numpy()
        codes = states.cpu().double().numpy()
        maps = unit_maps(
            codes.reshape(-1, codes.shape[-1]),
            positions.reshape(-1, 2) + _HALF_SIDE_M,
            box_m=2 * _HALF_SIDE_M,
            bin_m=_BIN_M,
        )
        found = population_gridness(maps, bin_m=_BIN_M, seed=self._seed)
        measured = {
            "path_invariance": path_invariance(codes[:, -1], positions[:, -1]),
            "active_units": int((codes > 0).any(axis=(0, 1)).sum()),
            "median_grid_score": found.median,
            "noise_grid_score_95": found.noise,
            "share_of_units_above_noise": found.share_above_noise,
            "grid_modules": found.n_modules,
        }
        return {name: value for name, value in measured.items() if np.isfinite(value)}


def path_invariance(codes: Array, positions: Array) -> float:
    """Degree to which codes of one place, reached by different paths, are nearer than those of distant places.

    1 - (mean distance of codes within 5 cm) / (mean distance of codes 20 to 40 cm apart), clipped to [0, 1];
    0 where all codes are the same.

    Parameters
    ----------
    codes : array of shape (n_paths, n_units)
        One of each path.
    positions : array of shape (n_paths, 2)
        In m.
    """
    first, second = np.triu_indices(len(codes), k=1)
    across = np.linalg.norm(positions[first] - positions[second], axis=1)
    between = np.linalg.norm(codes[first] - codes[second], axis=1)
    near, far = across < _NEAR_M, (across >= _FAR_M[0]) & (across < _FAR_M[1])
    if not near.any() or not far.any() or between[far].mean() == 0:
        return 0.0
    return float(np.clip(1 - between[near].mean() / between[far].mean(), 0, 1))
