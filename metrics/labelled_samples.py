"""What several measures need of a recording's samples: animals apart, repetitions in halves."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..core._brainscore import DataAssembly
from ..core.errors import InvalidArgumentError
from ..core.labelled import coordinate
from ..core.seeds import generator

__all__ = ["by_animal", "half_splits"]

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int_]


def by_animal(brain: DataAssembly) -> list[tuple[str, Array]]:
    """Each animal's responses, of shape (n_repetitions, n_samples, n_neuroids), float64."""
    animal = coordinate(brain, "animal")
    values = np.asarray(brain.values, dtype=np.float64)
    return [(str(name), values[:, :, animal == name]) for name in dict.fromkeys(animal)]


def half_splits(n_repetitions: int, n_splits: int, seed: int) -> list[tuple[Ints, Ints]]:
    """Random splits of the repetitions into halves; with an odd number the second half has one more.

    Raises
    ------
    InvalidArgumentError
        If there is one repetition only.
    """
    if n_repetitions < 2:
        raise InvalidArgumentError("The 'brain' parameter", got="1 repetition", needed="of two or more")
    rng = generator(seed, "half splits")
    orders = [rng.permutation(n_repetitions) for _ in range(n_splits)]
    middle = n_repetitions // 2
    return [(order[:middle], order[middle:]) for order in orders]
