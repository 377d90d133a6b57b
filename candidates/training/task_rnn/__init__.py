"""Training of the recurrent networks on Mental-Pong."""

from .recipes import recipes

__all__ = ["recipes"]
