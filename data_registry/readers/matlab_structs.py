"""Reading nested structs out of MATLAB files, of version 5 and of version 7.3 (HDF5), as nested dictionaries.

The same content gives equal values in both: arrays of MATLAB's shape, a text for each row of characters, object
arrays of cells and of structs, and without its array what is single.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.io import loadmat, whosmat
from scipy.io.matlab import MatReadError, mat_struct, matfile_version

from ...core.errors import InvalidDataError
from ._matlab_hdf5 import read_hdf5

__all__ = ["matlab_names", "read_matlab"]

_HDF5 = 2


def read_matlab(path: Path, names: Sequence[str]) -> dict[str, Any]:
    """Read some variables of a MATLAB file; structs become dictionaries.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    names : sequence of str
        Variables wanted. Those that the file does not have are left out.

    Raises
    ------
    InvalidDataError
        If the file is no MATLAB file, or is truncated.
    """
    with _whole(path):
        if matfile_version(str(path))[0] == _HDF5:
            return read_hdf5(path, names)
        content = loadmat(path, variable_names=list(names), struct_as_record=False)
    return {name: _plain(content[name]) for name in names if name in content}


def matlab_names(path: Path) -> list[str]:
    """Names of the variables of a MATLAB file before version 7.3; raises as :func:`read_matlab` does."""
    with _whole(path):
        return [name for name, _shape, _kind in whosmat(path)]


@contextmanager
def _whole(path: Path) -> Iterator[None]:
    """Say of a file that cannot be read that it is damaged."""
    try:
        yield
    except _DAMAGE as error:
        raise InvalidDataError(
            f"The file {path}", got=f"damaged ({error})", needed="a whole MATLAB file"
        ) from error


# What scipy and h5py raise over a truncated or altered file.
_DAMAGE = (
    MatReadError,
    zlib.error,
    ValueError,
    TypeError,
    OSError,
    KeyError,
    IndexError,
    EOFError,
    MemoryError,
)


def _plain(value: Any) -> Any:
    """Structs as dictionaries; MATLAB keeps a single one, or a single cell, as an array of one."""
    if isinstance(value, np.ndarray) and value.dtype == object:
        return _plain(value.item()) if value.size == 1 else _each_plain(value)
    if isinstance(value, mat_struct):
        return {name: _plain(getattr(value, name)) for name in _field_names(value)}
    dense = getattr(value, "toarray", None)  # of a sparse matrix
    return value if dense is None else dense()


def _each_plain(values: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    plain = np.empty_like(values)
    for place in np.ndindex(values.shape):
        plain[place] = _plain(values[place])
    return plain


def _field_names(struct: Any) -> list[str]:
    names: list[str] = struct._fieldnames
    return names
