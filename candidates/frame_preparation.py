"""Frames as an image network wants them: its size, its interpolation, its units of colour."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from ..core.stimuli import FrameClip

__all__ = ["CLIP_COLOURS", "IMAGENET_COLOURS", "Preparation", "prepared_frames"]

Colours = tuple[tuple[float, ...], tuple[float, ...]]

IMAGENET_COLOURS: Colours = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
CLIP_COLOURS: Colours = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))


@dataclass(frozen=True)
class Preparation:
    """Preparation of frames for a network.

    Parameters
    ----------
    height, width : int
        Pixels of what the network sees.
    short_side : int or None
        Pixels to which a frame's shorter side is resized before the middle is cut out. None: the whole frame is
        resized to what the network sees.
    mode : {"bilinear", "bicubic", "nearest"}
        Interpolation, with averaging where a frame shrinks.
    mean, deviation : tuple of float
        Mean and standard deviation by which the colours, in [0, 1], are normalised.
    """

    height: int
    width: int
    short_side: int | None = None
    mode: str = "bicubic"
    mean: tuple[float, ...] = IMAGENET_COLOURS[0]
    deviation: tuple[float, ...] = IMAGENET_COLOURS[1]


def prepared_frames(clip: FrameClip, preparation: Preparation) -> torch.Tensor:
    """The frames of a clip, prepared: tensor (n_frames, 3, height, width)."""
    frames = torch.tensor(clip.frames).permute(0, 3, 1, 2).float() / 255
    frames = _resized(frames, _sides(frames, preparation), preparation.mode)
    top, left = (frames.shape[-2] - preparation.height) // 2, (frames.shape[-1] - preparation.width) // 2
    cut = frames[:, :, top : top + preparation.height, left : left + preparation.width]
    mean, deviation = (
        torch.tensor(part)[:, None, None] for part in (preparation.mean, preparation.deviation)
    )
    return (cut - mean) / deviation


def _sides(frames: torch.Tensor, preparation: Preparation) -> tuple[int, int]:
    if preparation.short_side is None:
        return preparation.height, preparation.width
    height, width = frames.shape[-2:]
    ratio = preparation.short_side / min(height, width)
    return round(height * ratio), round(width * ratio)


def _resized(frames: torch.Tensor, sides: tuple[int, int], mode: str) -> torch.Tensor:
    if tuple(frames.shape[-2:]) == sides:
        return frames
    smooth = mode != "nearest"
    return nn.functional.interpolate(frames, size=sides, mode=mode, antialias=smooth).clamp(0, 1)
