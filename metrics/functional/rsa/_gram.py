"""Products of all pairs of rows, the upper triangle only, a band of rows at a time.

A full product of rows computes every pair twice and keeps both; by bands it costs half the work, and no
more memory than one band in addition to the result.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

__all__ = ["condense", "n_pairs_of", "upper_bands"]

_BAND_ROWS = 256


def n_pairs_of(n_states: int) -> int:
    """Number of pairs of different states."""
    return n_states * (n_states - 1) // 2


def upper_bands(rows: torch.Tensor) -> Iterator[tuple[int, torch.Tensor]]:
    """Yield ``(start, rows[start:stop] @ rows[start:].T)`` until all pairs of rows are covered."""
    for start in range(0, len(rows), _BAND_ROWS):
        yield start, rows[start : start + _BAND_ROWS] @ rows[start:].T


def condense(band: torch.Tensor, start: int, n_states: int, out: torch.Tensor) -> None:
    """Write a band's strict upper triangle to its place in a condensed vector (scipy's order of pairs)."""
    for row in range(len(band)):
        state = start + row
        n_later = n_states - 1 - state
        first = n_pairs_of(n_states) - n_pairs_of(n_states - state)
        out[first : first + n_later] = band[row, row + 1 :]
