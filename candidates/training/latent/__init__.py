"""Training of the predictors of latents."""

from .encoded import encoder_of
from .recipes import encoded_recipe, recipes

__all__ = ["encoded_recipe", "encoder_of", "recipes"]
