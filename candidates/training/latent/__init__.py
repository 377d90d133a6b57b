"""Training of the predictors of latents."""

from .recipes import recipes

__all__ = ["recipes"]
