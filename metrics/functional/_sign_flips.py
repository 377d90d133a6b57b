"""The sign-flip test on paired differences, and the weights of their units."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from ...core.errors import InvalidArgumentError
from ._splits import condition_codes

__all__ = ["check_units", "chunks", "flip_p_values", "is_exact", "unit_weights"]

# Entries of the largest temporary array: 16 MiB in float64.
_CHUNK: Final = 2**21
_ROUNDING: Final = 1e-12


def unit_weights(groups: object, n_units: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Weight of each unit in the mean over groups of means within groups, and the group of each unit."""
    if groups is None:
        return np.full(n_units, 1 / n_units), np.zeros(n_units, dtype=np.int64)
    codes = condition_codes(groups, n_units)
    sizes = np.bincount(codes)
    return 1 / (len(sizes) * sizes[codes]), codes


def flip_p_values(
    columns: npt.NDArray[np.float64], n_flips: int, generator: np.random.Generator
) -> npt.NDArray[np.float64]:
    """Two-sided p-value of each column's sum under random flips of the signs of rows."""
    n_units = len(columns)
    observed = np.abs(columns.sum(0)) - _ROUNDING * np.abs(columns).sum(0)
    exact = is_exact(n_units, n_flips)
    count = np.zeros(columns.shape[1])
    for signs in _all_signs(n_units) if exact else _random_signs(n_units, n_flips, generator):
        for chunk in chunks(columns.shape[1], len(signs)):
            count[chunk] += (np.abs(signs @ columns[:, chunk]) >= observed[chunk]).sum(0)
    return count / 2.0 ** (n_units - 1) if exact else (1 + count) / (1 + n_flips)


def is_exact(n_units: int, n_flips: int) -> bool:
    return n_units <= 30 and 2**n_units <= n_flips + 1


def _all_signs(n_units: int) -> Iterator[npt.NDArray[np.float64]]:
    """All flips but for the sign of the whole, which a two-sided test does not see."""
    numbers = np.arange(2 ** (n_units - 1))[:, None]
    yield 1.0 - 2.0 * ((numbers >> np.arange(n_units)) & 1).astype(np.float64)


def _random_signs(
    n_units: int, n_flips: int, generator: np.random.Generator
) -> Iterator[npt.NDArray[np.float64]]:
    for chunk in chunks(n_flips, n_units):
        yield (
            generator.integers(0, 2, size=(chunk.stop - chunk.start, n_units)).astype(np.float64) * 2.0 - 1.0
        )


def chunks(n: int, entries_each: int) -> Iterator[slice]:
    step = max(1, _CHUNK // entries_each)
    for start in range(0, n, step):
        yield slice(start, min(start + step, n))


def check_units(n_units: int, name: str) -> None:
    if n_units < 2:
        raise InvalidArgumentError(f"The '{name}' parameter", got="1 unit", needed="of at least 2 units")
