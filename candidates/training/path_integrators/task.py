"""The task: walks drawn anew in every epoch, and the error of the position that a network says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from ....core.seeds import child_seed
from ...zoo.navigation import Walks, draw_walks
from ...zoo.path_integrators.networks import build_network, unrolled
from ..drawn import NoisyTask, Sizes, initial_weights

__all__ = ["Corpus", "PathTask"]

_FAMILY = "path-integrator"


@dataclass(frozen=True)
class Corpus(Sizes):
    """Sizes, and number of steps in a walk."""

    n_steps: int = 20


class PathTask(NoisyTask[Walks]):
    """A network on walks; see :class:`~innerscore.candidates.training.recipe.Task`.

    Parameters
    ----------
    architecture, units : str, int
        As for :func:`~.networks.build_network`.
    corpus, seed, device : Corpus, int, str
        As for :class:`~innerscore.candidates.training.drawn.NoisyTask`; place cells follow from the seed, too.
    """

    _corpus: Corpus

    def __init__(self, *, architecture: str, units: int, corpus: Corpus, seed: int, device: str) -> None:
        super().__init__(_FAMILY, corpus=corpus, seed=seed, device=device)
        self._longer = self._walks(corpus.n_test // 4, 5 * corpus.n_steps, "longer")
        with initial_weights(seed, _FAMILY):
            self.module = build_network(architecture, units, seed=child_seed(seed, _FAMILY)).to(device)

    def losses(self) -> dict[str, float]:
        """The loss and the error of position on other walks: as long as in training, and 5 times longer."""
        n = self._corpus.n_steps
        with torch.inference_mode():
            return {
                "test_loss": float(self._error(self._test, None)),
                f"error_after_{n}_steps_cm": self._error_cm(self._test),
                f"error_after_{5 * n}_steps_cm": self._error_cm(self._longer),
            }

    def _error(self, data: Walks, noise: torch.Generator | None) -> torch.Tensor:
        """The network's own loss, with dropout or noise."""
        return self.module.loss(data, noise)

    def _error_cm(self, walks: Walks) -> float:
        """Mean distance between the place that the network says after the last step and the true one."""
        said = self.module.positions(tuple(part[:, -1] for part in unrolled(self.module, walks)))
        return float(100 * (said - walks.positions[:, -1]).norm(dim=-1).mean())

    def _epoch(self, epoch: int) -> Iterator[Walks]:
        n_batch, n_updates = self._corpus.n_batch, self._corpus.n_updates
        walks = self._drawn(n_updates * n_batch, f"training-{epoch}")
        return (walks[number * n_batch : (number + 1) * n_batch] for number in range(n_updates))

    def _drawn(self, n: int, *name: str) -> Walks:
        return self._walks(n, self._corpus.n_steps, *name)

    def _walks(self, n: int, n_steps: int, *name: str) -> Walks:
        return draw_walks(n, n_steps, seed=child_seed(self._seed, _FAMILY, *name)).to(self._device)
