"""The libraries that have networks, by the word before the colon; each is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from .described import Described
from .names import HubName

__all__ = ["described", "network"]


def described(name: HubName, *, offline: bool) -> Described:
    """A network as its library knows it, before its weights are there.

    Parameters
    ----------
    name : HubName
        Name of the network.
    offline : bool
        Whether nothing may be fetched.

    Raises
    ------
    MissingPartError
        If the library's extra, or the network, is missing.
    UnknownNameError
        If the library has no network of that name.
    InvalidDataError
        If it is none that can be shown frames.
    """
    from . import hf_models, packaged_models, timm_models, torchvision_models

    of_source = {
        "timm": timm_models.described,
        "torchvision": torchvision_models.described,
        "hf": hf_models.described,
        "packaged": packaged_models.described,
    }
    return of_source[name.source](name.name, offline=offline)


def network(source: str, architecture: Mapping[str, Any]) -> nn.Module:
    """The network of a description's architecture, with weights as drawn; global random numbers stay as they are.

    Parameters
    ----------
    source : {"timm", "torchvision", "hf", "packaged"}
        Library that builds it.
    architecture : mapping
        As :class:`~innerscore.candidates.hub.described.Described` has it.
    """
    from . import hf_models, packaged_models, timm_models, torchvision_models

    of_source = {
        "timm": timm_models.network,
        "torchvision": torchvision_models.network,
        "hf": hf_models.network,
        "packaged": packaged_models.network,
    }
    with torch.random.fork_rng(devices=[]):
        return of_source[source](architecture).eval()
