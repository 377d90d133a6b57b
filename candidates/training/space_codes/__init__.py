"""Training of codes of place: conformal isometry, actionable representations, similarity with remapping."""

from .recipes import recipes

__all__ = ["recipes"]
