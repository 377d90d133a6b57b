"""Values brought to an ordinary size by a power of two, before squares and products leave the range of their dtype.

Multiplying by a power of two rounds nothing. `ordinary` leaves values of ordinary size as they are: to the bit, the
results are those of the values as given, wherever these have any. `unit_of` brings any range to about 1.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import torch

__all__ = [
    "from_first",
    "in_unit_of",
    "ordinary",
    "ordinary_array",
    "ordinary_with_exponent",
    "unit_of",
]

# Largest magnitudes between 2^-n and 2^n are left alone: fourth powers, summed, stay far within the range.
_ORDINARY: Final = {torch.float32: 24, torch.float64: 96}
# Powers of two within the range of the dtype, subnormal ones left out.
_LARGEST: Final = {torch.float32: 126, torch.float64: 1022}


def ordinary(x: torch.Tensor, dim: int | tuple[int, ...]) -> torch.Tensor:
    """Values divided by a power of two for each slice over `dim` (NaN left out), where their size is extreme.

    For metrics that do not depend on the unit of each slice.
    """
    return ordinary_with_exponent(x, dim)[0]


def ordinary_array(values: npt.NDArray[np.float64], axis: int) -> npt.NDArray[np.float64]:
    """As `ordinary`, of a numpy array."""
    return np.asarray(ordinary(torch.tensor(values), dim=axis).numpy())


def ordinary_with_exponent(x: torch.Tensor, dim: int | tuple[int, ...]) -> tuple[torch.Tensor, torch.Tensor]:
    """As `ordinary`, and the exponents of the powers of two, int64, broadcasting against `x`."""
    dims = (dim,) if isinstance(dim, int) else dim
    exponent = torch.frexp(_largest(x, dims)).exponent.long()
    most = _LARGEST[x.dtype]
    exponent = torch.where(exponent.abs() <= _ORDINARY[x.dtype], 0, exponent.clamp(-most, most))
    # A slice of zeros has the exponent 0.
    return (torch.ldexp(x, -exponent) if bool(exponent.any()) else x), exponent


def in_unit_of(values: torch.Tensor, exponent: torch.Tensor, power: int = 1) -> torch.Tensor:
    """Values times 2^(exponent * power), in their dtype: results of scaled arguments in the unit as given.

    What is beyond the dtype is infinite, or 0.
    """
    for _ in range(power):
        values = torch.ldexp(values, exponent) if bool(exponent.any()) else values
    return values


def _largest(x: torch.Tensor, dims: tuple[int, ...]) -> torch.Tensor:
    high, low = x.amax(dims, keepdim=True), x.amin(dims, keepdim=True)
    if bool(high.isnan().any()):
        high, low = (
            x.nan_to_num(nan=0.0).amax(dims, keepdim=True),
            x.nan_to_num(nan=0.0).amin(dims, keepdim=True),
        )
    return torch.maximum(high, -low)


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
