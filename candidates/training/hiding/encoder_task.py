"""The encoder of frames, at its training on HidingShapes."""

from __future__ import annotations

import torch

from ...zoo.latent.network import LatentNetwork
from ..drawn import initial_weights
from ..latent.corpus import Batch, Corpus
from ..latent.task import SelfSupervisedTask
from ..pictures import pictures
from .videos import clips

__all__ = ["HidingEncoderTask"]


class HidingEncoderTask(SelfSupervisedTask):
    """An encoder that learns to tell a frame's successor from other frames, on clips in which objects hide.

    Parameters
    ----------
    corpus, seed, device : Corpus, int, str
        As for :class:`~innerscore.candidates.training.drawn.DrawnTask`; the seed is that of the weights, too.
    """

    def __init__(self, *, corpus: Corpus, seed: int, device: str) -> None:
        with initial_weights(seed, "latent"):
            network = LatentNetwork("selfsup", "none")
        super().__init__(network, corpus=corpus, seed=seed, device=device)

    def _drawn(self, part: str, index: int, n: int) -> Batch:
        given = clips(self._seed, part, index, n, n_frames=self._corpus.n_frames)
        return Batch(pictures(given.frames, self._device), torch.zeros(n, dtype=torch.int64))
