"""Clips of any frame rate as input to a predictor with time steps of its own.

A predictor that learned at 12 frames a second cannot take a clip at 60 Hz frame by frame. It sees the clip as
interleaved streams: with a stride of 5, frame t continues the stream of frames t - 5, t - 10, ... So each
frame has a state of its own, made from nothing later than itself, and every step is as long as in training.
Streams are cut so that the context ends for all of them at the same step. Before its first frame the scene
stood still.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from ..core.stimuli import FrameClip

__all__ = ["Streams", "streams_of"]


@dataclass(frozen=True, eq=False)
class Streams:
    """A clip's frames as interleaved streams.

    Parameters
    ----------
    frame : int array of shape (n_steps, n_streams)
        The frame of the clip that each stream is at, at each step; 0 before the clip, its last frame after it.
    n_context : int
        Steps that are shown; the others are rolled out.
    first : int
        Index of the clip's first frame among all steps' frames in their order.
    n_frames : int
        Number of frames in the clip.
    """

    frame: npt.NDArray[np.int64]
    n_context: int
    first: int
    n_frames: int

    def joined(self, values: torch.Tensor) -> torch.Tensor:
        """Values of shape (n_steps, n_streams, ...) in the order of the clip's frames: (n_frames, ...)."""
        return values.flatten(0, 1)[self.first : self.first + self.n_frames]


def streams_of(clip: FrameClip, *, step_hz: float, min_context: int = 1) -> Streams:
    """Cut a clip into streams.

    The context is the clip's `context_frames` (for Mental-Pong those before the ball's centre reaches the
    occluder); later frames are predicted, not seen. A clip that names no context is shown whole.

    Parameters
    ----------
    clip : FrameClip
        A clip at any frame rate; below `step_hz` each frame is a step.
    step_hz : float
        Steps per second that the predictor learned.
    min_context : int, default=1
        Steps of context that there are at least; the first frame is repeated where the clip has too few.
    """
    stride = max(1, round(clip.rate_hz / step_hz))
    n_shown = clip.n_steps if clip.context_frames is None else clip.context_frames
    n_context = max(min_context, -(-n_shown // stride))
    n_steps = n_context + -(-(clip.n_steps - n_shown) // stride)
    first = n_context * stride - n_shown
    frame = np.arange(n_steps * stride).reshape(n_steps, stride) - first
    return Streams(np.clip(frame, 0, clip.n_steps - 1), n_context, first, clip.n_steps)
