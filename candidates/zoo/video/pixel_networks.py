"""The pixel-wise predictors by name."""

from __future__ import annotations

from typing import Any

from ....core.errors import InvalidArgumentError
from .fitvid_network import FitVidNetwork
from .svg_network import SVGNetwork

__all__ = ["make_pixel_network"]

_NETWORKS: dict[str, type[SVGNetwork] | type[FitVidNetwork]] = {"svg-lp": SVGNetwork, "fitvid": FitVidNetwork}


def make_pixel_network(network: str, **options: Any) -> SVGNetwork | FitVidNetwork:
    """Build one; its options are those of its class."""
    if network not in _NETWORKS:
        raise InvalidArgumentError(
            "The 'network' parameter", got=repr(network), needed=f"one of {tuple(_NETWORKS)}"
        )
    return _NETWORKS[network](**options)
