"""An untrained convolutional network: what architecture alone gives."""

from __future__ import annotations

import torch
from torch import nn

from ...core.seeds import child_seed
from ..torch_adapter import TorchCandidate

__all__ = ["random_cnn"]

_CHANNELS = (16, 32, 64, 128)


def random_cnn(seed: int = 0, device: str = "cpu") -> TorchCandidate:
    """Four convolutional stages of stride 2 with He initialisation, each read out on a 4 x 4 or finer grid.

    Parameters
    ----------
    seed : int
        Seed of the weights.
    device : str
        Device the network runs on.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(child_seed(seed, "random-cnn") % 2**63)
        stages = nn.ModuleList(_stage(3 if k == 0 else _CHANNELS[k - 1], c) for k, c in enumerate(_CHANNELS))
    layers = {f"stage{k + 1}": f"readouts.{k}" for k in range(len(_CHANNELS))}
    return TorchCandidate(_StagedNetwork(stages), layers, device=device)


class _StagedNetwork(nn.Module):
    """Stages in a row; each one's output is averaged over a small grid so that layers stay comparable."""

    def __init__(self, stages: nn.ModuleList) -> None:
        super().__init__()
        self.stages = stages
        grids = [8 if channels <= 16 else 4 for channels in _CHANNELS]
        self.readouts = nn.ModuleList(nn.AdaptiveAvgPool2d(grid) for grid in grids)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        state = frames
        for stage, readout in zip(self.stages, self.readouts, strict=True):
            state = stage(state)
            readout(state)
        return state


def _stage(n_in: int, n_out: int) -> nn.Sequential:
    convolution = nn.Conv2d(n_in, n_out, kernel_size=5, stride=2, padding=2)
    nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
    convolution.bias = nn.Parameter(torch.zeros(n_out))
    return nn.Sequential(convolution, nn.ReLU())
