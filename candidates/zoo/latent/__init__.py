"""Predictors of latents (Nayebi et al. 2023): a frozen encoder of frames, and dynamics that go on without them."""

from .candidate import LatentPredictor
from .recipes import recipes

__all__ = ["LatentPredictor", "recipes"]
