"""Trained predictors of video as candidates, shown a clip at the steps that they learned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ....core.seeds import child_seed
from ....core.stimuli import FrameClip
from ...streams import streams_of
from ...torch_adapter import resized_frames
from ...weights import ready
from .imagined import Imagined
from .pixel_networks import make_pixel_network
from .slot_network import SlotNetwork

__all__ = ["PixelModel", "SlotModel"]

_BATCH_FRAMES = 64
_DECODED_SIZE = 16


class SlotModel:
    """A contrastive structured world model, rolled out from the end of the context.

    Layers, slots flattened: ``encoder``, the slots of the window that ends with each frame, in the future
    too, as published; ``dynamics``, the same up to the end of the context and z + T(z) from there.

    Parameters
    ----------
    weights, device : mapping of str to tensor, str
        The network's state and the device it runs on; see :func:`~innerscore.candidates.weights.ready`.
    step_hz : float
        Frames per second that it learned.
    **options
        Options of :class:`~.slot_network.SlotNetwork`.
    """

    def __init__(
        self, *, weights: Mapping[str, torch.Tensor], step_hz: float, device: str = "cpu", **options: Any
    ) -> None:
        subject = "The weights of a slot model"
        self._network = ready(SlotNetwork(**options), weights, subject=subject, device=device)
        self._size, self._n_window = options["size"], options.get("n_window", 7)
        self._step_hz, self._device = step_hz, device

    def activations(self, stimulus: FrameClip) -> dict[str, npt.NDArray[np.float32]]:
        """``encoder`` and ``dynamics``, each (time, n_slots * n_units)."""
        streams = streams_of(stimulus, step_hz=self._step_hz, min_context=self._n_window)
        with torch.inference_mode():
            seen = self._slots(resized_frames(stimulus, size=self._size), stride=streams.frame.shape[1])
            context = seen[streams.frame[: streams.n_context]]
            ahead = self._network.rollout(context[-1], len(streams.frame) - streams.n_context)
            dynamics = streams.joined(torch.cat([context, ahead]))
        return {
            name: slots.flatten(1).cpu().numpy()
            for name, slots in (("encoder", seen), ("dynamics", dynamics))
        }

    def _slots(self, frames: torch.Tensor, *, stride: int) -> torch.Tensor:
        """Slots of each frame's window in its stream; before the clip is its first frame."""
        lags = stride * np.arange(self._n_window - 1, -1, -1)
        window = np.maximum(np.arange(len(frames))[:, None] - lags, 0)
        parts = np.array_split(window, -(-len(window) // _BATCH_FRAMES))
        return torch.cat([self._network(frames[part].to(self._device)) for part in parts])


class PixelModel:
    """A pixel-wise predictor, rolled out from the end of the context; its predicted frames are seen again.

    Layers: ``encoder``, latents of the true frames of the context, then of the predicted frames;
    ``dynamics``, latents of the frame predictor, and ``decoder``, frames, as each network defines them in the
    context, then predicted.

    Parameters
    ----------
    weights, device : mapping of str to tensor, str
        The network's state and the device it runs on; see :func:`~innerscore.candidates.weights.ready`.
    network : {"svg-lp", "fitvid"}
        Kind of network.
    step_hz : float
        Frames per second that it learned.
    size : int, default=64
        Height and width of the frames that it sees.
    n_context : int, default=7
        Frames of context that there are at least.
    seed : int, default=0
        Seed of the noise, together with the clip.
    **options
        Options of the network.
    """

    def __init__(
        self,
        *,
        weights: Mapping[str, torch.Tensor],
        network: str,
        step_hz: float,
        size: int = 64,
        n_context: int = 7,
        seed: int = 0,
        device: str = "cpu",
        **options: Any,
    ) -> None:
        subject = f"The weights of the predictor '{network}'"
        self._network = ready(make_pixel_network(network, **options), weights, subject=subject, device=device)
        self._size, self._step_hz, self._n_context = size, step_hz, n_context
        self._seed, self._device = seed, device

    def activations(self, stimulus: FrameClip) -> dict[str, npt.NDArray[np.float32]]:
        """``encoder`` and ``dynamics``, each (time, n_latent), and ``decoder`` (time, 768)."""
        streams = streams_of(stimulus, step_hz=self._step_hz, min_context=self._n_context)
        context = resized_frames(stimulus, size=self._size)[streams.frame[: streams.n_context]]
        noise = self._noise(stimulus, len(streams.frame)).expand(-1, context.shape[1], -1)
        with torch.inference_mode():
            imagined = self._network.imagine(context.to(self._device), noise.to(self._device))
            layers = {name: streams.joined(values) for name, values in _layers(imagined).items()}
        return {name: values.flatten(1).cpu().numpy() for name, values in layers.items()}

    def _noise(self, clip: FrameClip, n_steps: int) -> torch.Tensor:
        """One draw a step, of shape (n_steps, 1, n_noise): all streams of a clip imagine the same future."""
        seed = child_seed(self._seed, "video", clip.content_hash)
        return torch.randn(n_steps, 1, self._network.n_noise, generator=torch.Generator().manual_seed(seed))


def _layers(imagined: Imagined) -> dict[str, torch.Tensor]:
    frames = imagined.frames
    small = torch.nn.functional.adaptive_avg_pool2d(frames.flatten(0, 1), _DECODED_SIZE)
    return {
        "encoder": imagined.encoder,
        "dynamics": imagined.dynamics,
        "decoder": small.view(*frames.shape[:2], *small.shape[1:]),
    }
