"""The encoder of frames, at its training on HidingShapes."""

from __future__ import annotations

import torch

from ....core.seeds import child_seed
from ...zoo.latent.network import LatentNetwork
from ..latent.corpus import Batch, Corpus
from ..latent.task import SelfSupervisedTask
from .videos import clips, pictures

__all__ = ["HidingEncoderTask"]


class HidingEncoderTask(SelfSupervisedTask):
    """An encoder that learns to tell a frame's successor from other frames, on clips in which objects hide.

    Parameters
    ----------
    corpus : Corpus
        Sizes.
    seed : int
        Seed of weights and clips.
    device : str
        Device it runs on.
    """

    def __init__(self, *, corpus: Corpus, seed: int, device: str) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(child_seed(seed, "latent", "weights"))
            network = LatentNetwork("selfsup", "none")
        super().__init__(network, corpus=corpus, seed=seed, device=device)

    def _drawn(self, name: str, index: int, n_clips: int) -> Batch:
        given = clips(self._seed, name, index, n_clips, n_frames=self._corpus.n_frames)
        return Batch(pictures(given, self._device), torch.zeros(n_clips, dtype=torch.int64))
