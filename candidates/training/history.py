"""The epochs of a training, and what follows from them: the next learning rate, the clipping norm, the end."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .recipe import Optimisation

__all__ = ["Epoch", "clip_norm", "is_over", "kept_epoch", "next_rate"]

History = tuple["Epoch", ...]


@dataclass(frozen=True)
class Epoch:
    """One pass over the training data.

    Parameters
    ----------
    loss, validation_loss : float
        Mean over the epoch's batches, and on held-out data after it.
    rate, norm : float
        The learning rate of the epoch, and the mean norm of the gradients before clipping.
    steps : int
        Updates made.
    """

    loss: float
    validation_loss: float
    rate: float
    norm: float
    steps: int


def next_rate(history: History, plan: Optimisation) -> float:
    """The learning rate of the next epoch."""
    if plan.decay_epochs:
        return plan.rate * min(1.0, (plan.max_epochs - len(history)) / plan.decay_epochs)
    if not history:
        return plan.rate
    losses = [epoch.loss for epoch in history]
    before = losses[-1 - plan.window : -1]
    if len(before) == plan.window and losses[-1] > max(before):
        return history[-1].rate * plan.factor
    streak = _improving(losses)
    return history[-1].rate / plan.factor if streak and streak % plan.window == 0 else history[-1].rate


def clip_norm(history: History, plan: Optimisation) -> float:
    """The norm that gradients of the next epoch are clipped to; that of the plan in the first."""
    norms = [epoch.norm for epoch in history[-plan.clip_window :]]
    return min(plan.clip, float(np.percentile(norms, plan.clip_percentile))) if norms else plan.clip


def kept_epoch(history: History, plan: Optimisation) -> int:
    """Number of the epoch whose weights are kept: the first of the least validation loss, or the last one."""
    if plan.decay_epochs:
        return len(history) - 1
    return int(np.argmin([epoch.validation_loss for epoch in history]))


def is_over(history: History, plan: Optimisation) -> bool:
    """Whether training stops here."""
    if not history or plan.decay_epochs:
        return len(history) >= plan.max_epochs
    waited = len(history) - 1 - kept_epoch(history, plan)
    low = next_rate(history, plan) < plan.min_rate
    return len(history) >= plan.max_epochs or waited >= plan.patience or low


def _improving(losses: list[float]) -> int:
    """Number of epochs in a row, up to the last one, each with a smaller loss than the one before."""
    worse = [k for k, (before, after) in enumerate(pairwise(losses), start=1) if not after < before]
    return len(losses) - 1 - (worse[-1] if worse else 0)
