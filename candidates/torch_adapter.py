"""An adapter that makes any torch module with named layers a candidate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ..core.errors import ActivationError, InvalidArgumentError
from ..core.stimuli import FrameClip, Stimulus

__all__ = ["TorchCandidate", "resized_frames"]

# Frames on both sides of a batch's edge that are compared, and the relative difference that batch sizes make.
_MEMORY_FRAMES = 8
_ROUNDING = 1e-3


class TorchCandidate:
    """A torch module read out at named layers, frame by frame or a whole clip at a time.

    Parameters
    ----------
    module : torch.nn.Module
        Takes a batch of frames (batch, 3, height, width), float32; or, with `whole_clip`, one clip
        (1, time, 3, height, width).
    layers : mapping of str to str, or sequence of str
        Names on the board to names in ``module.named_modules()``; a sequence uses the same names for both.
    preprocess : callable, optional
        ``FrameClip -> tensor of shape (time, 3, height, width)``; default: values in [0, 1] at 64 x 64.
    device : str, default="cpu"
        Device the module runs on.
    batch_frames : int, default=256
        Frames at a time. A module with memory from frame to frame needs `whole_clip`: its state would be lost
        from one batch to the next, which is found and refused.
    whole_clip : bool, default=False
        Whether the module is given all frames of a clip at once, and its layers give (1, time, ...).

    Raises
    ------
    InvalidArgumentError
        If the module has no layer of a given name.

    Notes
    -----
    Outputs are copied when the layer gives them, so that an in-place operation after it does not change them. A
    layer that runs more than once for a batch, or does not give one real tensor, is refused with an
    ActivationError.

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
        whole_clip: bool = False,
    ) -> None:
        self._layers = dict(layers) if isinstance(layers, Mapping) else {name: name for name in layers}
        _check_layers(module, self._layers)
        self._module = module.to(device).eval()
        self._preprocess = preprocess or resized_frames
        self._device = device
        self._batch_frames = batch_frames
        self._whole_clip = whole_clip

    def activations(self, stimulus: Stimulus) -> dict[str, npt.NDArray[np.float32]]:
        """Each layer's output for each frame, flattened: {layer: (time, units)}.

        Raises
        ------
        ActivationError
            If a layer runs never or more than once for a batch, does not give one real tensor with an entry a
            frame, or remembers frames across batches.
        """
        if not isinstance(stimulus, FrameClip):
            raise InvalidArgumentError(
                "The 'stimulus' parameter", got=type(stimulus).__name__, needed="a FrameClip"
            )
        frames = self._preprocess(stimulus)
        if self._whole_clip:
            return {layer: value[0] for layer, value in self._run(frames[None], keep_dims=2).items()}
        parts = [self._run(batch) for batch in torch.split(frames, self._batch_frames)]
        if len(parts) > 1:
            self._check_memory(frames, parts[1])
        return {layer: np.concatenate([part[layer] for part in parts]) for layer in self._layers}

    def _run(self, batch: torch.Tensor, *, keep_dims: int = 1) -> dict[str, npt.NDArray[np.float32]]:
        with torch.inference_mode(), _recorded(self._module, self._layers) as outputs:
            self._module(batch.to(self._device))
        return {
            layer: _only(layer, calls, tuple(batch.shape[:keep_dims])) for layer, calls in outputs.items()
        }

    def _check_memory(self, frames: torch.Tensor, second: Mapping[str, npt.NDArray[np.float32]]) -> None:
        """Show the second batch's first frames together with those before: a layer with memory differs."""
        start, n = self._batch_frames, min(_MEMORY_FRAMES, self._batch_frames)
        across = self._run(frames[start - n : start + n])
        for layer, values in across.items():
            alone = second[layer][:n]
            apart = np.abs(values[n:] - alone).max(initial=0.0)
            if apart > _ROUNDING * np.abs(alone).max(initial=0.0):
                raise ActivationError(
                    f"Layer '{layer}'",
                    got=f"memory of earlier frames, which is lost every {start} frames (batch_frames)",
                    needed="independent of the frames before, or given the whole clip",
                    hint="With 'whole_clip=True' the module is given (1, time, 3, height, width).",
                )


def resized_frames(clip: FrameClip, *, size: int = 64) -> torch.Tensor:
    """Frames as a tensor (time, 3, size, size) in [0, 1], averaged over areas where they shrink."""
    frames = torch.tensor(clip.frames).permute(0, 3, 1, 2).float() / 255
    if frames.shape[-2:] == (size, size):
        return frames
    return nn.functional.interpolate(frames, size=(size, size), mode="area")


@contextmanager
def _recorded(module: nn.Module, layers: Mapping[str, str]) -> Iterator[dict[str, list[object]]]:
    """Record copies of all outputs of named layers during the block, by forward hooks that are removed after it."""
    outputs: dict[str, list[object]] = {layer: [] for layer in layers}
    modules = dict(module.named_modules())

    def keep(layer: str) -> Callable[[nn.Module, object, object], None]:
        return lambda _module, _inputs, output: outputs[layer].append(
            output.clone() if isinstance(output, torch.Tensor) else output
        )

    handles = [modules[name].register_forward_hook(keep(layer)) for layer, name in layers.items()]
    try:
        yield outputs
    finally:
        for handle in handles:
            handle.remove()


def _only(layer: str, calls: list[object], lead: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """The output of the one call of a layer, a row for each entry of the leading dimensions."""
    if len(calls) != 1:
        raise ActivationError(
            f"Layer '{layer}'",
            got=f"run {len(calls)} times for one batch",
            needed="run once, so that it is clear which output is meant",
            hint="Name a layer that the module's forward calls once, such as the one around it; a module that is "
            "used in several places can be given a copy in each.",
        )
    output = calls[0]
    if not isinstance(output, torch.Tensor):
        raise ActivationError(
            f"Layer '{layer}'",
            got=f"an output of type {type(output).__name__}",
            needed="one tensor",
            hint="Wrap the layer in a module whose forward returns the tensor that is meant; nn.GRU and nn.LSTM "
            "return a tuple of outputs and state.",
        )
    if output.is_complex() or tuple(output.shape[: len(lead)]) != lead:
        raise ActivationError(
            f"Layer '{layer}'",
            got=f"{output.dtype} of shape {tuple(output.shape)}",
            needed=f"real, its first dimensions {lead}",
        )
    return output.reshape(*lead, -1).float().cpu().numpy()


def _check_layers(module: nn.Module, layers: Mapping[str, str]) -> None:
    known = {name for name, _ in module.named_modules()}
    unknown = sorted(set(layers.values()) - known)
    if unknown:
        raise InvalidArgumentError(
            "The 'layers' parameter",
            got=f"{unknown}",
            needed=f"names of the module's layers, among {sorted(known - {''})}",
        )
