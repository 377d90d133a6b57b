"""Arrays as they come in: masked entries are never taken for the numbers that lie under the mask.

``numpy.asarray`` drops the mask of a masked array, and netCDF4 returns masked arrays. Whatever comes from outside
passes through :func:`plain_array` instead.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import InnerscoreError, InvalidArgumentError

__all__ = ["plain_array"]

# numpy has no types for masked arrays.
_masked: Any = np.ma


def plain_array(
    subject: str,
    value: object,
    *,
    dtype: npt.DTypeLike | None = None,
    missing_as_nan: bool = False,
    error: type[InnerscoreError] = InvalidArgumentError,
) -> npt.NDArray[Any]:
    """An array without a mask: as by ``numpy.asarray``, with masked entries refused or turned into NaN.

    Parameters
    ----------
    subject : str
        What the value is, for the message.
    value : array-like
        An array, a masked array, or what numpy makes an array of; a list may hold masked arrays.
    dtype : dtype, optional
        To convert to.
    missing_as_nan : bool, default=False
        Whether NaN stands for a missing value here: masked numbers then become NaN (integers become floats).
        Otherwise they are refused, as are masked truth values and texts always.
    error : type of InnerscoreError, default=InvalidArgumentError
        What is raised.

    Returns
    -------
    array : numpy.ndarray
        Of the base class; shares memory with `value` where that is possible.

    Raises
    ------
    InnerscoreError
        Of the kind `error`, if an entry is masked and NaN is not allowed.
    """
    array = _stacked(value) if _holds_masks(value) else value
    if not isinstance(array, _masked.MaskedArray):
        return np.asarray(array, dtype=dtype)
    n_masked = int(_masked.count_masked(array))
    if not n_masked:
        return np.asarray(array.data, dtype=dtype)
    if not missing_as_nan or array.dtype.kind not in "fiu":
        raise error(
            subject,
            got=f"a masked array, {n_masked} of {array.size} entries masked",
            needed="without masked entries",
            hint="Leave out the samples or targets that have masked entries; a mask stands for values that "
            "are not there.",
        )
    numbers = array if array.dtype.kind == "f" else array.astype(np.float64)
    return np.asarray(numbers.filled(np.nan), dtype=dtype)


def _holds_masks(value: object) -> bool:
    """Whether a list holds masked arrays, at whatever depth."""
    return isinstance(value, list | tuple) and any(
        isinstance(item, _masked.MaskedArray) or _holds_masks(item) for item in value
    )


def _stacked(value: Any) -> Any:
    """A list that holds masked arrays as one masked array."""
    return _masked.stack([_stacked(item) if _holds_masks(item) else _masked.asarray(item) for item in value])
