"""Training of networks that integrate their path."""

from .recipes import recipes

__all__ = ["recipes"]
