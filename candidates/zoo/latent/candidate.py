"""A trained predictor of latents as a candidate."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ....core.stimuli import FrameClip
from ....tasks.bouncing_shapes import RATE_HZ
from ...streams import streams_of
from ...torch_adapter import resized_frames
from ...weights import ready
from .carried import CarriedDynamics
from .network import FRAME_SIZE, WINDOW, LatentNetwork, rolled_out

__all__ = ["LatentPredictor", "predicted_layers"]


class LatentPredictor:
    """A frozen encoder with dynamics, rolled out from the end of a clip's context.

    Parameters
    ----------
    weights, device : mapping of str to tensor, str
        The network's state and the device it runs on; see :func:`~innerscore.candidates.weights.ready`.
    encoder : {"selfsup", "static", "random"}
        Kind of encoder.
    dynamics : {"lstm", "ctrnn", "none", "carried-lstm"}
        Kind of dynamics.
    """

    def __init__(
        self, *, weights: Mapping[str, torch.Tensor], encoder: str, dynamics: str, device: str = "cpu"
    ) -> None:
        subject = f"The weights of encoder '{encoder}' with dynamics '{dynamics}'"
        self._network = ready(LatentNetwork(encoder, dynamics), weights, subject=subject, device=device)
        self._device = device

    def activations(self, stimulus: FrameClip) -> dict[str, npt.NDArray[np.float32]]:
        """``encoder``: the latent of each frame; ``dynamics``: the same in the context, then the predicted.

        Each of shape (time, 128). Dynamics "carried-lstm" have a layer ``state``, (time, 256), as well.
        """
        frames = resized_frames(stimulus, size=FRAME_SIZE).to(self._device)
        with torch.inference_mode():
            latents = self._network.encoder(frames)
            layers = predicted_layers(latents, stimulus, self._network.dynamics, step_hz=RATE_HZ)
        return {name: values.cpu().numpy() for name, values in {"encoder": latents, **layers}.items()}


def predicted_layers(
    latents: torch.Tensor, clip: FrameClip, dynamics: nn.Module, *, step_hz: float
) -> dict[str, torch.Tensor]:
    """Latents of a clip's context, and from its end on those that the dynamics predict without seeing more.

    Parameters
    ----------
    latents : tensor of shape (n_frames, n_latents)
        Latents of all frames; those after the context are not used.
    clip : FrameClip
        The clip that the frames are from.
    dynamics : torch.nn.Module
        Maps a window (n, WINDOW, n_latents) to the next latent, or carries its state over the clip.
    step_hz : float
        Steps per second that the dynamics learned.

    Returns
    -------
    layers : dict
        ``dynamics``, of shape (n_frames, n_latents); of dynamics that carry their state ``state`` too, of shape
        (n_frames, n_units).
    """
    streams = streams_of(clip, step_hz=step_hz, min_context=WINDOW)
    context = latents[torch.as_tensor(streams.frame[: streams.n_context])]
    seen = context.transpose(0, 1)
    n_steps = len(streams.frame) - streams.n_context
    predicted = rolled_out(dynamics, seen, n_steps).transpose(0, 1)
    layers = {"dynamics": streams.joined(torch.cat([context, predicted]))}
    if isinstance(dynamics, CarriedDynamics):
        layers["state"] = streams.joined(dynamics(seen, n_steps)[1].transpose(0, 1))
    return layers
