"""A pixel-wise predictor at its training on HidingShapes."""

from __future__ import annotations

import torch

from ....core.seeds import child_seed
from ..pictures import pictures, scaled
from ..video.pixel_task import PixelTask
from ..video.sequences import Batch
from .judging import errors_behind
from .videos import N_CONTEXT, clips, judged_clips

__all__ = ["HidingPixelTask"]

_JUDGED_AT_A_TIME = 16


class HidingPixelTask(PixelTask):
    """Training of a predictor of the next frames, open loop from the end of a context."""

    def losses(self) -> dict[str, float]:
        """Squared errors of frames, from the frame on in which the main object hides, and the objective there."""
        frames = pictures(judged_clips(self._corpus.n_test).frames, self._device)
        noise = self._noise("test", 0, frames.shape[1], len(frames))
        parts = tuple(zip(_parts(frames), _parts(noise, 1), strict=True))
        with torch.inference_mode():
            loss = torch.stack([self._loss_of(*part) for part in parts]).mean()
            predicted = torch.cat([self._predicted(*part) for part in parts])
        true, last = scaled(frames[:, N_CONTEXT:]), scaled(frames[:, N_CONTEXT - 1])
        return {"test_loss": float(loss), **errors_behind(predicted, true, last)}

    def _loss_of(self, frames: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        n = self._corpus.n_frames
        return self.loss(Batch(scaled(frames[:, :n]), noise[:n], torch.empty(0)))

    def _predicted(self, frames: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        context = scaled(frames[:, :N_CONTEXT].transpose(0, 1))
        imagined: torch.Tensor = self.module.imagine(context, noise).frames
        return imagined[N_CONTEXT:].transpose(0, 1)

    def _drawn(self, part: str, index: int, n: int) -> Batch:
        n_frames = self._corpus.n_frames
        given = clips(self._seed, part, index, n, n_frames=n_frames)
        frames = scaled(pictures(given.frames, self._device))
        return Batch(frames, self._noise(part, index, n_frames, n), torch.empty(0))

    def _noise(self, part: str, index: int, n_frames: int, n: int) -> torch.Tensor:
        random = torch.Generator().manual_seed(child_seed(self._seed, "hiding", "noise", part, str(index)))
        return torch.randn(n_frames, n, self._n_noise, generator=random).to(self._device)


def _parts(values: torch.Tensor, dim: int = 0) -> tuple[torch.Tensor, ...]:
    return torch.split(values, _JUDGED_AT_A_TIME, dim=dim)
