"""Candidates: the activation interface, adapters, and the zoo of built-in ones."""

from .interface import load_candidate, registry
from .loaded import Candidate, LoadedCandidate
from .torch_adapter import TorchCandidate

__all__ = [
    "Candidate",
    "LoadedCandidate",
    "TorchCandidate",
    "load_candidate",
    "registry",
]
