"""Pictures that play of a benchmark's stimuli, small enough for a page."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..core.stimuli import Condition, FrameClip, SelfMotion, StimulusSet
from ..figures import animated_png, path_animation
from ..leaderboard.pages import Clip

__all__ = ["clip_of"]

_MOST_HZ = 20.0
_MOST_FRAMES = 160
_MOST_IMAGES = 24
_IMAGES_PER_SECOND = 1.5
_MOST_PIXELS = 160
_MOST_STEPS = 400
_WALK_SECONDS = 20.0


def clip_of(stimuli: StimulusSet) -> Clip | None:
    """The first stimuli of a set: clips one after the other, images one after the other, or one walk.

    None of conditions, which have no look.
    """
    first = stimuli.stimuli[0]
    if isinstance(first, Condition):
        return None
    if isinstance(first, SelfMotion):
        return _walk(first)
    clips = [one for one in stimuli.stimuli[:_MOST_IMAGES] if isinstance(one, FrameClip)]
    return _images(clips, len(stimuli)) if first.n_steps == 1 else _film(clips, len(stimuli))


def _film(clips: list[FrameClip], n_stimuli: int) -> Clip:
    every = max(1, round(clips[0].rate_hz / _MOST_HZ))
    frames: list[npt.NDArray[np.uint8]] = []
    shown = 0
    for clip in clips:
        if frames and len(frames) + clip.n_steps / every > _MOST_FRAMES:
            break
        frames += [_small(frame) for frame in clip.frames[::every]][:_MOST_FRAMES]
        shown += 1
    seconds = len(frames) * every / clips[0].rate_hz
    description = (
        f"{shown} of {n_stimuli} stimuli, played at their own speed; {seconds:.0f} seconds, repeated."
    )
    return _png(np.stack(frames), clips[0].rate_hz / every, description)


def _images(clips: list[FrameClip], n_stimuli: int) -> Clip:
    shape = clips[0].frames.shape[1:]
    frames = [_small(clip.frames[0]) for clip in clips if clip.frames.shape[1:] == shape]
    description = f"{len(frames)} of {n_stimuli} images, one after the other, repeated."
    return _png(np.stack(frames), _IMAGES_PER_SECOND, description)


def _png(frames: npt.NDArray[np.uint8], rate_hz: float, description: str) -> Clip:
    still = frames[len(frames) // 3 : len(frames) // 3 + 1]
    return Clip("image/apng", animated_png(frames, rate_hz), animated_png(still, 1.0), description)


def _small(frame: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Every n-th pixel, so that the longer side has no more than what a page shows."""
    step = -(-max(frame.shape[:2]) // _MOST_PIXELS)
    return frame[::step, ::step]


def _walk(walk: SelfMotion) -> Clip:
    positions = walk.positions
    seconds = min(_WALK_SECONDS, walk.n_steps / walk.rate_hz)
    shown = positions[: int(seconds * walk.rate_hz)]
    shown = shown[:: -(-len(shown) // _MOST_STEPS)]
    description = (
        f"The first {seconds:.0f} seconds of a walk through an arena, played at its own speed, repeated."
    )
    moving = path_animation(shown, walk.arena_m, seconds, "A walk")
    still = path_animation(shown, walk.arena_m, 0.0, "A walk")
    return Clip("image/svg+xml", moving.encode(), still.encode(), description)
