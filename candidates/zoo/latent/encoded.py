"""Predictors of latents over a network of another library: components of its features, and dynamics on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ....core.errors import InvalidArgumentError
from ....core.stimuli import FrameClip
from ....tasks.bouncing_shapes import RATE_HZ
from ...frame_preparation import Preparation
from ...hub.candidate import reader
from ...hub.packaged_models import packaged_weights
from ...hub.sources import network as hub_network
from ...torch_adapter import TorchCandidate
from ...weights import load_into, ready
from .candidate import predicted_layers
from .network import changing_dynamics

__all__ = ["N_COMPONENTS", "EncodedNetwork", "EncodedPredictor", "feature_reader"]

N_COMPONENTS = 64

_LAYER = "features"
_MOST_FEATURES = 8192
_PREFIX = "encoder."


class EncodedNetwork(nn.Module):
    """All that is trained or fitted over an encoder that is not: a projection of its features, and dynamics.

    Parameters
    ----------
    n_features : int
        Number of features of the encoder.
    dynamics : {"lstm", "ctrnn", "none", "carried-lstm"}
        Kind of dynamics.
    """

    mean: torch.Tensor
    components: torch.Tensor

    def __init__(self, n_features: int, dynamics: str) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("components", torch.zeros(n_features, N_COMPONENTS))
        self.dynamics = changing_dynamics(dynamics, N_COMPONENTS)

    def latents(self, features: torch.Tensor) -> torch.Tensor:
        """Latents (n, N_COMPONENTS) of features (n, n_features): principal components of variance 1."""
        return (features - self.mean) @ self.components


class EncodedPredictor:
    """A frozen network of another library with dynamics over its features, rolled out from the end of the context.

    Parameters
    ----------
    weights : mapping of str to tensor
        State of :class:`EncodedNetwork`, and of the encoder with ``encoder.`` before its names; an encoder whose
        weights a package holds is read from there.
    encoder : mapping
        Its ``source``, ``architecture``, ``layer`` and ``preparation``, as on the card of the network itself.
    dynamics : {"lstm", "ctrnn", "none", "carried-lstm"}
        Kind of dynamics.
    device : str, default="cpu"
        Device it runs on.

    Raises
    ------
    MissingPartError
        If the library or the package with the weights is not installed.
    InvalidDataError
        If the weights are of another architecture.
    """

    def __init__(
        self,
        *,
        weights: Mapping[str, torch.Tensor],
        encoder: Mapping[str, Any],
        dynamics: str,
        device: str = "cpu",
    ) -> None:
        frozen = {n.removeprefix(_PREFIX): t for n, t in weights.items() if n.startswith(_PREFIX)}
        own = {name: tensor for name, tensor in weights.items() if not name.startswith(_PREFIX)}
        self._features = feature_reader(encoder, frozen, device=device)
        network = EncodedNetwork(len(own["mean"]) if "mean" in own else 0, dynamics)
        self._network = ready(network, own, subject=f"The weights of dynamics '{dynamics}'", device=device)
        self._device = device

    def activations(self, stimulus: FrameClip) -> dict[str, npt.NDArray[np.float32]]:
        """``encoder``: the latent of each frame; ``dynamics``: the same in the context, then the predicted.

        Each of shape (time, 64). Dynamics "carried-lstm" have a layer ``state``, (time, 256), as well.
        """
        features = torch.as_tensor(self._features.activations(stimulus)[_LAYER]).to(self._device)
        with torch.inference_mode():
            latents = self._network.latents(features)
            layers = predicted_layers(latents, stimulus, self._network.dynamics, step_hz=RATE_HZ)
        return {name: values.cpu().numpy() for name, values in {"encoder": latents, **layers}.items()}


def feature_reader(
    encoder: Mapping[str, Any], weights: Mapping[str, torch.Tensor], *, device: str
) -> TorchCandidate:
    """The adapter by which an encoder gives its layer ``features``.

    Parameters
    ----------
    encoder : mapping
        As for :class:`EncodedPredictor`.
    weights : mapping of str to tensor
        The encoder's whole state; empty for one whose weights a package holds.
    device : str
        Device it runs on.

    Raises
    ------
    InvalidArgumentError
        If there are neither weights nor a package with them.
    MissingPartError, InvalidDataError
        As for :class:`EncodedPredictor`.
    """
    source = encoder["source"]
    if not weights and source != "packaged":
        raise InvalidArgumentError("The encoder's weights", got="none", needed="in the file of weights")
    built = hub_network(source, encoder["architecture"])
    load_into(built, weights or packaged_weights(), subject=f"The weights of the encoder of {source}")
    return reader(
        built,
        {_LAYER: encoder["layer"]},
        Preparation(**encoder["preparation"]),
        source=source,
        n_frames=0,
        device=device,
        most_units=_MOST_FEATURES,
    )
