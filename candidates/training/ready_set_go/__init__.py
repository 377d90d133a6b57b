"""Training of the recurrent networks on ready-set-go."""

from .recipes import recipes

__all__ = ["recipes"]
