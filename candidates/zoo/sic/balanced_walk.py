"""States of paths that share their steps so evenly that no matrix has to be copied, with the gradient by hand."""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd.function import once_differentiable

__all__ = ["balanced_walk", "paths_of_each_step"]

_EPSILON = 1e-8


def paths_of_each_step(order: torch.Tensor, n_distinct: int) -> torch.Tensor | None:
    """Paths that make each distinct step at each time; None where some step is made by more of them than another.

    Parameters
    ----------
    order : int tensor of shape (n_paths, n_steps)
        Index of the step that each path makes at each time.
    n_distinct : int
        Number of distinct steps.

    Returns
    -------
    paths : int tensor of shape (n_steps, n_distinct, n_paths // n_distinct)
    """
    each, rest = divmod(len(order), n_distinct)
    if rest:
        return None
    made, paths = order.T.sort(dim=1, stable=True)
    evenly = torch.arange(n_distinct, device=order.device).repeat_interleave(each)
    return paths.reshape(-1, n_distinct, each) if bool((made == evenly).all()) else None


def balanced_walk(matrices: torch.Tensor, start: torch.Tensor, paths: torch.Tensor) -> torch.Tensor:
    r"""States :math:`g_t = \mathrm{Norm}(\mathrm{ReLU}(W_t g_{t-1}))` of all paths.

    The states are put in the order of the matrices, not the matrices in that of the states, and the gradient of a
    matrix is one product over all times: a quarter of the time and none of the copies of doing it step by step.

    Parameters
    ----------
    matrices : tensor of shape (n_distinct, units, units)
        W of each distinct step.
    start : tensor of shape (n_paths, units)
    paths : int tensor
        As from :func:`paths_of_each_step`.

    Returns
    -------
    states : tensor of shape (n_paths, n_steps + 1, units)
        The start first.
    """
    states: torch.Tensor = _BalancedWalk.apply(matrices, start, paths)  # type: ignore[no-untyped-call]
    return states.transpose(0, 1)


class _BalancedWalk(torch.autograd.Function):
    """As :func:`balanced_walk`, the times first; within, states are in the order of the matrices."""

    @staticmethod
    def forward(ctx: Any, matrices: torch.Tensor, start: torch.Tensor, paths: torch.Tensor) -> torch.Tensor:
        # A row times a matrix is several times faster than a matrix times a column.
        turned = matrices.transpose(1, 2).contiguous()
        before, after = (start.new_empty(*paths.shape, start.shape[-1]) for _ in range(2))
        lengths = start.new_empty(*paths.shape, 1)
        places = paths.flatten(1).argsort(dim=1)
        states = [start]
        for time, who in enumerate(paths):
            before[time] = states[-1][who]
            raw = torch.bmm(before[time], turned).relu_()
            torch.linalg.vector_norm(raw, dim=-1, keepdim=True, out=lengths[time]).clamp_(min=_EPSILON)
            torch.div(raw, lengths[time], out=after[time])
            states.append(after[time].flatten(0, 1)[places[time]])
        ctx.save_for_backward(matrices, before, after, lengths, paths, places)
        return torch.stack(states)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, received: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, None]:
        matrices, before, after, lengths, paths, places = ctx.saved_tensors
        shares = (after > 0) / lengths
        above = torch.empty_like(before)
        later = received[-1]
        for time in reversed(range(len(paths))):
            gradient, state = later[paths[time]], after[time]
            along = (state * gradient).sum(dim=-1, keepdim=True)
            torch.mul(torch.addcmul(gradient, state, along, value=-1), shares[time], out=above[time])
            later = received[time] + torch.bmm(above[time], matrices).flatten(0, 1)[places[time]]
        return torch.bmm(_by_step(above).transpose(1, 2), _by_step(before)), later, None


def _by_step(values: torch.Tensor) -> torch.Tensor:
    """(n_steps, n_distinct, each, units) as (n_distinct, n_steps * each, units)."""
    return values.transpose(0, 1).flatten(1, 2)
