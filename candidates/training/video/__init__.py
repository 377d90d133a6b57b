"""Training of the predictors of video."""

from .recipes import recipes

__all__ = ["recipes"]
