"""BouncingShapes as tensors, batch after batch."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ....core.seeds import child_seed
from ....tasks.bouncing_shapes import bouncing_shapes
from ...zoo.latent.network import FRAME_SIZE
from ..drawn import Sizes
from ..pictures import pictures

__all__ = ["Batch", "Corpus", "draw_batch"]


@dataclass(frozen=True)
class Corpus(Sizes):
    """Sizes, and number of frames in a clip."""

    n_frames: int


@dataclass(frozen=True, eq=False)
class Batch:
    """Clips.

    Parameters
    ----------
    frames : tensor of shape (n_clips, n_frames, 3, FRAME_SIZE, FRAME_SIZE)
        Bytes; or latents (n_clips, n_frames, n_latents), where an encoder turned them into some once and for all.
    label : tensor of shape (n_clips,)
        Class of the main object.
    """

    frames: torch.Tensor
    label: torch.Tensor


def draw_batch(seed: int, name: str, index: int, n_clips: int, n_frames: int, device: str) -> Batch:
    """A batch of the corpus of that name; the same for the same arguments."""
    clips = bouncing_shapes(child_seed(seed, "latent", name), index, n_clips, n_frames, FRAME_SIZE)
    return Batch(pictures(clips.frames, device), torch.from_numpy(clips.label).to(device))
