"""A pixel-wise predictor at its training; see :class:`~innerscore.candidates.training.recipe.Task`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from ....core.seeds import child_seed
from ...zoo.video.pixel_networks import make_pixel_network
from .sequences import Batch, Corpus, held_out, training_batches

__all__ = ["PixelTask"]


class PixelTask:
    """Training of a predictor of the next frames.

    Parameters
    ----------
    network : {"svg-lp", "fitvid"}
        Kind of predictor.
    options : mapping
        Options of the network.
    corpus : Corpus
        Sizes.
    seed : int
        Seed of weights, clips and noise.
    device : str
        Device it runs on.
    """

    def __init__(
        self, network: str, options: dict[str, Any], *, corpus: Corpus, seed: int, device: str
    ) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(child_seed(seed, network, "weights"))
            self._network = make_pixel_network(network, **options).to(device)
        self._corpus, self._seed, self._device = corpus, seed, device
        n_noise = self._network.n_noise
        given: dict[str, Any] = {"seed": seed, "device": device}
        self._validation = held_out(corpus, "validation", n_noise, **given)
        self._test = held_out(corpus, "test", n_noise, **given)

    @property
    def module(self) -> torch.nn.Module:
        """The network."""
        return self._network

    def batches(self, epoch: int) -> Iterator[Batch]:
        """Clips and noise drawn for this epoch alone."""
        n_noise = self._network.n_noise
        return training_batches(self._corpus, epoch, n_noise, seed=self._seed, device=self._device)

    def loss(self, batch: Batch) -> torch.Tensor:
        """The network's own objective."""
        frames = batch.frames.transpose(0, 1)
        return self._network.objective(frames, batch.noise, n_context=self._corpus.n_context)

    def validation_loss(self) -> float:
        """The objective on clips that choose the epoch."""
        with torch.inference_mode():
            return float(self.loss(self._validation))

    def losses(self) -> dict[str, float]:
        """The objective on other clips, and the squared error of frames predicted from the context alone."""
        n, ahead = self._corpus.n_context, self._corpus.n_ahead
        test, n_frames = self._test, self._corpus.n_frames
        frames = test.frames.transpose(0, 1)
        short = Batch(test.frames[:, :n_frames], test.noise[:n_frames], test.order)
        with torch.inference_mode():
            predicted = self._network.imagine(frames[:n], test.noise).frames[-1]
            return {
                "test_loss": float(self.loss(short)),
                f"squared_error_{ahead}_ahead": float(((predicted - frames[-1]) ** 2).mean()),
                f"squared_error_{ahead}_ahead_by_last": float(((frames[n - 1] - frames[-1]) ** 2).mean()),
            }
