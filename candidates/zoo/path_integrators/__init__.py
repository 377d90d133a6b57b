"""Networks trained to integrate their path: Sorscher's, Nayebi's, Banino's and Cueva & Wei's, at laptop size."""

from .candidate import PathIntegrator

__all__ = ["PathIntegrator"]
