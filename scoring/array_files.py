"""Named arrays in npz and netCDF files, of which shape and type are known before anything is read."""

from __future__ import annotations

import lzma
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..core.activations import LayerValues, TimedValues
from ..core.arrays import plain_array
from ..core.errors import ActivationError, InnerscoreError, InvalidDataError
from ..core.hdf5_links import refuse_outside_parts
from ..core.npy import npy_header
from ..core.stimuli import Stimulus

__all__ = ["TIMES", "Entry", "layer_values", "open_arrays"]

TIMES = "@times_ms"

Array: TypeAlias = npt.NDArray[Any]

_NAME = re.compile(r"[^\x00-\x1f]+/[\w.\-]{1,80}(@times_ms)?")
_NUMBERS = "fiu"
_MOST_CHUNK_BYTES = 2**28  # HDF5 holds a whole chunk in memory to read one number of it


@dataclass(frozen=True, eq=False)
class Entry:
    """An array in a file that is open.

    Parameters
    ----------
    shape : tuple of int
        As declared.
    dtype : numpy.dtype
        A real number's.
    read : callable
        Gives the array.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    read: Callable[[], Array]

    @property
    def n_bytes(self) -> int:
        """Bytes of the array in the file, uncompressed."""
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def held_bytes(self) -> int:
        """Memory that the array takes, as it is read or as float32, whichever is more."""
        return math.prod(self.shape) * max(self.dtype.itemsize, 4)


@contextmanager
def open_arrays(path: Path) -> Iterator[Mapping[str, Entry]]:
    """Open a file of arrays named ``<stimulus>/<layer>``; entries can be read until the block ends.

    Raises
    ------
    InvalidDataError
        If it is no such file, a name is illegal or occurs twice, or an array is not of real numbers.
    """
    opener = _OPENERS.get(path.suffix.lower())
    if opener is None:
        raise InvalidDataError(f"The file {path}", got=path.suffix, needed=f"one of {', '.join(_OPENERS)}")
    try:
        with opener(path) as entries:
            yield entries
    except InnerscoreError:
        raise
    except _UNREADABLE as error:
        raise InvalidDataError(
            f"The file {path}", got=f"{type(error).__name__}: {error}", needed=f"a whole {path.suffix} file"
        ) from error


@contextmanager
def _open_npz(path: Path) -> Iterator[Mapping[str, Entry]]:
    with zipfile.ZipFile(path) as archive:
        entries: dict[str, Entry] = {}
        for member in archive.infolist():
            name = member.filename.removesuffix(".npy")
            if name == member.filename or name in entries:
                raise _illegal(path, member.filename, "arrays (.npy), each name once")
            entries[_checked_name(path, name)] = _npy_entry(path, archive, member)
        yield entries


def _npy_entry(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Entry:
    with archive.open(member) as file:
        shape, dtype = npy_header(file)

    def read() -> Array:
        with archive.open(member) as file:
            return np.asarray(np.lib.format.read_array(file, allow_pickle=False))

    entry = Entry(shape, _real(path, member.filename, dtype), read)
    # A header of numpy's takes some hundred bytes: the rest of the member has to be the array, no less.
    if member.file_size < entry.n_bytes:
        raise _illegal(
            path, member.filename, f"whole: {entry.n_bytes} bytes of numbers, not {member.file_size}"
        )
    return entry


@contextmanager
def _open_netcdf(path: Path) -> Iterator[Mapping[str, Entry]]:
    import netCDF4

    refuse_outside_parts(path)
    with netCDF4.Dataset(path) as dataset:
        dataset.set_auto_scale(False)
        yield {
            _checked_name(path, f"{group.path.strip('/')}/{name}"): _netcdf_entry(path, name, variable)
            for group in _groups(dataset)
            for name, variable in group.variables.items()
        }


def _netcdf_entry(path: Path, name: str, variable: Any) -> Entry:
    def read() -> Array:
        # What was never written has the fill value, a finite number, and comes masked.
        return plain_array(f"The array '{name}' of {path}", variable[:], error=ActivationError)

    entry = Entry(tuple(variable.shape), _real(path, name, variable.dtype), read)
    chunks = variable.chunking()
    if isinstance(chunks, list) and math.prod(chunks) * entry.dtype.itemsize > _MOST_CHUNK_BYTES:
        raise _illegal(path, name, f"in chunks of at most {_MOST_CHUNK_BYTES} bytes, not of {chunks}")
    return entry


def _groups(group: Any) -> Iterator[Any]:
    yield group
    for inner in group.groups.values():
        yield from _groups(inner)


def _checked_name(path: Path, name: str) -> str:
    if not _NAME.fullmatch(name):
        raise _illegal(path, name, "named <stimulus>/<layer>, layers of letters, digits, '_', '.' and '-'")
    return name


def _real(path: Path, name: str, dtype: Any) -> np.dtype[Any]:
    if not isinstance(dtype, np.dtype) or dtype.kind not in _NUMBERS:
        raise _illegal(path, name, f"of real numbers, not {dtype}")
    return dtype


def layer_values(entries: Mapping[str, Entry], stimulus: Stimulus, layer: str) -> LayerValues:
    """A layer's values, refused by their declared shape before they are read."""
    entry = entries[f"{stimulus.identifier}/{layer}"]
    times = entries.get(f"{stimulus.identifier}/{layer}{TIMES}")
    n_steps = stimulus.n_steps if times is None else times.shape[0] if len(times.shape) == 1 else -1
    if len(entry.shape) != 2 or entry.shape[0] != n_steps or entry.shape[1] == 0:
        raise ActivationError(
            f"Layer '{layer}' for stimulus '{stimulus.identifier}'",
            got=f"shape {entry.shape}",
            needed=f"({stimulus.n_steps}, units): a row for each step of the stimulus",
            hint=f"Times of its own go into '{layer}{TIMES}', one for each row.",
        )
    return entry.read() if times is None else TimedValues(entry.read(), times.read())


def _illegal(path: Path, name: str, needed: str) -> InvalidDataError:
    return InvalidDataError(f"The arrays of {path}", got=repr(name), needed=needed)


_OPENERS = {".npz": _open_npz, ".nc": _open_netcdf}
_UNREADABLE = (
    *(OSError, EOFError, ValueError, TypeError, LookupError, ArithmeticError, MemoryError, RuntimeError),
    *(struct.error, zipfile.BadZipFile, zlib.error, lzma.LZMAError),
)
