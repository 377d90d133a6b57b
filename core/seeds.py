"""One seed a run, named children per component, so that parts draw independently and repeatably."""

from __future__ import annotations

import hashlib

import numpy as np

__all__ = ["child_seed", "generator"]


def child_seed(seed: int, *names: str) -> int:
    """Derive the seed of a named component from the seed of the run.

    The child depends on the names alone, not on the number of children requested before, so adding a
    component changes no other one's numbers.

    Parameters
    ----------
    seed : int
        The run's seed, 0 or more.
    *names : str
        The component's path, for instance ``"SimulatedDMFC", "spikes"``.

    Returns
    -------
    child : int
        Child seed in [0, 2**63).

    Examples
    --------
    >>> child_seed(0, "spikes") == child_seed(0, "spikes")
    True
    """
    text = "\x1f".join([str(int(seed)), *names])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator(seed: int, *names: str) -> np.random.Generator:
    """Return the numpy generator of a named component; see :func:`child_seed`."""
    return np.random.default_rng(child_seed(seed, *names))
