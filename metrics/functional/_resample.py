"""Draws with replacement, as the number of times that each unit is drawn."""

from __future__ import annotations

import numpy as np
import torch

from ...core.errors import InvalidArgumentError

__all__ = ["check_n_resamples", "child_generators", "resample_counts"]


def child_generators(seed: int, n: int) -> list[np.random.Generator]:
    """Independent generators from one seed, the same on every device."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise InvalidArgumentError("The 'seed' parameter", got=repr(seed), needed="a whole number >= 0")
    return [np.random.default_rng(child) for child in np.random.SeedSequence(int(seed)).spawn(n)]


def resample_counts(generator: np.random.Generator, n_units: int, n_resamples: int) -> torch.Tensor:
    """Counts of each of n units in n draws with replacement: (n_resamples, n_units), float64."""
    drawn = generator.integers(n_units, size=(n_resamples, n_units))
    drawn += np.arange(n_resamples)[:, None] * n_units
    counts = np.bincount(drawn.reshape(-1), minlength=n_resamples * n_units)
    return torch.from_numpy(counts.reshape(n_resamples, n_units)).double()


def check_n_resamples(name: str, value: int) -> None:
    """Refuse a number of resamples that is not a positive whole number."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise InvalidArgumentError(f"The '{name}' parameter", got=repr(value), needed="a whole number >= 1")
