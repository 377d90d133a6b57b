"""Physion videos to clips: 25 frames, every 6th from the start, as the published models saw them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from ...core.errors import InvalidDataError, MissingPartError
from ...core.stimuli import FrameClip

__all__ = ["CONTEXT_FRAMES", "N_FRAMES", "decode_clip"]

N_FRAMES, CONTEXT_FRAMES = 25, 7

_STEP = 6
_VIDEO_HZ = 30.0
_SCREEN_DEG = 20.0  # people watched on their own screens: a nominal size

Frames = npt.NDArray[np.uint8]


def decode_clip(path: Path, identifier: str, *, size: int = 64) -> FrameClip:
    """Decode a video.

    A video shorter than 145 frames gives as many frames as it has at that spacing.

    Parameters
    ----------
    path : pathlib.Path
        A video file of 30 frames a second.
    identifier : str
        Name of the clip.
    size : int
        Height and width in pixels of the clip, by bilinear interpolation with anti-aliasing.

    Returns
    -------
    clip : FrameClip
        Clip at 5 Hz; ``context_frames`` is 7.

    Raises
    ------
    MissingPartError
        If the decoder (package ``av``) is not installed.
    InvalidDataError
        If the file is no video, or has fewer frames than the context.
    """
    frames = _every_sixth(path)
    if len(frames) < CONTEXT_FRAMES:
        raise InvalidDataError(
            f"The video {path}", got=f"{len(frames)} frames, every 6th", needed=f"{CONTEXT_FRAMES} or more"
        )
    resized = _resized(np.stack(frames), size)
    return FrameClip(
        identifier, resized, _VIDEO_HZ / _STEP, _SCREEN_DEG / size, context_frames=CONTEXT_FRAMES
    )


def _every_sixth(path: Path) -> list[Frames]:
    try:
        import av
    except ImportError as error:
        raise MissingPartError(
            "The package av, which decodes videos",
            got="not installed",
            needed="installed",
            hint="pip install 'innerscore[video]', or score a table of probabilities, which needs no video.",
        ) from error
    frames: list[Frames] = []
    try:
        with av.open(str(path)) as container:
            for number, frame in enumerate(container.decode(video=0)):
                if number % _STEP == 0:
                    frames.append(np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8))
                if len(frames) == N_FRAMES:
                    break
    except (av.error.FFmpegError, IndexError, ValueError) as error:
        raise InvalidDataError(
            f"The video {path}", got=str(error), needed="one that can be decoded"
        ) from error
    return frames


def _resized(frames: Frames, size: int) -> Frames:
    tensor = torch.from_numpy(frames).permute(0, 3, 1, 2).float()
    small = torch.nn.functional.interpolate(
        tensor, size=(size, size), mode="bilinear", antialias=True, align_corners=False
    )
    return small.round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()
