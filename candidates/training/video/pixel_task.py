"""A pixel-wise predictor at its training."""

from __future__ import annotations

from typing import Any

import torch

from ...zoo.video.pixel_networks import make_pixel_network
from ..drawn import initial_weights
from .sequences import Batch, Corpus, VideoTask

__all__ = ["PixelTask"]


class PixelTask(VideoTask):
    """Training of a predictor of the next frames.

    Parameters
    ----------
    network : {"svg-lp", "fitvid"}
        Kind of predictor.
    options : mapping
        Options of the network.
    corpus, seed, device : Corpus, int, str
        As for :class:`~innerscore.candidates.training.drawn.DrawnTask`; the seed is that of weights and noise, too.
    """

    def __init__(
        self, network: str, options: dict[str, Any], *, corpus: Corpus, seed: int, device: str
    ) -> None:
        with initial_weights(seed, network):
            built = make_pixel_network(network, **options)
        self._n_noise = built.n_noise
        super().__init__(built, corpus=corpus, seed=seed, device=device)

    def loss(self, batch: Batch) -> torch.Tensor:
        """The network's own objective."""
        frames = batch.frames.transpose(0, 1)
        found: torch.Tensor = self.module.objective(frames, batch.noise, n_context=self._corpus.n_context)
        return found

    def losses(self) -> dict[str, float]:
        """The objective on other clips, and the squared error of frames predicted from the context alone."""
        n, ahead = self._corpus.n_context, self._corpus.n_ahead
        test, n_frames = self._drawn("test", 0, self._corpus.n_test), self._corpus.n_frames
        frames = test.frames.transpose(0, 1)
        short = Batch(test.frames[:, :n_frames], test.noise[:n_frames], test.order)
        with torch.inference_mode():
            predicted = self.module.imagine(frames[:n], test.noise).frames[-1]
            return {
                "test_loss": float(self.loss(short)),
                f"squared_error_{ahead}_ahead": float(((predicted - frames[-1]) ** 2).mean()),
                f"squared_error_{ahead}_ahead_by_last": float(((frames[n - 1] - frames[-1]) ** 2).mean()),
            }
