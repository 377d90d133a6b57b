"""Self-supervised learning of space: separation, invariance, capacity (Schaeffer, Khona et al. 2023)."""

from .candidate import SelfSupervisedSpace

__all__ = ["SelfSupervisedSpace"]
