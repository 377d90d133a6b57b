"""Candidates: the activation interface, adapters, and the zoo of built-in ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .interface import load_candidate, registry
from .loaded import Candidate, LoadedCandidate

if TYPE_CHECKING:
    from .torch_adapter import TorchCandidate

__all__ = [
    "Candidate",
    "LoadedCandidate",
    "TorchCandidate",
    "load_candidate",
    "registry",
]


def __getattr__(name: str) -> Any:
    """Load the adapter when first asked for: reading cards need not import torch."""
    if name == "TorchCandidate":
        from .torch_adapter import TorchCandidate

        return TorchCandidate
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
