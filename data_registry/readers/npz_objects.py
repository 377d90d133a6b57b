"""Reading npz files some arrays of which are pickled objects, without unpickling what is not plain values.

numpy offers all or nothing: with ``allow_pickle`` it runs whatever the file says. Here plain arrays are read by
numpy without pickles, and the pickle of an object array goes through the restricted reader (:mod:`.safe_pickle`).
"""

from __future__ import annotations

import tempfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np

from ...core.errors import InvalidDataError
from .safe_pickle import read_pickle

__all__ = ["npz_names", "read_npy", "read_npz"]

_PIECE = 1 << 22
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def read_npz(path: Path, names: Sequence[str] | None = None) -> dict[str, Any]:
    """Read arrays of an npz file.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    names : sequence of str, optional
        Arrays wanted; all by default. Those that the file does not have are left out.

    Returns
    -------
    arrays : dict of str to array
        Object arrays hold dictionaries, lists, numbers, strings and arrays alone.

    Raises
    ------
    InvalidDataError
        If the file is damaged, or a pickle in it asks for anything else; nothing of it has been run then.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            there = [Path(name).stem for name in archive.namelist() if name.endswith(".npy")]
            wanted = there if names is None else [name for name in names if name in there]
            return {name: _read_array(path, partial(archive.open, f"{name}.npy"), name) for name in wanted}
    except _DAMAGE as error:
        raise InvalidDataError(
            f"The file {path}", got=f"damaged ({error})", needed="a whole npz file"
        ) from error


def read_npy(path: Path) -> Any:
    """Read the array of an npy file; raises as :func:`read_npz` does."""
    try:
        return _read_array(path, lambda: path.open("rb"), path.stem)
    except _DAMAGE as error:
        raise InvalidDataError(
            f"The file {path}", got=f"damaged ({error})", needed="a whole npy file"
        ) from error


def npz_names(path: Path) -> list[str]:
    """Names of the arrays of an npz file; raises as :func:`read_npz` does."""
    try:
        with zipfile.ZipFile(path) as archive:
            return [Path(name).stem for name in archive.namelist() if name.endswith(".npy")]
    except _DAMAGE as error:
        raise InvalidDataError(
            f"The file {path}", got=f"damaged ({error})", needed="a whole npz file"
        ) from error


# What zipfile and numpy raise over a damaged file.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    ValueError,
    NotImplementedError,
    RuntimeError,
    MemoryError,
)


def _read_array(path: Path, opened: Callable[[], IO[bytes]], name: str) -> Any:
    with opened() as member:
        version = np.lib.format.read_magic(member)
        if version not in _HEADERS:
            raise ValueError(f"array '{name}' in format {version}")
        dtype = _HEADERS[version](member)[2]
        if dtype.hasobject:
            return _read_objects(path, member, name)
    with opened() as member:
        return np.lib.format.read_array(member, allow_pickle=False)


def _read_objects(path: Path, member: IO[bytes], name: str) -> Any:
    """The pickle that follows the header, read from a file of its own."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / f"{path.stem}-{name}.pickle"
        with copy.open("wb") as written:
            while piece := member.read(_PIECE):
                written.write(piece)
        try:
            return read_pickle(copy)
        except InvalidDataError as error:
            raise InvalidDataError(
                f"The array '{name}' of {path}", got=error.got, needed=error.needed, hint=error.hint
            ) from error
