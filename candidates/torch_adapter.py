"""An adapter that makes any torch module with named layers a candidate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ..core.errors import ActivationError, InvalidArgumentError, did_you_mean
from ..core.stimuli import FrameClip, Stimulus

__all__ = ["TorchCandidate", "called_once", "resized_frames"]

# Frames on both sides of a batch's edge that are compared, and the relative difference that batch sizes make.
_MEMORY_FRAMES = 8
_ROUNDING = 1e-3
_MOST_NAMES = 40

Values = dict[str, npt.NDArray[np.float32]]


class TorchCandidate:
    """A torch module read out at named layers, frame by frame or a whole clip at a time.

    Parameters
    ----------
    module : torch.nn.Module
        Takes a batch of frames (batch, 3, height, width), float32; or, with `whole_clip`, a batch of clips
        (batch, time, 3, height, width).
    layers : mapping of str to str, or sequence of str
        Names on the board to names in ``module.named_modules()``; a sequence uses the same names for both. Of a
        layer that runs several times, ``"name@1"`` is the second call.
    preprocess : callable, optional
        ``FrameClip -> tensor of shape (time, 3, height, width)``; default: values in [0, 1] at 64 x 64.
    device : str, default="cpu"
        Device the module runs on.
    batch_frames : int, default=256
        Frames at a time. A module with memory from frame to frame needs `whole_clip`: its state would be lost
        from one batch to the next, which is found and refused. With `whole_clip`, clips of one length are shown
        together up to so many frames, and a longer clip by itself; none is ever cut.
    whole_clip : bool, default=False
        Whether the module is given all frames of a clip at once.
    reduce : callable, optional
        Maps a layer's outputs (n, ...) to (n, units); default: they are flattened.

    Raises
    ------
    InvalidArgumentError
        If the module has no layer of a given name.

    Notes
    -----
    Outputs are copied when the layer gives them, so that an in-place operation after it does not change them. Of a
    tuple or a mapping the first entry is taken: of nn.GRU and nn.LSTM the outputs, of their cells the hidden state.
    With `whole_clip`, a layer may give (batch, time, ...), (time, batch, ...) or (batch * time, ...), or run once a
    step and give (batch, ...) each time. Clips are shown together only as long as that gives what showing them one
    by one does.

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
        reduce: Callable[[torch.Tensor], torch.Tensor] | None = None,
    ) -> None:
        self._layers = dict(layers) if isinstance(layers, Mapping) else {name: name for name in layers}
        _check_layers(module, self._layers)
        self._module = module.to(device).eval()
        self._preprocess = preprocess or resized_frames
        self._device = device
        self._batch_frames = batch_frames
        self._whole_clip = whole_clip
        self._reduce = reduce or _flattened
        self._together: bool | None = None  # not tried yet

    def activations(self, stimulus: Stimulus) -> Values:
        """Each layer's output for each frame: {layer: (time, units)}.

        Raises
        ------
        ActivationError
            If a layer runs never, or several times for a batch and no call is named, does not give a real tensor
            with an entry a frame, or remembers frames across batches.
        """
        frames = self.prepared(stimulus)
        if self._whole_clip:
            return {layer: value[0] for layer, value in self._run(frames[None], n_lead=2).items()}
        parts = [self._run(batch) for batch in torch.split(frames, self._batch_frames)]
        if len(parts) > 1:
            self._check_memory(frames, parts[1])
        return {layer: np.concatenate([part[layer] for part in parts]) for layer in self._layers}

    def activations_batch(self, stimuli: Sequence[Stimulus]) -> list[Values]:
        """As :meth:`activations` for each of several stimuli, in their order."""
        if not self._whole_clip:
            return [self.activations(stimulus) for stimulus in stimuli]
        clips = [(place, self.prepared(stimulus)) for place, stimulus in enumerate(stimuli)]
        clips.sort(key=lambda clip: clip[1].shape)
        found: dict[int, Values] = {}
        for shape, group in groupby(clips, key=lambda clip: clip[1].shape):
            same = list(group)
            for together in _batches(len(same), shape[0], self._batch_frames):
                some = same[together]
                shown = self._shown(torch.stack([frames for _, frames in some]))
                found |= dict(zip([place for place, _ in some], shown, strict=True))
        return [found[place] for place in range(len(stimuli))]

    def _shown(self, clips: torch.Tensor) -> list[Values]:
        """Values of clips (n, time, ...): together, if that gave the first batch's last one as it is alone."""
        if len(clips) > 1 and self._together is not False:
            together = self._run(clips, n_lead=2)
            if self._together is None:
                last = self._run(clips[-1:], n_lead=2)
                self._together = all(_alike(together[layer][-1], last[layer][0]) for layer in self._layers)
            if self._together:
                return [{layer: values[k] for layer, values in together.items()} for k in range(len(clips))]
        alone = [self._run(clip[None], n_lead=2) for clip in clips]
        return [{layer: values[0] for layer, values in one.items()} for one in alone]

    def prepared(self, stimulus: Stimulus) -> torch.Tensor:
        """The frames as the module is given them, on the CPU."""
        if not isinstance(stimulus, FrameClip):
            raise InvalidArgumentError(
                "The 'stimulus' parameter", got=type(stimulus).__name__, needed="a FrameClip"
            )
        return self._preprocess(stimulus)

    def _run(self, batch: torch.Tensor, *, n_lead: int = 1) -> Values:
        """Values of each layer of shape (*lead, units), where lead are the batch's first dimensions."""
        lead = tuple(batch.shape[:n_lead])
        with torch.inference_mode():
            with _recorded(self._module, set(self._layers.values())) as calls:
                self._module(batch.to(self._device))
            return {
                layer: self._values(layer, _meant(name, calls[name]), lead)
                for layer, name in self._layers.items()
            }

    def _values(self, layer: str, calls: list[object], lead: tuple[int, ...]) -> npt.NDArray[np.float32]:
        output = _output(layer, calls, lead)
        flat = self._reduce(output.flatten(0, len(lead) - 1))
        return flat.reshape(*lead, -1).float().cpu().numpy()

    def _check_memory(self, frames: torch.Tensor, second: Values) -> None:
        """Show the second batch's first frames together with those before: a layer with memory differs."""
        start, n = self._batch_frames, min(_MEMORY_FRAMES, self._batch_frames)
        across = self._run(frames[start - n : start + n])
        for layer, values in across.items():
            if not _alike(values[n:], second[layer][:n]):
                raise ActivationError(
                    f"Layer '{layer}'",
                    got=f"memory of earlier frames, which is lost every {start} frames (batch_frames)",
                    needed="independent of the frames before, or given the whole clip",
                    hint="With 'whole_clip=True' the module is given (batch, time, 3, height, width).",
                )


