"""Training data of predictors of video: BouncingShapes as tensors, in batches that follow from seed and epoch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from ....core.seeds import child_seed
from ....tasks.bouncing_shapes import bouncing_shapes
from ..drawn import DrawnTask, Sizes
from ..pictures import pictures, scaled

__all__ = ["Batch", "Corpus", "VideoTask", "draw_batch"]


@dataclass(frozen=True)
class Corpus(Sizes):
    """Sizes, and the length of clips.

    Parameters
    ----------
    n_frames : int
        Frames of a clip in training and in the choice of the epoch.
    n_context : int
        Number of these frames that are shown.
    n_windows : int
        Number of windows of a clip, two frames apart, that a slot model sees in an update.
    n_ahead : int
        Number of frames after the context at which the card judges predictions.
    n_judged : int, optional
        Clips that choose the epoch and are judged in one batch; without it all are.
    """

    n_frames: int = 12
    n_context: int = 7
    n_windows: int = 1
    n_ahead: int = 10
    n_judged: int | None = None


@dataclass(frozen=True, eq=False)
class Batch:
    """Clips, and what chance adds to an update on them.

    Parameters
    ----------
    frames : tensor of shape (n_clips, n_frames, 3, size, size)
        In [0, 1].
    noise : tensor of shape (n_frames, n_clips, n_noise)
        Standard normal; empty where a model takes none.
    order : tensor of shape (n_clips * n_windows,)
        The windows of all clips in random order; empty where a model contrasts none.
    """

    frames: torch.Tensor
    noise: torch.Tensor
    order: torch.Tensor


class VideoTask(DrawnTask[Batch]):
    """A predictor on clips of a :class:`Corpus`; see :class:`~innerscore.candidates.training.recipe.Task`."""

    _corpus: Corpus
    _n_noise = 0

    def _drawn(self, part: str, index: int, n: int) -> Batch:
        return draw_batch(self._corpus, part, index, n, self._n_noise, seed=self._seed, device=self._device)

    def _held_out(self, part: str, n: int) -> Iterator[Batch]:
        n_judged = self._corpus.n_judged or n
        return (self._drawn(part, index, n_judged) for index in range(-(-n // n_judged)))


def draw_batch(
    corpus: Corpus, part: str, index: int, n: int, n_noise: int, *, seed: int, device: str
) -> Batch:
    """Batch number `index` of ``"training"``, ``"validation"`` or ``"test"``, of `n` clips.

    Those of ``"test"`` are long enough to look ahead.
    """
    n_frames = max(corpus.n_frames, corpus.n_context + corpus.n_ahead) if part == "test" else corpus.n_frames
    clips = bouncing_shapes(child_seed(seed, "video", part), index, n, n_frames)
    random = torch.Generator().manual_seed(child_seed(seed, "video", part, str(index)))
    noise = torch.randn(n_frames, n, n_noise, generator=random)
    order = torch.randperm(n * corpus.n_windows, generator=random)
    return Batch(scaled(pictures(clips.frames, device)), noise.to(device), order.to(device))
