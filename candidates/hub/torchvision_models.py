"""Image and video networks of torchvision."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ...core.errors import MissingPartError
from ...core.extras import imported
from ..frame_preparation import Preparation
from .described import Described, unknown_name

__all__ = ["described", "network"]

_VIDEO_FRAMES = 16


def described(name: str, *, offline: bool) -> Described:
    """A network of torchvision: ``NAME`` with its default weights, or ``NAME.WEIGHTS``.

    Raises
    ------
    MissingPartError
        If the extra `torchvision` is missing, or the weights may not be fetched.
    UnknownNameError
        If torchvision has no such network, or no such weights of it.
    """
    models = imported("torchvision.models", extra="torchvision")
    model, _, tag = name.partition(".")
    known = [*models.list_models(module=models), *models.list_models(module=models.video)]
    if model not in known:
        raise unknown_name("torchvision", name, known)
    kinds = {kind.name: kind for kind in models.get_model_weights(model)}
    if tag and tag not in kinds:
        raise unknown_name("torchvision", name, [f"{model}.{kind}" for kind in kinds])
    weights = kinds[tag] if tag else models.get_model_weights(model).DEFAULT
    shown, meta = weights.transforms(), weights.meta
    is_video = model in models.list_models(module=models.video)
    return Described(
        library=f"torchvision {imported('torchvision', extra='torchvision').__version__}",
        architecture={"name": model, "arguments": {"num_classes": len(meta["categories"])}},
        preparation=_preparation(shown),
        weights=lambda: _weights(weights, offline=offline),
        n_frames=_VIDEO_FRAMES if is_video else 0,
        trained_on=f"{weights.name}, {len(meta['categories'])} categories",
        supervision="labels of categories",
        citation=f"torchvision, {weights}",
        url=meta.get("recipe"),
    )


def network(architecture: Mapping[str, Any]) -> nn.Module:
    """The network, with weights as drawn."""
    models = imported("torchvision.models", extra="torchvision")
    built: nn.Module = models.get_model(architecture["name"], weights=None, **architecture["arguments"])
    return built


def _preparation(shown: Any) -> Preparation:
    height, width = shown.crop_size if len(shown.crop_size) == 2 else shown.crop_size * 2
    return Preparation(height, width, None, shown.interpolation.value, tuple(shown.mean), tuple(shown.std))


def _weights(weights: Any, *, offline: bool) -> Mapping[str, torch.Tensor]:
    """The published tensors, read without running code that the file may hold."""
    file = Path(torch.hub.get_dir()) / "checkpoints" / weights.url.rpartition("/")[2]
    if offline and not file.is_file():
        raise MissingPartError(
            f"The weights {weights}",
            got=f"no {file}, and the setting 'offline' forbids to fetch it",
            needed="fetched before",
        )
    found: Mapping[str, torch.Tensor] = weights.get_state_dict(
        progress=False, check_hash=True, weights_only=True
    )
    return found