def resized_frames(clip: FrameClip, *, size: int = 64) -> torch.Tensor:
    """Frames as a tensor (time, 3, size, size) in [0, 1], averaged over areas where they shrink."""
    frames = torch.tensor(clip.frames).permute(0, 3, 1, 2).float() / 255
    if frames.shape[-2:] == (size, size):
        return frames
    return nn.functional.interpolate(frames, size=(size, size), mode="area")


def called_once(module: nn.Module, names: Sequence[str], batch: torch.Tensor) -> list[str]:
    """The names, in their order, of layers that run once for a batch and give a real tensor with an entry each."""
    with torch.inference_mode(), _recorded(module, set(names)) as calls:
        module(batch)
    return [name for name in names if len(calls[name]) == 1 and _fits(calls[name][0], len(batch))]


def _fits(output: object, n: int) -> bool:
    return isinstance(output, torch.Tensor) and not output.is_complex() and output.shape[:1] == (n,)


def _batches(n_clips: int, n_steps: int, batch_frames: int) -> Iterator[slice]:
    """Clips of each batch; never as many as steps, so that (batch, time) and (time, batch) are distinct."""
    size, start = max(1, batch_frames // n_steps), 0
    while start < n_clips:
        n = min(size, n_clips - start)
        stop = start + (n - 1 if n == n_steps > 1 else n)
        yield slice(start, stop)
        start = stop


def _alike(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> bool:
    return bool(np.abs(one - other).max(initial=0.0) <= _ROUNDING * np.abs(other).max(initial=0.0))


def _flattened(output: torch.Tensor) -> torch.Tensor:
    return output.flatten(1)


@contextmanager
def _recorded(module: nn.Module, names: set[str]) -> Iterator[dict[str, list[object]]]:
    """Record copies of the outputs of named calls during the block, by forward hooks that are removed after it."""
    calls: dict[str, list[object]] = {name: [] for name in names}
    modules = dict(module.named_modules())

    def keep(name: str) -> Callable[[nn.Module, object, object], None]:
        return lambda _module, _inputs, output: calls[name].append(_kept(output))

    handles = [modules[_module_name(name)].register_forward_hook(keep(name)) for name in names]
    try:
        yield calls
    finally:
        for handle in handles:
            handle.remove()


def _kept(output: object) -> object:
    """A copy of an output, or of the first entry of several."""
    while isinstance(output, Mapping | tuple | list) and output:
        output = next(iter(output.values() if isinstance(output, Mapping) else output))
    return output.clone() if isinstance(output, torch.Tensor) else output


def _module_name(name: str) -> str:
    return name.partition("@")[0]


def _meant(name: str, calls: list[object]) -> list[object]:
    """Of a layer's calls, the one that its name tells, or all."""
    _, at, number = name.partition("@")
    return calls[int(number) : int(number) + 1] if at else calls


def _output(layer: str, calls: list[object], lead: tuple[int, ...]) -> torch.Tensor:
    """What a layer gave, with the leading dimensions (batch,) or (batch, time)."""
    tensors = [_real_tensor(layer, output) for output in calls]
    arranged = _arranged(tensors, lead)
    if arranged is not None:
        return arranged
    if len(tensors) == 1:
        raise ActivationError(
            f"Layer '{layer}'",
            got=f"{tensors[0].dtype} of shape {tuple(tensors[0].shape)}",
            needed=f"its first dimensions {lead}",
        )
    steps = f", or {lead[1]} times, once a step" if len(lead) == 2 else ""
    raise ActivationError(
        f"Layer '{layer}'",
        got=f"run {len(calls)} times for one batch",
        needed=f"run once{steps}, so that it is clear which output is meant",
        hint="Name the call, as in 'name@0' for the first, or a layer that runs once, such as the one around it. "
        "A layer that never runs has no values.",
    )


def _real_tensor(layer: str, output: object) -> torch.Tensor:
    if isinstance(output, torch.Tensor) and not output.is_complex():
        return output
    got = str(output.dtype) if isinstance(output, torch.Tensor) else type(output).__name__
    raise ActivationError(
        f"Layer '{layer}'",
        got=f"an output of type {got}",
        needed="a real tensor, or several of which the first is one",
        hint="Wrap the layer in a module whose forward returns the tensor that is meant.",
    )


def _arranged(tensors: Sequence[torch.Tensor], lead: tuple[int, ...]) -> torch.Tensor | None:
    """The outputs of a layer's calls as one tensor with the leading dimensions; None if they do not fit."""
    if len(lead) == 2 and len(tensors) == lead[1] > 1:
        return (
            torch.stack(list(tensors), dim=1) if all(one.shape[:1] == lead[:1] for one in tensors) else None
        )
    if len(tensors) != 1:
        return None
    if tuple(tensors[0].shape[: len(lead)]) == lead:
        return tensors[0]
    return _of_clips(tensors[0], lead) if len(lead) == 2 else None


def _of_clips(output: torch.Tensor, lead: tuple[int, ...]) -> torch.Tensor | None:
    """An output for clips that has both dimensions in one, the steps first, or clips of one step alone."""
    n_clips, n_steps = lead
    shape = tuple(output.shape)
    if shape[0] == n_clips * n_steps:
        return output.reshape(*lead, *shape[1:])
    return output.transpose(0, 1) if shape[:2] == (n_steps, n_clips) else None


def _check_layers(module: nn.Module, layers: Mapping[str, str]) -> None:
    known = [name for name, _ in module.named_modules() if name]
    unknown = sorted({name for name in layers.values() if not _is_call_of(name, known)})
    if unknown:
        outer = [name for name in known if len(known) <= _MOST_NAMES or name.count(".") < 2][:_MOST_NAMES]
        raise InvalidArgumentError(
            "The 'layers' parameter",
            got=f"{unknown}",
            needed=f"names of the module's layers, of which {len(known)} are known, among them {outer}",
            hint=did_you_mean(unknown[0], known),
        )


def _is_call_of(name: str, known: Sequence[str]) -> bool:
    layer, _, call = name.partition("@")
    return (layer in known or not layer) and (call.isdigit() or "@" not in name)
