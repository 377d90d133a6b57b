"""Predictors of latents (Nayebi et al. 2023): a frozen encoder of frames, and dynamics that go on without them."""

from .candidate import LatentPredictor

__all__ = ["LatentPredictor"]
