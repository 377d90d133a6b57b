"""A slot model at its training."""

from __future__ import annotations

from typing import Any

import torch

from ...zoo.video.slot_network import SlotNetwork, energy, hinge_loss
from ..drawn import initial_weights
from .sequences import Batch, Corpus, VideoTask

__all__ = ["SlotTask"]


class SlotTask(VideoTask):
    """Training of slots to predict the slots one step later, contrasted with other states of the batch.

    Parameters
    ----------
    options : mapping
        Options of the network.
    corpus, seed, device : Corpus, int, str
        As for :class:`~innerscore.candidates.training.drawn.DrawnTask`; the seed is that of the weights, too.
    """

    def __init__(self, options: dict[str, Any], *, corpus: Corpus, seed: int, device: str) -> None:
        with initial_weights(seed, "cswm"):
            built = SlotNetwork(**options)
        super().__init__(built, corpus=corpus, seed=seed, device=device)

    def loss(self, batch: Batch) -> torch.Tensor:
        """The hinge loss of windows and those one frame later."""
        slots = self.module(self._windows(batch.frames))
        following = self.module(self._windows(batch.frames[:, 1:]))
        return hinge_loss(slots, self.module.change(slots), following, batch.order)

    def _windows(self, frames: torch.Tensor) -> torch.Tensor:
        """Windows (n_clips * n_windows, n_context, 3, size, size) that begin at frames 0, 2, ... of each clip."""
        n = self._corpus.n_context
        return torch.stack(
            [frames[:, k : k + n] for k in range(0, 2 * self._corpus.n_windows, 2)], 1
        ).flatten(0, 1)

    def losses(self) -> dict[str, float]:
        """The hinge loss on other clips, and how the slots rolled out compare with the true ones then."""
        n, ahead = self._corpus.n_context, self._corpus.n_ahead
        test = self._drawn("test", 0, self._corpus.n_test)
        frames = test.frames
        with torch.inference_mode():
            states = torch.stack([self.module(frames[:, k : k + n]) for k in range(ahead + 1)])
            rolled = self.module.rollout(states[0], ahead)[-1]
            distances = torch.stack([energy(rolled, state) for state in states])
            return {
                "test_loss": float(self.loss(test)),
                f"found_{ahead}_ahead": float((distances.argmin(dim=0) == ahead).float().mean()),
                f"energy_{ahead}_ahead": float(distances[-1].mean()),
                f"energy_{ahead}_ahead_by_last": float(energy(states[0], states[-1]).mean()),
            }
