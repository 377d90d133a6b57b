"""Candidates: the activation interface, adapters, and the zoo of built-in ones."""

from .brainscore_adapter import BrainScoreCandidate, BrainScoreSubject
from .interface import load_candidate, registry
from .loaded import Candidate, LoadedCandidate
from .torch_adapter import TorchCandidate

__all__ = [
    "BrainScoreCandidate",
    "BrainScoreSubject",
    "Candidate",
    "LoadedCandidate",
    "TorchCandidate",
    "load_candidate",
    "registry",
]
