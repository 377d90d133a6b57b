"""Image networks of timm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import torch
from torch import nn

from ...core.errors import InvalidDataError
from ...core.extras import imported
from ..frame_preparation import Preparation
from .described import Described, fetch_errors, is_reachable, unknown_name

__all__ = ["described", "hub_access", "network"]


def described(name: str, *, offline: bool) -> Described:
    """A network of timm by its name there, ``hf-hub:OWNER/NAME``, or a folder that timm saved.

    Raises
    ------
    MissingPartError
        If the extra `timm` or the network is missing.
    UnknownNameError
        If timm has no such network, or no weights for it.
    InvalidDataError
        If it takes anything else than three colours.
    """
    timm = imported("timm", extra="timm")
    with fetch_errors("timm", name, offline=offline), hub_access(offline=offline):
        architecture, facts = _found(timm, name)
    colours = facts.get("input_size", (3, 224, 224))[0]
    if colours != 3:
        raise InvalidDataError(f"The network timm:{name}", got=f"{colours} colours", needed="a network of 3")
    return Described(
        library=f"timm {timm.__version__}",
        architecture=architecture,
        preparation=_preparation(facts),
        weights=lambda: _weights(timm, name, offline=offline),
        licence=facts.get("license") or Described.licence,
        citation=_citation(facts),
        url=facts.get("origin_url"),
    )


def network(architecture: Mapping[str, Any]) -> nn.Module:
    """The network, with weights as drawn."""
    timm = imported("timm", extra="timm")
    built: nn.Module = timm.create_model(
        architecture["name"], pretrained=False, **architecture.get("arguments", {})
    )
    return built


def _found(timm: Any, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """How the network is built, and what timm knows of its weights."""
    scheme, colon, place = _schemed(name).partition(":")
    if colon:
        hub = timm.models._hub
        if scheme == "local-dir" and not (Path(place) / "config.json").is_file():
            raise unknown_name("timm", name)
        load = hub.load_model_config_from_path if scheme == "local-dir" else hub.load_model_config_from_hf
        facts, architecture, arguments = load(place)
        return {"name": architecture, "arguments": dict(arguments or {})}, dict(facts)
    known = timm.list_pretrained()
    facts = (
        timm.get_pretrained_cfg(name) if name in known or (timm.is_model(name) and "." not in name) else None
    )
    if facts is None or not facts.has_weights:
        raise unknown_name("timm", name, known)
    full_name = f"{facts.architecture}.{facts.tag}" if facts.tag else facts.architecture
    return {"name": full_name}, facts.to_dict()


def _schemed(name: str) -> str:
    """A folder's path with timm's own word for one before it."""
    return f"local-dir:{Path(name).expanduser()}" if name.startswith(("/", ".", "~")) else name


def _weights(timm: Any, name: str, *, offline: bool) -> Mapping[str, torch.Tensor]:
    with torch.random.fork_rng(devices=[]), hub_access(offline=offline):
        made: nn.Module = timm.create_model(_schemed(name), pretrained=True)
    return made.state_dict()


@contextmanager
def hub_access(*, offline: bool) -> Iterator[None]:
    """Let the hub's library use the files that it fetched before alone, where it may not or cannot fetch others."""
    constants = imported("huggingface_hub", extra="hf").constants
    before = constants.HF_HUB_OFFLINE
    host = urlsplit(constants.ENDPOINT).hostname or ""
    constants.HF_HUB_OFFLINE = before or offline or not is_reachable(host)
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


def _preparation(facts: Mapping[str, Any]) -> Preparation:
    _, height, width = facts.get("input_size", (3, 224, 224))
    mode = str(facts.get("interpolation", "bicubic"))
    return Preparation(
        height, width, None, mode if mode in ("bilinear", "nearest") else "bicubic", *_colours(facts)
    )


def _colours(facts: Mapping[str, Any]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    default = Preparation(1, 1)
    return tuple(facts.get("mean", default.mean)), tuple(facts.get("std", default.deviation))


def _citation(facts: Mapping[str, Any]) -> str:
    papers = facts.get("paper_ids") or ()
    return ", ".join([papers] if isinstance(papers, str) else papers)
