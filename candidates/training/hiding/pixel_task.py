"""A pixel-wise predictor at its training on HidingShapes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from ....core.seeds import child_seed
from ...zoo.video.pixel_networks import make_pixel_network
from ..video.sequences import Batch, Corpus
from .judging import errors_behind
from .videos import N_CONTEXT, clips, judged_clips, pictures

__all__ = ["HidingPixelTask"]

_JUDGED_AT_A_TIME = 16


class HidingPixelTask:
    """Training of a predictor of the next frames, open loop from the end of a context.

    Parameters
    ----------
    network : {"svg-lp"}
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
        self._validation = tuple(
            self._batch("validation", index) for index in range(-(-corpus.n_validation // corpus.n_batch))
        )

    @property
    def module(self) -> torch.nn.Module:
        """The network."""
        return self._network

    def batches(self, epoch: int) -> Iterator[Batch]:
        """Clips and noise drawn for this epoch alone."""
        for k in range(self._corpus.n_batches):
            yield self._batch("training", epoch * self._corpus.n_batches + k)

    def loss(self, batch: Batch) -> torch.Tensor:
        """The network's own objective."""
        frames = batch.frames.transpose(0, 1)
        return self._network.objective(frames, batch.noise, n_context=self._corpus.n_context)

    def validation_loss(self) -> float:
        """The objective on clips that choose the epoch."""
        with torch.inference_mode():
            return float(torch.stack([self.loss(batch) for batch in self._validation]).mean())

    def losses(self) -> dict[str, float]:
        """Squared errors of frames, from the frame on in which the main object hides, and the objective there."""
        frames = pictures(judged_clips(self._corpus.n_test), self._device)
        noise = self._noise("test", 0, frames.shape[1], len(frames))
        parts = tuple(zip(_parts(frames), _parts(noise, 1), strict=True))
        with torch.inference_mode():
            loss = torch.stack([self._loss_of(*part) for part in parts]).mean()
            predicted = torch.cat([self._predicted(*part) for part in parts])
        true, last = frames[:, N_CONTEXT:].float() / 255, frames[:, N_CONTEXT - 1].float() / 255
        return {"test_loss": float(loss), **errors_behind(predicted, true, last)}

    def _loss_of(self, frames: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        n = self._corpus.n_frames
        return self.loss(Batch(frames[:, :n].float() / 255, noise[:n], torch.empty(0)))

    def _predicted(self, frames: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        context = frames[:, :N_CONTEXT].transpose(0, 1).float() / 255
        return self._network.imagine(context, noise).frames[N_CONTEXT:].transpose(0, 1)

    def _batch(self, part: str, index: int) -> Batch:
        n, n_frames = self._corpus.n_batch, self._corpus.n_frames
        frames = pictures(clips(self._seed, part, index, n, n_frames=n_frames), self._device).float() / 255
        return Batch(frames, self._noise(part, index, n_frames, n), torch.empty(0))

    def _noise(self, part: str, index: int, n_frames: int, n: int) -> torch.Tensor:
        random = torch.Generator().manual_seed(child_seed(self._seed, "hiding", "noise", part, str(index)))
        return torch.randn(n_frames, n, self._network.n_noise, generator=random).to(self._device)


def _parts(values: torch.Tensor, dim: int = 0) -> tuple[torch.Tensor, ...]:
    return torch.split(values, _JUDGED_AT_A_TIME, dim=dim)
