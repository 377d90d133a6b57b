"""The task: sequences drawn anew in every update, and what became of the code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from ....core.seeds import child_seed, generator
from ...zoo.sic.network import SICNetwork
from ...zoo.sic.sequences import MOST_STEP_M, Sequences, draw_sequences, walks_in_box
from ..drawn import initial_weights
from .gridness import population_losses, unit_maps
from .losses import Objective, capacity, conformal_isometry, pair_terms

__all__ = ["Batches", "Box", "SICTask", "maps_in_box", "path_invariance"]

Array = npt.NDArray[np.float64]

_FAMILY = "sic"
# Pairs that are far, in bins.
_FAR_BINS = (4, 8)
_WALKS_AT_ONCE = 50


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
    n_pair_states : int, optional
        States drawn anew from all of a sequence for the losses over pairs; without it, all are taken.
    most_step_m : float
        Largest component of a step, in m.
    """

    n_paths: int
    n_steps: int
    n_sequences: int = 1
    n_updates: int = 100
    n_held_out: int = 8
    permuted: bool = True
    n_pair_states: int | None = None
    most_step_m: float = MOST_STEP_M


@dataclass(frozen=True)
class Box:
    """Walks by which the code is measured, of steps as long as in training.

    Attributes
    ----------
    half_side_m, bin_m : float
        Half the side of the square box about the start, and the side of a bin.
    n_walks, n_steps : int
        Number of walks, and of steps in each.
    """

    half_side_m: float = 0.75
    bin_m: float = 0.05
    n_walks: int = 400
    n_steps: int = 20


@dataclass(frozen=True, eq=False)
class Drawn:
    """Sequences, and which of their states the losses over pairs are of.

    Attributes
    ----------
    sequences : Sequences
    paired : int tensor of shape (n_pair_states,), or None
        Index into the states of all paths, one path after the other; None for all.
    """

    sequences: Sequences
    paired: torch.Tensor | None


class SICTask:
    """A network on sequences; see :class:`~innerscore.candidates.training.recipe.Task`.

    Parameters
    ----------
    units, mlp_units : int
        Number of recurrent units, and of units in each hidden layer of the perceptron.
    objective : Objective
    batches : Batches
    box : Box
    seed : int
        Seed of weights and sequences.
    device : str
    """

    def __init__(
        self,
        *,
        units: int,
        mlp_units: int,
        objective: Objective,
        batches: Batches,
        box: Box,
        seed: int,
        device: str,
    ) -> None:
        self._objective, self._shape, self._box = objective, batches, box
        self._seed, self._device = seed, device
        self._validation, self._test = (
            [self._sequences(f"{name}-{number}") for number in range(batches.n_held_out)]
            for name in ("validation", "test")
        )
        with initial_weights(seed, _FAMILY):
            self.module = SICNetwork(units, mlp_units, batches.most_step_m).to(device)

    def batches(self, epoch: int) -> Iterator[list[Drawn]]:
        """Sequences that no other epoch has."""
        n = self._shape.n_sequences
        for update in range(self._shape.n_updates):
            yield [self._sequences(f"training-{epoch}-{update}-{number}") for number in range(n)]

    def loss(self, batch: list[Drawn]) -> torch.Tensor:
        """The weighted sum of the four losses."""
        return torch.stack([self._weighted(self._terms(drawn)) for drawn in batch]).mean()

    def validation_loss(self) -> float:
        """The loss on sequences that choose the epoch."""
        with torch.inference_mode():
            return float(self.loss(self._validation))

    def losses(self) -> dict[str, float]:
        """The loss and its parts on sequences used for nothing else, and metrics of the code in a box."""
        with torch.inference_mode():
            found = [self._terms(drawn) for drawn in self._test]
            parts = {name: float(torch.stack([terms[name] for terms in found]).mean()) for name in found[0]}
            total = float(torch.stack([self._weighted(terms) for terms in found]).mean())
        return {
            "test_loss": total,
            **{f"test_{name}": value for name, value in parts.items()},
            **self._of_the_code(),
        }

    def _terms(self, drawn: Drawn) -> dict[str, torch.Tensor]:
        sequences = drawn.sequences
        states = self.module(sequences)
        flat, positions = states[:, 1:].flatten(0, 1), sequences.positions.flatten(0, 1)
        some, there = (
            (flat, positions) if drawn.paired is None else (flat[drawn.paired], positions[drawn.paired])
        )
        pairs = pair_terms(some, there, self._objective)
        return {
            "separation": pairs.separation,
            "invariance": pairs.invariance,
            "capacity": capacity(flat),
            "isometry": conformal_isometry(states, sequences.displacement, self._objective),
        }

    def _weighted(self, terms: dict[str, torch.Tensor]) -> torch.Tensor:
        return torch.stack([getattr(self._objective, name) * value for name, value in terms.items()]).sum()

    def _sequences(self, name: str) -> Drawn:
        shape, seed = self._shape, child_seed(self._seed, _FAMILY, name)
        sequences = draw_sequences(
            shape.n_paths,
            shape.n_steps,
            permuted=shape.permuted,
            seed=seed,
            most_step_m=shape.most_step_m,
        )
        return Drawn(sequences.to(self._device), self._paired(seed))

    def _paired(self, seed: int) -> torch.Tensor | None:
        shape = self._shape
        if shape.n_pair_states is None:
            return None
        rng = generator(seed, _FAMILY, "pairs")
        chosen = rng.choice(shape.n_paths * shape.n_steps, shape.n_pair_states, replace=False)
        return torch.from_numpy(chosen).to(self._device)

    def _of_the_code(self) -> dict[str, float]:
        codes, positions, maps = maps_in_box(
            self.module, self._box, self._shape.most_step_m, seed=self._seed, device=self._device
        )
        return {
            "path_invariance": path_invariance(codes[:, -1], positions[:, -1], bin_m=self._box.bin_m),
            "active_units": int((codes > 0).any(axis=(0, 1)).sum()),
            **population_losses(maps, bin_m=self._box.bin_m, seed=self._seed),
        }


