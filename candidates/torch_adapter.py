"""An adapter that makes any torch module with named layers a candidate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ..core.errors import InvalidArgumentError
from ..core.stimuli import FrameClip, Stimulus

__all__ = ["TorchCandidate", "resized_frames"]


class TorchCandidate:
    """A torch module read out at named layers, frame by frame.

    Parameters
    ----------
    module : torch.nn.Module
        Takes a batch of frames (batch, 3, height, width), float32.
    layers : mapping of str to str, or sequence of str
        Names on the board to names in ``module.named_modules()``; a sequence uses the same names for both.
    preprocess : callable, optional
        ``FrameClip -> tensor of shape (time, 3, height, width)``; default: values in [0, 1] at 64 x 64.
    device : str, default="cpu"
        Device the module runs on.
    batch_frames : int, default=256
        Frames at a time.

    Raises
    ------
    InvalidArgumentError
        If the module has no layer of a given name.

    Examples
    --------
    >>> net = nn.Sequential(nn.Conv2d(3, 8, 5), nn.ReLU())
    >>> candidate = TorchCandidate(net, {"relu": "1"})
    """

    def __init__(
        self,
        module: nn.Module,
        layers: Mapping[str, str] | Sequence[str],
        *,
        preprocess: Callable[[FrameClip], torch.Tensor] | None = None,
        device: str = "cpu",
        batch_frames: int = 256,
    ) -> None:
        self._layers = dict(layers) if isinstance(layers, Mapping) else {name: name for name in layers}
        _check_layers(module, self._layers)
        self._module = module.to(device).eval()
        self._preprocess = preprocess or resized_frames
        self._device = device
        self._batch_frames = batch_frames

    def activations(self, stimulus: Stimulus) -> dict[str, npt.NDArray[np.float32]]:
        """Each layer's output for each frame, flattened: {layer: (time, units)}."""
        if not isinstance(stimulus, FrameClip):
            raise InvalidArgumentError(
                "The 'stimulus' parameter", got=type(stimulus).__name__, needed="a FrameClip"
            )
        frames = self._preprocess(stimulus)
        batches = torch.split(frames, self._batch_frames)
        parts = [self._run(batch) for batch in batches]
        return {layer: np.concatenate([part[layer] for part in parts]) for layer in self._layers}

    def _run(self, batch: torch.Tensor) -> dict[str, npt.NDArray[np.float32]]:
        with torch.inference_mode(), _recorded(self._module, self._layers) as outputs:
            self._module(batch.to(self._device))
        return {layer: output.flatten(1).float().cpu().numpy() for layer, output in outputs.items()}


def resized_frames(clip: FrameClip, *, size: int = 64) -> torch.Tensor:
    """Frames as a tensor (time, 3, size, size) in [0, 1], averaged over areas where they shrink."""
    frames = torch.tensor(clip.frames).permute(0, 3, 1, 2).float() / 255
    if frames.shape[-2:] == (size, size):
        return frames
    return nn.functional.interpolate(frames, size=(size, size), mode="area")


@contextmanager
def _recorded(module: nn.Module, layers: Mapping[str, str]) -> Iterator[dict[str, torch.Tensor]]:
    """Record the outputs of named layers during the block, by forward hooks that are removed after it."""
    outputs: dict[str, torch.Tensor] = {}
    modules = dict(module.named_modules())

    def keep(layer: str) -> Callable[[nn.Module, object, torch.Tensor], None]:
        return lambda _module, _inputs, output: outputs.__setitem__(layer, output)

    handles = [modules[name].register_forward_hook(keep(layer)) for layer, name in layers.items()]
    try:
        yield outputs
    finally:
        for handle in handles:
            handle.remove()


def _check_layers(module: nn.Module, layers: Mapping[str, str]) -> None:
    known = {name for name, _ in module.named_modules()}
    unknown = sorted(set(layers.values()) - known)
    if unknown:
        raise InvalidArgumentError(
            "The 'layers' parameter",
            got=f"{unknown}",
            needed=f"names of the module's layers, among {sorted(known - {''})}",
        )
