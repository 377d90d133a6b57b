"""Vision networks of transformers, from the Hugging Face hub or a folder that transformers saved."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ...core.errors import InvalidDataError
from ...core.extras import imported
from ..frame_preparation import IMAGENET_COLOURS, Preparation
from .described import Described, fetch_errors, unknown_name
from .timm_models import hub_access

__all__ = ["described", "network"]

_INPUTS = ("pixel_values", "pixel_values_videos")
_MODES = {0: "nearest", 2: "bilinear", 3: "bicubic"}  # Pillow's numbers
# Words for people, of which a card needs none.
_LEFT_OUT = ("id2label", "label2id", "_name_or_path", "architectures", "transformers_version")


def described(name: str, *, offline: bool) -> Described:
    """A vision network ``OWNER/NAME`` of the hub, or in a folder; code that comes with one is never run.

    Raises
    ------
    MissingPartError
        If the extra `hf` or the network is missing.
    UnknownNameError
        If there is no such network.
    InvalidDataError
        If it does not take images or clips, or transformers has no code for it.
    """
    transformers = imported("transformers", extra="hf")
    place = str(Path(name).expanduser()) if name.startswith(("/", ".", "~")) else name
    if (place != name and not Path(place).is_dir()) or (
        name.startswith(("/", ".")) and not Path(name).is_dir()
    ):
        raise unknown_name("hf", name)
    with fetch_errors("hf", name, offline=offline), hub_access(offline=offline):
        config = transformers.AutoConfig.from_pretrained(place, trust_remote_code=False)
        shown = _shown(transformers, place)
    told = {key: value for key, value in config.to_dict().items() if key not in _LEFT_OUT}
    architecture = {"config": json.loads(json.dumps(told, default=str))}
    with torch.device("meta"):
        _part(_of_config(transformers, architecture), name)
    vision = getattr(config, "vision_config", config)
    return Described(
        library=f"transformers {transformers.__version__}",
        architecture=architecture,
        preparation=_preparation(shown, vision),
        weights=lambda: _weights(transformers, place, name, offline=offline),
        n_frames=_n_frames(vision),
        url=None if Path(place).is_dir() else f"https://huggingface.co/{name}",
    )


def network(architecture: Mapping[str, Any]) -> nn.Module:
    """The network, with weights as drawn; of one of images and words, the part that sees."""
    return _part(_of_config(imported("transformers", extra="hf"), architecture), "")


def _of_config(transformers: Any, architecture: Mapping[str, Any]) -> nn.Module:
    told = dict(architecture["config"])
    config = transformers.AutoConfig.for_model(told.pop("model_type"), **told)
    built: nn.Module = transformers.AutoModel.from_config(config, dtype=torch.float32)
    return built


def _part(model: Any, name: str) -> nn.Module:
    """The part of a model that sees: all of it, or its `vision_model`."""
    seeing: nn.Module = getattr(model, "vision_model", model)
    kind = getattr(seeing, "main_input_name", None)
    if kind not in _INPUTS:
        raise InvalidDataError(
            f"The network hf:{name}", got=f"one of '{kind}'", needed="one of images or clips"
        )
    return seeing


def _n_frames(vision: Any) -> int:
    """Frames of a clip, for networks of clips."""
    found = getattr(vision, "num_frames", None) or getattr(vision, "frames_per_clip", None)
    return int(found) if found else 0


def _shown(transformers: Any, place: str) -> dict[str, Any]:
    """What the network's processor does to images, as its file says; empty without one."""
    for file in ("video_preprocessor_config.json", "preprocessor_config.json"):
        path = transformers.utils.cached_file(
            place,
            file,
            _raise_exceptions_for_missing_entries=False,
            _raise_exceptions_for_connection_errors=False,
        )
        if path is not None:
            return dict(json.loads(Path(path).read_text()))
    return {}


def _preparation(shown: Mapping[str, Any], vision: Any) -> Preparation:
    size = shown.get("crop_size") if shown.get("do_center_crop") else shown.get("size")
    height, width = _sides(size or getattr(vision, "image_size", None) or getattr(vision, "crop_size", 224))
    mean, deviation = (
        (shown.get("image_mean", IMAGENET_COLOURS[0]), shown.get("image_std", IMAGENET_COLOURS[1]))
        if shown.get("do_normalize", True)
        else ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    )
    mode = _MODES.get(int(shown.get("resample", 2)), "bicubic")
    return Preparation(height, width, None, mode, tuple(mean), tuple(deviation))


def _sides(size: Any) -> tuple[int, int]:
    """Height and width of the processor's `size`: a number, or a mapping that has one or both sides."""
    if isinstance(size, Mapping):
        short = size.get("shortest_edge", 224)
        return int(size.get("height", short)), int(size.get("width", short))
    if isinstance(size, list | tuple):
        return int(size[0]), int(size[1])
    return int(size), int(size)


def _weights(transformers: Any, place: str, name: str, *, offline: bool) -> Mapping[str, torch.Tensor]:
    """The whole state; a checkpoint that leaves part of it as drawn is none of this architecture."""
    with torch.random.fork_rng(devices=[]), hub_access(offline=offline):
        # A pooler that a checkpoint leaves out is drawn, and its weights are hashed, too.
        torch.manual_seed(0)
        model, loaded = transformers.AutoModel.from_pretrained(
            place,
            trust_remote_code=False,
            dtype=torch.float32,
            output_loading_info=True,
            ignore_mismatched_sizes=True,
        )
    part = _part(model, name)
    own = set(part.state_dict())
    drawn_keys = [*loaded["missing_keys"], *(key for key, *_ in loaded["mismatched_keys"])]
    drawn = sorted({str(key).removeprefix("vision_model.") for key in drawn_keys} & own)
    if unset := [key for key in drawn if "pooler" not in key]:
        raise InvalidDataError(
            f"The weights of hf:{name}",
            got=f"without, or of another shape, {unset[:5]}, {len(unset)} in all",
            needed="the whole state of the network that its configuration names",
            hint="These weights are of another architecture.",
        )
    return part.state_dict()
