"""The task: walks drawn anew in every epoch, and the error of the position that a network says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from ....core.seeds import child_seed
from ...zoo.navigation import Walks, draw_walks
from ...zoo.path_integrators.networks import build_network, unrolled

__all__ = ["Corpus", "PathTask", "WalkBatch"]

_FAMILY = "path-integrator"


@dataclass(frozen=True)
class Corpus:
    """Number of steps in a walk, walks in an update, updates in an epoch, and held-out walks."""

    n_steps: int = 20
    n_batch: int = 100
    n_updates: int = 40
    n_validation: int = 1000
    n_test: int = 2000


@dataclass(frozen=True, eq=False)
class WalkBatch:
    """Walks of one update, and the seed of its noise."""

    walks: Walks
    noise_seed: int


class PathTask:
    """A network on walks; see :class:`~innerscore.candidates.training.recipe.Task`.

    Parameters
    ----------
    architecture, units : str, int
        As for :func:`~.networks.build_network`.
    corpus : Corpus
    seed : int
        Seed of weights, place cells, walks and noise.
    device : str
    """

    def __init__(self, *, architecture: str, units: int, corpus: Corpus, seed: int, device: str) -> None:
        self._corpus, self._seed, self._device = corpus, seed, device
        self._validation = self._walks(corpus.n_validation, corpus.n_steps, "validation")
        self._test = self._walks(corpus.n_test, corpus.n_steps, "test")
        self._longer = self._walks(corpus.n_test // 4, 5 * corpus.n_steps, "longer")
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(child_seed(seed, _FAMILY, "weights"))
            self.module = build_network(architecture, units, seed=child_seed(seed, _FAMILY)).to(device)

    def batches(self, epoch: int) -> Iterator[WalkBatch]:
        """Walks that no other epoch has."""
        corpus = self._corpus
        walks = self._walks(corpus.n_updates * corpus.n_batch, corpus.n_steps, f"training-{epoch}")
        for number in range(corpus.n_updates):
            some = slice(number * corpus.n_batch, (number + 1) * corpus.n_batch)
            yield WalkBatch(walks[some], child_seed(self._seed, _FAMILY, "noise", str(epoch), str(number)))

    def loss(self, batch: WalkBatch) -> torch.Tensor:
        """The network's own loss, with dropout or noise."""
        # Drawn on the CPU, so that noise is the same on every device.
        return self.module.loss(batch.walks, torch.Generator().manual_seed(batch.noise_seed))

    def validation_loss(self) -> float:
        """The loss on walks that choose the epoch, without noise."""
        with torch.inference_mode():
            return float(self.module.loss(self._validation, None))

    def losses(self) -> dict[str, float]:
        """The loss and the error of position on other walks: as long as in training, and 5 times longer."""
        n = self._corpus.n_steps
        with torch.inference_mode():
            return {
                "test_loss": float(self.module.loss(self._test, None)),
                f"error_after_{n}_steps_cm": self._error_cm(self._test),
                f"error_after_{5 * n}_steps_cm": self._error_cm(self._longer),
            }

    def _error_cm(self, walks: Walks) -> float:
        """Mean distance between the place that the network says after the last step and the true one."""
        said = self.module.positions(tuple(part[:, -1] for part in unrolled(self.module, walks)))
        return float(100 * (said - walks.positions[:, -1]).norm(dim=-1).mean())

    def _walks(self, n: int, n_steps: int, name: str) -> Walks:
        return draw_walks(n, n_steps, seed=child_seed(self._seed, _FAMILY, name)).to(self._device)
