"""A network of another library as a candidate: frame by frame, or by the clip that ends with each step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from ...core.activations import LayerValues, TimedValues
from ...core.stimuli import FrameClip
from ..frame_preparation import Preparation, prepared_frames
from ..torch_adapter import TorchCandidate
from ..weights import load_into
from .layers import MAX_UNITS, pooled
from .sources import network

__all__ = ["VIDEO_HZ", "HubCandidate", "clip_windows", "reader"]

#: Frames a second that networks of clips are shown.
VIDEO_HZ = 8.0

_FRAMES_AT_A_TIME = 16


class HubCandidate:
    """A network of another library, read at some layers.

    Parameters
    ----------
    weights : mapping of str to tensor
        The network's whole state.
    source : {"timm", "torchvision", "hf", "packaged"}
        Library that builds it.
    architecture : mapping
        The network, as the library builds it.
    layers : mapping of str to str
        Names on the board to names of the network's modules.
    preparation : mapping
        Preparation of frames: keyword arguments of
        :class:`~innerscore.candidates.frame_preparation.Preparation`.
    n_frames : int, default=0
        Frames of the clips that it takes; 0 for one of single images.
    device : str, default="cpu"
        Device it runs on.

    Raises
    ------
    MissingPartError
        If the library is not installed.
    InvalidDataError
        If the weights are of another architecture.
    """

    def __init__(
        self,
        *,
        weights: Mapping[str, torch.Tensor],
        source: str,
        architecture: Mapping[str, Any],
        layers: Mapping[str, str],
        preparation: Mapping[str, Any],
        n_frames: int = 0,
        device: str = "cpu",
    ) -> None:
        built = network(source, architecture)
        load_into(built, weights, subject=f"The weights of the network of {source}")
        wanted = Preparation(**preparation)
        self._reader = reader(built, layers, wanted, source=source, n_frames=n_frames, device=device)
        self._n_frames = n_frames

    def activations(self, stimulus: FrameClip) -> dict[str, LayerValues]:
        """Each layer's units for each frame; for a network of clips, each 1/8 s."""
        values = self._reader.activations(stimulus)
        if not self._n_frames:
            return dict(values)
        times = stimulus.times_ms[_last_frames(stimulus)]
        return {layer: TimedValues(units, times) for layer, units in values.items()}


def reader(
    built: nn.Module,
    layers: Mapping[str, str],
    preparation: Preparation,
    *,
    source: str,
    n_frames: int,
    device: str,
    most_units: int = MAX_UNITS,
) -> TorchCandidate:
    """The adapter by which a network is read: it is shown prepared frames, or windows of them.

    Parameters
    ----------
    built : torch.nn.Module
        The network, with its weights.
    layers : mapping of str to str
        Names on the board to names of its modules.
    preparation : Preparation
        Preparation of frames.
    source : str
        Library that built it, which says in what order it takes a clip's dimensions.
    n_frames : int
        Frames of the clips that it takes; 0 for one of single images.
    device : str
        Device it runs on.
    most_units : int, default=4096
        Most units of a layer.
    """

    def shown(clip: FrameClip) -> torch.Tensor:
        frames = prepared_frames(clip, preparation)
        if not n_frames:
            return frames
        windows = frames[torch.as_tensor(clip_windows(clip, n_frames))]
        return windows.transpose(1, 2) if source == "torchvision" else windows

    return TorchCandidate(
        built,
        layers,
        preprocess=shown,
        device=device,
        batch_frames=max(1, _FRAMES_AT_A_TIME // max(1, n_frames)),
        reduce=lambda output: pooled(output, n_frames, most_units),
    )


def clip_windows(clip: FrameClip, n_frames: int) -> Any:
    """Frames of the clips that a network of clips is shown: those up to each step, 1/8 s apart.

    Parameters
    ----------
    clip : FrameClip
        A clip at any frame rate; below 8 Hz each frame is a step.
    n_frames : int
        Frames of a clip that the network takes.

    Returns
    -------
    windows : int array of shape (n_steps, n_frames)
        Indices of frames; none is later than the step, and before the first frame the scene stood still.
    """
    last = _last_frames(clip)
    back = np.arange(n_frames)[::-1] * _stride(clip)
    return np.maximum(last[:, None] - back, 0)


def _last_frames(clip: FrameClip) -> Any:
    return np.arange(0, clip.n_steps, _stride(clip))


def _stride(clip: FrameClip) -> int:
    return max(1, round(clip.rate_hz / VIDEO_HZ))
