"""Training data of predictors of video: BouncingShapes as tensors, in batches that follow from seed and epoch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from ....core.seeds import child_seed
from ....tasks.bouncing_shapes import bouncing_shapes

__all__ = ["Batch", "Corpus", "held_out", "training_batches"]


@dataclass(frozen=True)
class Corpus:
    """Number of clips for training, validation and test, and their length.

    Parameters
    ----------
    n_batches, n_batch : int
        Updates in an epoch, and clips in an update. No clip comes twice.
    n_frames : int
        Frames of a clip in training and in the choice of the epoch.
    n_context : int
        Number of these frames that are shown.
    n_windows : int
        Number of windows of a clip, two frames apart, that a slot model sees in an update.
    n_validation, n_test : int
        Clips that choose the epoch, and clips for the numbers on the card.
    n_ahead : int
        Number of frames after the context at which the card judges predictions.
    """

    n_batches: int = 25
    n_batch: int = 16
    n_frames: int = 12
    n_context: int = 7
    n_windows: int = 1
    n_validation: int = 64
    n_test: int = 128
    n_ahead: int = 10


@dataclass(frozen=True, eq=False)
class Batch:
    """Clips, and what chance adds to an update on them.

    Parameters
    ----------
    frames : tensor of shape (n_clips, n_frames, 3, size, size)
        In [0, 1].
    noise : tensor of shape (n_frames, n_clips, n_noise)
        Standard normal.
    order : tensor of shape (n_clips * n_windows,)
        The windows of all clips in random order.
    """

    frames: torch.Tensor
    noise: torch.Tensor
    order: torch.Tensor


def training_batches(corpus: Corpus, epoch: int, n_noise: int, *, seed: int, device: str) -> Iterator[Batch]:
    """The batches of an epoch, one at a time."""
    for k in range(corpus.n_batches):
        index = epoch * corpus.n_batches + k
        yield _batch(corpus, "training", index, corpus.n_batch, corpus.n_frames, n_noise, seed, device)


def held_out(corpus: Corpus, part: str, n_noise: int, *, seed: int, device: str) -> Batch:
    """The clips of ``"validation"``, or those of ``"test"``, long enough to look ahead; none is trained on."""
    if part == "validation":
        return _batch(corpus, part, 0, corpus.n_validation, corpus.n_frames, n_noise, seed, device)
    n_frames = max(corpus.n_frames, corpus.n_context + corpus.n_ahead)
    return _batch(corpus, part, 0, corpus.n_test, n_frames, n_noise, seed, device)


def _batch(
    corpus: Corpus, part: str, index: int, n: int, n_frames: int, n_noise: int, seed: int, device: str
) -> Batch:
    clips = bouncing_shapes(child_seed(seed, "video", part), index, n, n_frames)
    planes = torch.from_numpy(clips.frames.transpose(0, 1, 4, 2, 3))
    random = torch.Generator().manual_seed(child_seed(seed, "video", part, str(index)))
    noise = torch.randn(n_frames, n, n_noise, generator=random)
    order = torch.randperm(n * corpus.n_windows, generator=random)
    return Batch(planes.to(device).float() / 255, noise.to(device), order.to(device))
