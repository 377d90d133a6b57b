"""Training by separation, invariance and capacity."""

from .recipes import recipes

__all__ = ["recipes"]
