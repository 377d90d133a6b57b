"""A trained network as a candidate."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch

from ....core.stimuli import FrameClip
from ...weights import ready
from .inputs import FRAME_SIZE, N_COMPONENTS, Components, features_of, step_frames
from .network import PongNetwork
from .outputs import channel_weights

__all__ = ["TaskRNN"]


class TaskRNN:
    """A recurrent network trained on Mental-Pong, read out at its state.

    Parameters
    ----------
    weights, device : mapping of str to tensor, str
        The network's state and the device it runs on; see :func:`~innerscore.candidates.weights.ready`.
    loss : {"mov", "vis-mov", "vis-sim-mov", "sim-mov"}
        Loss it was trained on; kept for the reader.
    cell : {"gru", "lstm"}
        Kind of recurrent layer.
    units : int
        Its size.
    inputs : {"pixel_pca", "gabor_pca"}
        Kind of inputs.
    """

    def __init__(
        self,
        *,
        weights: Mapping[str, torch.Tensor],
        loss: str,
        cell: str,
        units: int,
        inputs: str,
        device: str = "cpu",
    ) -> None:
        channel_weights(loss)
        n_features = features_of(torch.zeros(1, FRAME_SIZE, FRAME_SIZE), inputs).shape[1]
        blank = Components(torch.zeros(n_features), torch.zeros(N_COMPONENTS, n_features))
        network = PongNetwork(cell, units, blank)
        subject = f"The weights of a {cell} of {units} units on {inputs}"
        self._network = ready(network, weights, subject=subject, device=device)
        self._inputs, self._device = inputs, device

    def activations(self, stimulus: FrameClip) -> dict[str, npt.NDArray[np.float32]]:
        """``hidden`` and, for an LSTM, ``cell``, each (time, units): the state when each frame ends."""
        steps = step_frames(stimulus)
        with torch.inference_mode():
            features = features_of(steps.frames, self._inputs).to(self._device)
            states = self._network.states(self._network.components(features))
        return {name: state[steps.of_frame].cpu().numpy() for name, state in states.items()}
