"""The folder of a network of another library: made once, with card and weights, then scored as any other folder.

So its identity is that of bytes: of the weights that the library fetched, as safetensors, and of the card that says
how they are used. Where the folder is there, the library's hub is not asked again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ...core.bundles import CARD_NAME
from ...core.card_files import write_card
from ...core.cards import CandidateCard, TrainedWeights, read_card
from ...core.errors import CandidateError, foreign_errors
from ...core.files import exclusive
from ...core.hashing import canonical_json, sha256_of_bytes
from ...core.identity import code_sha256, entry_of
from ...core.memory import check_memory
from ...core.settings import Settings
from ...core.stimuli import FrameClip
from ...core.whole_folder import whole_folder
from ..devices import check_device
from ..torch_adapter import TorchCandidate
from ..weights import load_into, write_weights
from .candidate import VIDEO_HZ, HubCandidate, reader
from .described import Described, fetch_errors
from .layers import MAX_UNITS, RULE, chosen_layers
from .names import EXTRAS, HubName, hub_name
from .sources import described, network

__all__ = ["hub_folder", "resolved", "with_weights"]

_WEIGHTS = "weights.safetensors"
_CODE = "candidate.py"  # a bundle's entry is a file of its own
_LIBRARIES = {"hf": "transformers", "packaged": "a package"}
_COPIES = 3  # of the weights: those read, those of the network, and the file's


def resolved(candidate: str, settings: Settings) -> str:
    """A candidate's name; for one of another library, the path of its folder.

    Raises
    ------
    InnerscoreError
        As :func:`hub_folder`.
    """
    name = hub_name(candidate)
    return candidate if name is None else str(hub_folder(name, settings))


def hub_folder(name: HubName, settings: Settings) -> Path:
    """The folder with card and weights of a network of another library, in the cache.

    It is made if it is not there: the weights are fetched by that library, checked, and the network is shown two
    frames in a trial. Nothing is left where that fails.

    Parameters
    ----------
    name : HubName
        Name of the network, with the layers to read.
    settings : Settings
        Cache folder, device, and whether nothing may be fetched.

    Raises
    ------
    UnknownNameError
        If the library has no such network.
    MissingPartError
        If an extra, the network, the device or memory enough is missing.
    InvalidInputError
        If it has no layer of a given name, takes no frames, or its weights are damaged or of another architecture.
    CandidateError
        If it cannot be shown frames, is not the same each time, or a layer does not run.
    """
    found = described(name, offline=settings.offline)
    folder = settings.cache_dir / "hub" / f"{name.identifier}-{_key(name, found)}"
    with exclusive(folder):
        if not (folder / CARD_NAME).is_file():
            _make(folder, name, found, settings)
    return folder


def with_weights(name: HubName, found: Described, settings: Settings) -> nn.Module:
    """A network with its library's weights, on the device of the settings.

    Raises
    ------
    UnknownNameError
        If the hub has no such network.
    MissingPartError
        If there is too little memory for it, no such device, no network, or nothing may be fetched.
    InvalidDataError
        If the weights are of another architecture.
    """
    check_device(settings.device, hint="Unset INNERSCORE_DEVICE to run on the processor.")
    _check_size(name, found)
    with fetch_errors(name.source, name.name, offline=settings.offline):
        weights = found.weights()
    built = network(name.source, found.architecture)
    load_into(built, weights, subject=f"The weights of {name}")
    return built.to(settings.device)


def _key(name: HubName, found: Described) -> str:
    """Hash of what the folder follows from: the name, the library, our code, and of a local folder its files."""
    files = _stamps(Path(name.name.removeprefix("local-dir:")).expanduser()) if name.is_path else []
    code = code_sha256([entry_of(HubCandidate), f"{__name__}:hub_folder"])
    described_as = [found.library, dict(found.architecture), asdict(found.preparation)]
    return sha256_of_bytes(canonical_json([str(name), described_as, files, code]))[:16]


def _stamps(folder: Path) -> list[list[str | int]]:
    return [
        [path.name, path.stat().st_size, path.stat().st_mtime_ns]
        for path in sorted(folder.glob("*"))
        if path.is_file()
    ]


def _make(folder: Path, name: HubName, found: Described, settings: Settings) -> None:
    built = with_weights(name, found, settings)
    layers = _tried_layers(name, found, built, settings.device)
    with whole_folder(folder, replaceable=()) as new:
        sha256 = write_weights(new / _WEIGHTS, built.state_dict())
        weights = TrainedWeights(file=_WEIGHTS, sha256=sha256, losses={})
        (new / _CODE).write_text(
            f"from {HubCandidate.__module__} import {HubCandidate.__name__}  # noqa: F401\n"
        )
        write_card(new / CARD_NAME, _card(name, found, layers, weights))
        read_card(new / CARD_NAME, CandidateCard)


def _check_size(name: HubName, found: Described) -> None:
    """Refuse a network that is larger than the memory, before its weights are fetched; some cannot be weighed."""
    with contextlib.suppress(RuntimeError, NotImplementedError, TypeError), torch.device("meta"):
        state = network(name.source, found.architecture).state_dict().values()
        n_bytes = sum(tensor.numel() * tensor.element_size() for tensor in state)
        check_memory(f"{name}", _COPIES * n_bytes / 2**20)


def _tried_layers(name: HubName, found: Described, built: nn.Module, device: str) -> dict[str, str]:
    """The layers to read, by their names on the board, after a trial with two frames."""
    clip = FrameClip("trial", _trial_frames(found), VIDEO_HZ, 0.1)
    with _trial_errors(name, device):
        if name.layers:
            names = list(name.layers)
        else:
            # Read at its root, the adapter prepares the frames; the rule is tried on those.
            adapter = _reader(name, found, built, {}, device)
            names = chosen_layers(built, adapter.prepared(clip).to(device))
        layers = {layer.replace("@", "-call-"): layer for layer in names}
        adapter = _reader(name, found, built, layers, device)
        first, again = adapter.activations(clip), adapter.activations(clip)
    changing = [layer for layer in layers if not np.array_equal(first[layer], again[layer])]
    if changing:
        raise CandidateError(
            f"The network {name}",
            got=f"other numbers for the same frames in layers {changing}",
            needed="the same each time",
            hint="Networks that hide parts of an image at random, as masked autoencoders do, cannot be scored so.",
        )
    return layers


def _reader(
    name: HubName, found: Described, built: nn.Module, layers: dict[str, str], device: str
) -> TorchCandidate:
    return reader(
        built, layers, found.preparation, source=name.source, n_frames=found.n_frames, device=device
    )


def _trial_frames(found: Described) -> npt.NDArray[np.uint8]:
    size = (2, found.preparation.height, found.preparation.width, 3)
    return np.random.default_rng(0).integers(0, 256, size, dtype=np.uint8)


@contextlib.contextmanager
def _trial_errors(name: HubName, device: str) -> Iterator[None]:
    elsewhere = (
        "" if device.startswith("cuda") else " It may need a GPU: INNERSCORE_DEVICE=cuda, where there is one."
    )
    with foreign_errors(
        CandidateError,
        f"The network {name}",
        needed=f"able to run on '{device}' when shown two frames",
        hint=f"'innerscore --debug ...' shows the whole traceback.{elsewhere}",
    ):
        yield


def _card(name: HubName, found: Described, layers: dict[str, str], weights: TrainedWeights) -> CandidateCard:
    wanted = found.preparation
    return CandidateCard(
        identifier=name.identifier,
        title=f"{name.name} ({name.source})"[-120:],
        description=_description(name, found),
        authors=("the authors of the weights",),
        licence=found.licence,
        citation=found.citation or f"the authors of {name.name}",
        url=found.url,
        entry=f"{_CODE}:{HubCandidate.__name__}",
        accepts=("frames",),
        layers=tuple(layers),
        model_class="video network" if found.n_frames else "image network",
        trained_on=found.trained_on,
        supervision=found.supervision,
        takes=("device",),
        extra=EXTRAS[name.source],
        options={
            "source": name.source,
            "architecture": dict(found.architecture),
            "layers": layers,
            "preparation": asdict(wanted),
            "n_frames": found.n_frames,
        },
        weights=weights,
    )


def _description(name: HubName, found: Described) -> str:
    wanted = found.preparation
    sees = (
        f"It takes clips of {found.n_frames} frames, {VIDEO_HZ:g} a second: its state at a step, each 1/8 s, is "
        "that of the clip which ends there; before the first frame the scene stood still."
        if found.n_frames
        else "It sees each frame by itself: it has no memory and foresees nothing."
    )
    return (
        f"The network {name.name} of {_LIBRARIES.get(name.source, name.source)}, with the weights that "
        f"{found.library} gave; trained by others, not here. {sees} Whole frames are resized to {wanted.height} x "
        f"{wanted.width} pixels ({wanted.mode}), without the central crop of its own evaluation, and normalised as "
        f"it was trained. Layers were chosen {'by name' if name.layers else f'by a rule: {RULE}'}. Maps and tokens "
        f"are averaged over the cells of a grid of at most 4 x 4, at most {MAX_UNITS} units a layer, the class "
        "token apart."
    )
