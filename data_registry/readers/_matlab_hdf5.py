"""MATLAB's version 7.3 on HDF5: each class as MATLAB lays it out, for :mod:`.matlab_structs`.

Axes are reversed. Text is kept as codes, cells as references, an empty array as its shape, complex numbers as
records, an array of structs as a group of references, a sparse matrix as a group of its columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_matrix

from ...core.errors import InvalidDataError
from ...core.hdf5_links import refuse_outside_parts

__all__ = ["read_hdf5"]

_MOST_DEPTH = 50
_EMPTY: dict[str, npt.DTypeLike] = {"cell": object, "struct": object, "single": np.float32}
_INTEGERS = {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
_CODES = 2  # how MATLAB says that integers are characters

Array = npt.NDArray[Any]


def read_hdf5(path: Path, names: Sequence[str]) -> dict[str, Any]:
    """Read some variables: structs as dictionaries, cells and arrays of structs as object arrays."""
    import h5py  # only files of version 7.3 need it

    refuse_outside_parts(path, kind="MATLAB file")
    with h5py.File(path, "r") as file:
        reader = _Reader(path, h5py, file)
        return {name: reader.read(file[name]) for name in names if name in file}


@dataclass
class _Reader:
    """A reading of one file, each object once, whichever cells refer to it."""

    path: Path
    h5py: Any
    file: Any
    known: dict[int, Any] = field(default_factory=dict)
    within: list[int] = field(default_factory=list)

    def read(self, item: Any) -> Any:
        address = int(self.h5py.h5o.get_info(item.id).addr)
        if address not in self.known:
            with self._inside(address):
                self.known[address] = self._value(item)
        return self.known[address]

    @contextmanager
    def _inside(self, address: int) -> Iterator[None]:
        if address in self.within or len(self.within) > _MOST_DEPTH:
            got = "a cell that contains itself" if address in self.within else "cells in cells without end"
            raise InvalidDataError(f"The file {self.path}", got=got, needed="of cells that come to an end")
        self.within.append(address)
        yield
        self.within.pop()

    def _value(self, item: Any) -> Any:
        kind = _text_attribute(item, "MATLAB_class")
        if "MATLAB_object_decode" in item.attrs or kind == "function_handle":
            raise _no_plain_values(self.path, item.name, kind)
        if "MATLAB_sparse" in item.attrs:
            return self._sparse(item)
        if isinstance(item, self.h5py.Group):
            return self._struct(item)
        if item.attrs.get("MATLAB_empty", 0):
            return _empty(np.ravel(item[()]), kind)
        if self.h5py.check_ref_dtype(item.dtype) is not None:
            return self._cells(item)
        return _numbers_or_text(item, kind)

    def _struct(self, group: Any) -> Any:
        """A dictionary, or of an array of structs, whose fields are references, an array of them."""
        if not len(group) or not all(self._is_of_many(group[name]) for name in group):
            return {name: self.read(group[name]) for name in group}
        shape = group[next(iter(group))].shape[::-1]
        columns = {name: [self.read(self.file[one]) for one in _references(group[name])] for name in group}
        rows = zip(*columns.values(), strict=True)
        return _objects([dict(zip(columns, row, strict=True)) for row in rows], shape)

    def _is_of_many(self, item: Any) -> bool:
        """Whether a field holds references to values and not, as a cell array does, says that it is one."""
        dataset = isinstance(item, self.h5py.Dataset) and "MATLAB_class" not in item.attrs
        return dataset and self.h5py.check_ref_dtype(item.dtype) is not None

    def _cells(self, item: Any) -> Any:
        return _objects([self.read(self.file[one]) for one in _references(item)], item.shape[::-1])

    def _sparse(self, group: Any) -> Array:
        starts = np.asarray(group["jc"])
        rows = np.asarray(group["ir"]) if "ir" in group else np.zeros(0, dtype=int)
        values = np.asarray(group["data"]) if "data" in group else np.zeros(0)
        shape = (int(group.attrs["MATLAB_sparse"]), len(starts) - 1)
        matrix: Any = csc_matrix((_complex(values), rows.astype(int), starts.astype(int)), shape=shape)
        matrix.check_format()
        return np.asarray(matrix.toarray())


def _no_plain_values(path: Path, name: str, kind: str) -> InvalidDataError:
    return InvalidDataError(
        f"The variable '{name.removeprefix('/')}' of {path}",
        got=f"a MATLAB object of class '{kind or 'unknown'}'",
        needed="numbers, logicals, characters, cells or structs",
        hint="Convert it in MATLAB first: a string by cellstr, a table by table2struct.",
    )


def _references(item: Any) -> list[Any]:
    return list(np.asarray(item[()], dtype=object).T.ravel())


def _text_attribute(item: Any, name: str) -> str:
    value = item.attrs.get(name, b"")
    return value.decode() if isinstance(value, bytes) else str(value)


def _empty(shape: Array, kind: str) -> Array:
    """An array without values; of text there is no row, as of a file of version 5."""
    sides = tuple(int(side) for side in shape)
    if kind == "char":
        return np.zeros(0, dtype="<U1")
    if np.prod(sides, dtype=float) != 0:
        raise ValueError(f"an empty array of shape {sides}")
    return np.zeros(sides, dtype=_EMPTY.get(kind) or (kind if kind in _INTEGERS else np.float64))


def _numbers_or_text(item: Any, kind: str) -> Any:
    values = _complex(np.asarray(item[()]).T)
    is_text = kind == "char" or (not kind and item.attrs.get("MATLAB_int_decode") == _CODES)
    return _text(values) if is_text else values


def _complex(values: Array) -> Array:
    if values.dtype.names != ("real", "imag"):
        return values
    return np.asarray(values["real"] + 1j * values["imag"])


def _text(codes: Array) -> Array:
    """Rows of codes of UTF-16 as texts."""
    rows = np.ascontiguousarray(codes, dtype="<u2").reshape(-1, codes.shape[-1])
    texts = [row.tobytes().decode("utf-16-le") for row in rows]
    return np.array(texts, dtype=str).reshape(codes.shape[:-1])


def _objects(values: list[Any], shape: tuple[int, ...]) -> Any:
    """An object array; a single value stands without it."""
    if len(values) == 1:
        return values[0]
    array = np.empty(len(values), dtype=object)
    for place, value in enumerate(values):
        array[place] = value
    return array.reshape(shape)
