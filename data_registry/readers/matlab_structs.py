"""Reading nested structs out of MATLAB files, of version 5 and of version 7.3 (HDF5), as nested dictionaries.

Version 7.3 keeps arrays with their axes reversed; they are turned round here, so that both versions give the same.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import loadmat
from scipy.io.matlab import MatReadError, mat_struct, matfile_version

from ...core.errors import InvalidDataError
from ...core.hdf5_links import refuse_outside_parts

__all__ = ["read_matlab"]

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
    try:
        if matfile_version(str(path))[0] == _HDF5:
            return _read_hdf5(path, names)
        content = loadmat(path, variable_names=list(names), struct_as_record=False)
    except _DAMAGE as error:
        raise InvalidDataError(
            f"The file {path}", got=f"damaged ({error})", needed="a whole MATLAB file"
        ) from error
    return {name: _plain(content[name]) for name in names if name in content}


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
    """Structs, which MATLAB keeps as arrays of one, as dictionaries."""
    if isinstance(value, np.ndarray) and value.dtype == object and value.size == 1:
        value = value.item()
    if isinstance(value, mat_struct):
        return {name: _plain(getattr(value, name)) for name in _field_names(value)}
    return value


def _field_names(struct: Any) -> list[str]:
    names: list[str] = struct._fieldnames
    return names


def _read_hdf5(path: Path, names: Sequence[str]) -> dict[str, Any]:
    import h5py  # only files of version 7.3 need it

    refuse_outside_parts(path, kind="MATLAB file")
    with h5py.File(path, "r") as file:
        return {name: _from_hdf5(file[name]) for name in names if name in file}


def _from_hdf5(item: Any) -> Any:
    if hasattr(item, "keys"):
        return {name: _from_hdf5(item[name]) for name in item}
    return np.asarray(item).T
