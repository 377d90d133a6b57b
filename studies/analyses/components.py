"""Variance of states along their principal components."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["component_shares"]

Array = npt.NDArray[np.float64]


def component_shares(states: Array) -> Array:
    """Share of the variance of each principal component of states (n_samples, n_units), in falling order."""
    squares = np.linalg.svd(states - states.mean(axis=0), compute_uv=False) ** 2
    return np.asarray(squares / squares.sum())