def maps_in_box(
    network: SICNetwork, box: Box, most_step_m: float, *, seed: int, device: str = "cpu"
) -> tuple[Array, Array, Array]:
    """Codes along walks in a box, and the map of each unit.

    Parameters
    ----------
    network : SICNetwork
    box : Box
    most_step_m : float
        Largest component of a step, in m.
    seed : int
        Seed of the walks.
    device : str

    Returns
    -------
    codes : array of shape (n_walks, n_steps, n_units)
    positions : array of shape (n_walks, n_steps, 2)
        In m from the middle of the box.
    maps : array of shape (n_units, height, width)
        NaN in bins that were not visited.
    """
    walks = walks_in_box(
        box.n_walks,
        box.n_steps,
        half_side_m=box.half_side_m,
        seed=child_seed(seed, _FAMILY, "box"),
        most_step_m=most_step_m,
    )
    with torch.inference_mode():
        parts = [network(part.to(device))[:, 1:].cpu() for part in walks.split(_WALKS_AT_ONCE)]
    codes = torch.cat(parts).double().numpy()
    positions = walks.positions.double().numpy()
    maps = unit_maps(
        codes.reshape(-1, codes.shape[-1]),
        positions.reshape(-1, 2) + box.half_side_m,
        box_m=2 * box.half_side_m,
        bin_m=box.bin_m,
    )
    return codes, positions, maps


def path_invariance(codes: Array, positions: Array, *, bin_m: float) -> float:
    """Degree to which codes of one place, reached by different paths, are nearer than those of distant places.

    1 - (mean distance of codes within a bin) / (mean distance of codes 4 to 8 bins apart), clipped to [0, 1]; 0
    where all codes are the same.

    Parameters
    ----------
    codes : array of shape (n_paths, n_units)
        One of each path.
    positions : array of shape (n_paths, 2)
        In m.
    bin_m : float
        Side of a bin, in m.
    """
    first, second = np.triu_indices(len(codes), k=1)
    across = np.linalg.norm(positions[first] - positions[second], axis=1) / bin_m
    between = np.linalg.norm(codes[first] - codes[second], axis=1)
    near, far = across < 1, (across >= _FAR_BINS[0]) & (across < _FAR_BINS[1])
    if not near.any() or not far.any() or between[far].mean() == 0:
        return 0.0
    return float(np.clip(1 - between[near].mean() / between[far].mean(), 0, 1))
