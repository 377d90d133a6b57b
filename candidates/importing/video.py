"""The published checkpoints of Nayebi et al. (2023) as candidates: C-SWM large, SVG at 128 and FitVid at 64 pixels.

The files are at huggingface.co/anayebi/mental-sim-models. Which name is which was read off the published code
and its printed architectures; the files themselves were not at hand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ...core.bundles import CARD_NAME
from ...core.card_files import write_card
from ...core.cards import CandidateCard, TrainedWeights
from ...core.hashing import sha256_of_file
from ..checkpoints import Rule, read_checkpoint, renamed
from ..training.trainer import WEIGHTS_NAME
from ..training.video.cards import published_card
from ..weights import load_into, write_weights
from ..zoo.video.fitvid_network import FitVidNetwork
from ..zoo.video.slot_network import SlotNetwork
from ..zoo.video.svg_network import SVGNetwork

__all__ = ["PUBLISHED", "Published", "import_published", "translated"]

# Every sixth frame of Physion's 30 Hz.
_STEP_HZ = 5.0


@dataclass(frozen=True)
class Published:
    """A published checkpoint.

    Parameters
    ----------
    name : str
        Name of the candidate.
    file : str
        Name of the published file.
    entry : {"SlotModel", "PixelModel"}
        Class of the candidate.
    shown : dict
        The candidate's options that are not the network's.
    build : callable
        The network's class.
    options : dict
        Options of the network at its full size.
    rules : sequence of Rule
        Renaming rules, from the published names to ours.
    """

    name: str
    file: str
    entry: str
    shown: dict[str, Any]
    build: Callable[..., nn.Module]
    options: dict[str, Any]
    rules: Sequence[Rule]


def import_published(
    published: Published, checkpoint: Path, folder: Path, *, sha256: str | None = None
) -> CandidateCard:
    """Make a candidate's folder of a published checkpoint: card and safetensors, to be scored by its path.

    Parameters
    ----------
    published : Published
        One of :data:`PUBLISHED`.
    checkpoint : pathlib.Path
        The file; safetensors, or a torch checkpoint, which is read without running code.
    folder : pathlib.Path
        Made if it is not there. Nothing is written unless the whole checkpoint fits.
    sha256 : str, optional
        Expected SHA-256 of the checkpoint.

    Raises
    ------
    InvalidDataError
        If the file is damaged, not of tensors alone, or of another architecture.
    ChecksumError, MissingPartError
        As :func:`~innerscore.candidates.checkpoints.read_checkpoint`.
    """
    tensors = translated(published, read_checkpoint(checkpoint, sha256=sha256), checkpoint)
    hash_of_weights = write_weights(folder / WEIGHTS_NAME, tensors)
    weights = TrainedWeights(file=WEIGHTS_NAME, sha256=hash_of_weights, losses={})
    options = {**published.shown, **published.options}
    card = published_card(
        published.name, published.file, sha256_of_file(checkpoint), published.entry, options, weights
    )
    write_card(folder / CARD_NAME, card)
    return card


def translated(
    published: Published, tensors: dict[str, torch.Tensor], checkpoint: Path
) -> dict[str, torch.Tensor]:
    """Tensors under our names, checked against the architecture."""
    subject = f"The checkpoint {checkpoint}"
    found = renamed(tensors, published.rules, subject=subject)
    load_into(published.build(**published.options), found, subject=subject)
    return found


def _layer(match: re.Match[str], part: str, per_layer: int, offset: int) -> str:
    """The place of a numbered layer in a row of layers."""
    return f"{part}.{per_layer * (int(match[1]) - 1) + offset}.{match[2]}"


def _slot_rules() -> tuple[Rule, ...]:
    dense = {"fc1": 0, "fc2": 2, "ln": 3, "fc3": 5}
    return (
        (r"model\.obj_extractor\.cnn(\d+)\.(\w+)", lambda match: _layer(match, "maps", 3, 0)),
        (r"model\.obj_extractor\.ln(\d+)\.(\w+)", lambda match: _layer(match, "maps", 3, 1)),
        *((rf"model\.obj_encoder\.{name}\.(\w+)", rf"slots.{place}.\1") for name, place in dense.items()),
        (r"model\.transition_model\.edge_mlp\.(.+)", r"edges.\1"),
        (r"model\.transition_model\.node_mlp\.(.+)", r"nodes.\1"),
    )


def _svg_rules(n_stages: int) -> tuple[Rule, ...]:
    last = n_stages + 1
    return (
        (rf"encoder\.c{last}\.(.+)", r"encoder.latent.\1"),
        (
            r"encoder\.c(\d)\.(\d)\.main\.(.+)",
            lambda match: f"encoder.stages.{int(match[1]) - 1}.{match[2]}.{match[3]}",
        ),
        (r"decoder\.upc1\.(.+)", r"decoder.begin.\1"),
        (rf"decoder\.upc{last}\.1\.(.+)", r"decoder.output.0.\1"),
        (
            r"decoder\.upc(\d)\.(\d)\.main\.(.+)",
            lambda match: f"decoder.stages.{last - int(match[1])}.{match[2]}.{match[3]}",
        ),
        (r"frame_predictor\.output\.(.+)", r"output.\1"),
        (r"frame_predictor\.embed\.(.+)", r"predictor.embed.\1"),
        (r"frame_predictor\.lstm\.(\d)\.(\w+)", r"predictor.lstm.\2_l\1"),
        (r"(posterior|prior)\.embed\.(.+)", r"\1.recurrence.embed.\2"),
        (r"(posterior|prior)\.lstm\.(\d)\.(\w+)", r"\1.recurrence.lstm.\3_l\2"),
        (r"(posterior|prior)\.mu_net\.(.+)", r"\1.mean.\2"),
        (r"(posterior|prior)\.logvar_net\.(.+)", r"\1.log_variance.\2"),
    )


_ENCODER_BLOCK = {
    "normalize_input": "change.0",
    "conv1": "change.2",
    "normalize_hidden": "change.3",
    "conv2": "change.5",
    r"se\.squeeze": "change.6.weight.0",
    r"se\.expand": "change.6.weight.2",
}
_DECODER_BLOCK = {
    "normalize_input": "change.0",
    "conv1": "change.1",
    "normalize_hidden1": "change.2",
    "conv2": "change.4",
    "normalize_hidden2": "change.5",
    "conv3": "change.7",
    "normalize_output": "change.8",
    r"se\.squeeze": "change.9.weight.0",
    r"se\.expand": "change.9.weight.2",
}


def _fitvid_rules(n_blocks: int) -> tuple[Rule, ...]:
    """Each stage has `n_blocks`; the first of a stage changes size, but for the decoder's coarsest stage.

    Blocks that keep their size have shortcuts in the file that are never used; so have the decoder's others,
    whose result is overwritten.
    """

    def block(side: str, part: str) -> Callable[[re.Match[str]], str]:
        return lambda match: f"{side}.blocks.{n_blocks * int(match[1]) + int(match[2])}.{part}.{match[3]}"

    heads = {"mean": "mean", "logvar": "log_variance", "embed": "recurrence.embed"}
    parts = {"frame_predictor": "predictor", "posterior": "posterior", "prior": "prior"}
    return (
        *(
            (rf"encoder\.blocks\.(\d)\.(\d)\.{old}\.(\w+)", block("encoder", new))
            for old, new in _ENCODER_BLOCK.items()
        ),
        (r"encoder\.blocks\.(\d)\.(0)\.shortcut\.(\w+)", block("encoder", "shortcut.0")),
        (r"encoder\.blocks\.(\d)\.(0)\.normalize_residual\.(\w+)", block("encoder", "shortcut.1")),
        (r"encoder\.blocks\.\d\.[1-9]\.(shortcut|normalize_residual)\.\w+", None),
        *(
            (rf"decoder\.blocks\.(\d)\.(\d)\.{old}\.(\w+)", block("decoder", new))
            for old, new in _DECODER_BLOCK.items()
        ),
        (r"decoder\.blocks\.([1-9])\.(0)\.normalize_residual\.(\w+)", block("decoder", "shortcut.0")),
        (r"decoder\.blocks\.\d\.\d\.(shortcut|normalize_residual)\.\w+", None),
        (r"encoder\.linear\.(\w+)", r"encoder.latent.\1"),
        (r"decoder\.linear\.(\w+)", r"decoder.begin.0.\1"),
        (r"decoder\.output_conv\.(\w+)", r"decoder.output.0.\1"),
        *(
            (rf"{old}\.{name}\.(\w+)", rf"{new}.{head}.\1")
            for old, new in parts.items()
            for name, head in heads.items()
        ),
        *((rf"{old}\.layers\.(\d)\.(\w+)", rf"{new}.recurrence.lstm.\2_l\1") for old, new in parts.items()),
    )


_ALL = (
    Published(
        "cswm-large-physion",
        "CSWM_large_physion.pt",
        "SlotModel",
        {"step_hz": _STEP_HZ},
        SlotNetwork,
        {
            "size": 224,
            "stages": [[3, 1, 1]] * 4,
            "n_maps": 32,
            "n_hidden": 512,
            "n_slots": 10,
            "n_units": 128,
            "n_window": 7,
        },
        _slot_rules(),
    ),
    Published(
        "svg-lp-128-physion",
        "SVG_physion_128x128.pt",
        "PixelModel",
        {"step_hz": _STEP_HZ, "network": "svg-lp", "size": 128},
        SVGNetwork,
        {"channels": [64, 128, 256, 512, 512], "convolutions": [2, 2, 3, 3, 3]},
        _svg_rules(5),
    ),
    Published(
        "fitvid-64-physion",
        "FitVid_physion_64x64.pt",
        "PixelModel",
        {"step_hz": _STEP_HZ, "network": "fitvid", "size": 64},
        FitVidNetwork,
        {"as_written": True},
        _fitvid_rules(2),
    ),
)
PUBLISHED = {published.name: published for published in _ALL}
