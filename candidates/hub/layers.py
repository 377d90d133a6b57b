"""Which layers of a network are read where nobody named any, and how maps and tokens become units."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import torch
from torch import nn

from ...core.errors import CandidateError
from ..torch_adapter import called_once

__all__ = ["MAX_UNITS", "RULE", "chosen_layers", "pooled"]

#: Most units that a layer has after pooling.
MAX_UNITS = 4096

RULE = (
    "of the outermost repeated blocks (three or more of one class side by side, the group with most parameters), "
    "those at a quarter, a half, three quarters and the end"
)

_MOST_SIDE = 4
_MOST_PREFIX = 8  # class and register tokens before the tokens of an image's patches


def chosen_layers(network: nn.Module, batch: torch.Tensor) -> list[str]:
    """The layers that the rule chooses.

    Parameters
    ----------
    network : torch.nn.Module
        The network.
    batch : tensor
        What it is shown in a trial: only layers that run once and give a tensor can be chosen.

    Raises
    ------
    CandidateError
        If no layer fits.
    """
    for names in (_blocks(network), _with_weights(network)):
        usable = called_once(network, names, batch)
        if usable:
            return [usable[place] for place in _spread(len(usable))]
    raise CandidateError(
        "The network",
        got="no layer that runs once and gives a tensor",
        needed="one with such layers",
        hint="Name layers by --layers.",
    )


def pooled(output: torch.Tensor, n_frames: int = 0, most_units: int = MAX_UNITS) -> torch.Tensor:
    """A layer's outputs as units: maps and tokens averaged over the cells of a grid.

    Parameters
    ----------
    output : tensor
        Maps (n, channels, side, side), (n, side, side, channels) or with time, (n, channels, time, side, side);
        tokens (n, tokens, channels); or (n, units).
    n_frames : int, default=0
        Frames of the clip that it is of; 0 for a single image.
    most_units : int, default=4096
        Most units that may come of it.

    Returns
    -------
    units : tensor of shape (n, units)
        Averages over the finest grid of at most 4 x 4 cells with which there are at most `most_units` units;
        before them the class token, where there is one. Of several times the last is taken. Tokens that lie in no
        square grid are averaged.
    """
    if output.ndim == 3:
        return _pooled_tokens(_last_time(output, n_frames), most_units)
    if output.ndim == 5:
        output = output[:, :, -1]
    if output.ndim == 4:
        channels_last = output.shape[1] == output.shape[2] != output.shape[3]
        return _pooled_maps(output.permute(0, 3, 1, 2) if channels_last else output, most_units)
    return output.flatten(1)


def _last_time(tokens: torch.Tensor, n_frames: int) -> torch.Tensor:
    """Of the tokens of a clip, time by time a square grid of them, those of the last time."""
    n_tokens = tokens.shape[1]
    for n_times in (n for n in (n_frames, n_frames // 2, n_frames // 4) if n > 1):
        side = round((n_tokens / n_times) ** 0.5)
        if side * side * n_times == n_tokens:
            return tokens[:, -side * side :]
    return tokens


def _pooled_maps(maps: torch.Tensor, most_units: int) -> torch.Tensor:
    channels, height, width = maps.shape[1:]
    side = next((s for s in range(_MOST_SIDE, 1, -1) if s * s * channels <= most_units), 1)
    grid = (min(side, height), min(side, width))
    return nn.functional.adaptive_avg_pool2d(maps, grid).flatten(1)


def _pooled_tokens(tokens: torch.Tensor, most_units: int) -> torch.Tensor:
    n_tokens, channels = tokens.shape[1:]
    sides = {n: round((n_tokens - n) ** 0.5) for n in range(min(_MOST_PREFIX, n_tokens - 1) + 1)}
    n_prefix = next((n for n, side in sides.items() if side * side == n_tokens - n), None)
    if n_prefix is None:
        return tokens.mean(dim=1)
    side = sides[n_prefix]
    maps = tokens[:, n_prefix:].transpose(1, 2).reshape(-1, channels, side, side)
    first = tokens[:, : min(n_prefix, 1)].flatten(1)
    return torch.cat([first, _pooled_maps(maps, most_units - first.shape[1])], dim=1)


def _spread(n: int) -> list[int]:
    """The places at a quarter, a half, three quarters and the end of n."""
    return sorted({-(-quarter * n // 4) - 1 for quarter in (1, 2, 3, 4)})


def _blocks(network: nn.Module) -> list[str]:
    """Names of the outermost repeated blocks; level by level, so that blocks in blocks are not taken."""
    level = [("", network)]
    while level:
        groups = [group for name, module in level for group in _groups(name, module)]
        if groups:
            largest = max(groups, key=_n_weights_of)
            return list(largest)
        level = [
            (_joined(name, child), inner)
            for name, module in level
            for child, inner in module.named_children()
        ]
    return []


def _joined(name: str, child: str) -> str:
    return f"{name}.{child}" if name else child


def _n_weights_of(group: dict[str, nn.Module]) -> int:
    return sum(_n_weights(module) for module in group.values())


def _groups(name: str, module: nn.Module) -> list[dict[str, nn.Module]]:
    """Groups of three or more children of one class that have parts and weights, by their full names."""
    parts = {
        _joined(name, child): inner
        for child, inner in module.named_children()
        if any(True for _ in inner.children()) and _n_weights(inner)
    }
    counts = Counter(type(part) for part in parts.values())
    return [
        {name: part for name, part in parts.items() if type(part) is kind}
        for kind, count in counts.items()
        if count >= 3
    ]


def _with_weights(network: nn.Module) -> Sequence[str]:
    """Names of the innermost modules with weights."""
    return [
        name
        for name, module in network.named_modules()
        if name and not any(True for _ in module.children()) and _n_weights(module)
    ]


def _n_weights(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
