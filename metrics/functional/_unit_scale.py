"""Bring numbers of any unit and offset to about 1, by a power of two, which changes no digit of them."""

from __future__ import annotations

import numpy as np
import torch

__all__ = ["from_first", "unit_of"]


def unit_of(values: torch.Tensor, *, by_column: bool = False) -> torch.Tensor:
    """The power of two that brings the largest range of a column into [0.5, 1), or the range of each column.

    As near as the dtype can hold; 1 where nothing varies. Shape () or (n_columns,).
    """
    least, most = torch.aminmax(values, dim=0)
    # Of halves, as the range of the largest numbers a dtype holds is none.
    half_range = most / 2 - least / 2
    return _power_of_two(half_range if by_column else half_range.amax())


def from_first(values: torch.Tensor, unit: torch.Tensor) -> torch.Tensor:
    """Rows less the first one, in units: exactly 0 where a column does not vary, with any offset."""
    scaled = values * unit
    return scaled - scaled[0]


def _power_of_two(half_range: torch.Tensor) -> torch.Tensor:
    largest = int(np.frexp(torch.finfo(half_range.dtype).max)[1]) - 2
    exponent = 1 + np.frexp(half_range.cpu().numpy())[1]
    exponent = np.where(half_range.cpu().numpy() > 0, exponent, 0).clip(-largest, largest)
    return torch.as_tensor(np.ldexp(1.0, -exponent)).to(half_range)
