"""Showing stimuli to a model, one by one or in a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from .activations import LayerValues
from .stimuli import Stimulus

__all__ = ["BatchedCandidate", "show"]


@runtime_checkable
class BatchedCandidate(Protocol):
    """A candidate that can be shown several stimuli at once; optional, for speed."""

    def activations_batch(self, stimuli: Sequence[Stimulus]) -> Sequence[Mapping[str, LayerValues]]:
        """Show several stimuli; one mapping for each, in their order."""


def show(model: Any, stimuli: Sequence[Stimulus]) -> list[object]:
    """A model's activations for stimuli, unchecked; its exceptions are passed on."""
    if isinstance(model, BatchedCandidate):
        return list(model.activations_batch(stimuli))
    return [model.activations(stimulus) for stimulus in stimuli]
