"""The parts of a training: a recipe describes it by name, and a task carries it out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

import torch
from torch import nn

from ...core.cards import CandidateCard

__all__ = ["OWN_CARD", "Optimisation", "Recipe", "Task"]

# What the cards have in common of networks that are trained here.
OWN_CARD: Mapping[str, Any] = MappingProxyType(
    {"authors": ("innerscore maintainers",), "licence": "MIT", "takes": ("device",)}
)


@dataclass(frozen=True)
class Optimisation:
    """Adam with a rate that follows the loss, clipped gradients and early stop.

    The defaults are those of the trainer of Rajalingham et al. (2022), but for the stop.

    Parameters
    ----------
    rate, epsilon : float
        Learning rate at the start, and Adam's epsilon.
    factor : float
        The rate is multiplied by it after an epoch whose loss is worse than that of each of the last
        `window` epochs, and divided by it after `window` improving epochs in a row.
    window : int
        Number of epochs.
    min_rate : float
        Training stops below this rate.
    clip_percentile, clip_window : float, int
        Gradients are clipped to this percentile of the mean norms of that many last epochs.
    max_epochs : int
        Training stops after so many.
    patience : int
        Training stops after so many epochs without a new best loss on held-out data.
    clip : float
        Gradients are never left longer than this.
    decay_epochs : int
        If more than 0, the length of training is fixed beforehand: it lasts `max_epochs`, and the weights at its
        end are kept. The rate neither follows the loss nor stops training, and falls linearly to 0 over the last
        `decay_epochs`.
    """

    rate: float = 0.1
    epsilon: float = 0.01
    factor: float = 0.95
    window: int = 5
    min_rate: float = 1e-10
    clip_percentile: float = 95.0
    clip_window: int = 128
    max_epochs: int = 1000
    patience: int = 50
    clip: float = float("inf")
    decay_epochs: int = 0


class Task(Protocol):
    """A module, what it is trained on and how it is judged.

    All of it must follow from the seed it was built with, and a batch from the number of its epoch: then a
    training that goes on from a checkpoint needs no other state than the loop's own.
    """

    @property
    def module(self) -> nn.Module:
        """The module that is trained; its whole state becomes the weights."""

    def batches(self, epoch: int) -> Iterable[Any]:
        """The batches of an epoch, 0 for the first."""

    def loss(self, batch: Any) -> torch.Tensor:
        """The loss of a batch, a scalar with gradient."""

    def validation_loss(self) -> float:
        """The loss on the data by which the best epoch is chosen."""

    def losses(self) -> Mapping[str, float]:
        """The module's present results on data used for nothing else; names state quantity and unit."""


@dataclass(frozen=True)
class Recipe:
    """A candidate's training by name.

    Parameters
    ----------
    card : CandidateCard
        The card of the candidate that comes of it, without weights; its identifier is the recipe's name.
    family : str
        Name under which all recipes of its kind are trained.
    optimisation : Optimisation
        Settings of the optimisation.
    memory_mb : float
        Memory that a process with its data, an update and the losses takes, measured on the CPU; where less is
        free, training does not begin.
    task : callable
        ``(seed, device) -> Task``; here data are made.
    frozen : callable or None
        Gives tensors that no training changes, to be kept in the file of weights beside the module's.
    """

    card: CandidateCard
    family: str
    optimisation: Optimisation
    memory_mb: float
    task: Callable[[int, str], Task]
    frozen: Callable[[], Mapping[str, torch.Tensor]] | None = None

    @property
    def name(self) -> str:
        """The name by which it is trained."""
        return self.card.identifier
