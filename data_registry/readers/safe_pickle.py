"""Reading pickles of numpy arrays and pandas tables without running anything that they ask for.

Pickles are programs: plain unpickling imports and calls whatever a file names. Here only the names that arrays
and tables of old pandas versions need are admitted, each of which leads to a stand-in of ours
(:mod:`._pickle_parts`); any other name stops the reading before anything is called.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import IO, Any

from ...core.errors import InvalidDataError
from ..interface import Progress
from ._pickle_parts import ADMITTED, MalformedPickleError, resolved

__all__ = ["read_pickle"]

_PIECE = 1 << 24


class _NotAdmittedError(Exception):
    """A pickle asks for a name that is not on the list."""


def read_pickle(path: Path, *, progress: Progress | None = None) -> Any:
    """Read a pickle made of plain values, numpy arrays and pandas tables.

    Memory: arrays share the bytes as they were read, so the peak is about the file's size.

    Parameters
    ----------
    path : pathlib.Path
        The file, of pickle protocol 0 to 5.
    progress : callable of (stage, done, of), optional
        Called with the bytes read so far and the file's size.

    Returns
    -------
    content : object
        Dictionaries, lists, numbers, strings, arrays (read-only) and data frames.

    Raises
    ------
    InvalidDataError
        If the file is truncated or damaged, or asks for a class or function that is not admitted: then nothing
        of it has been run.
    """
    try:
        with path.open("rb") as file:
            return resolved(_Unpickler(_Reader(file, path.stat().st_size, progress)).load())
    except _NotAdmittedError as error:
        raise InvalidDataError(
            f"The file {path}",
            got=f"a pickle that asks for '{error}'",
            needed="made of numbers, strings, numpy arrays and pandas tables alone",
            hint="Nothing was run. Do not open this file with other tools unless you trust who made it.",
        ) from error
    except _DAMAGE as error:
        raise InvalidDataError(
            f"The file {path}", got=f"damaged ({type(error).__name__}: {error})", needed="a whole pickle"
        ) from error


# What a truncated or altered pickle makes the unpickler or the stand-ins raise.
_DAMAGE = (
    MalformedPickleError,
    pickle.UnpicklingError,
    EOFError,
    OSError,
    AttributeError,
    ImportError,
    IndexError,
    KeyError,
    TypeError,
    ValueError,
    OverflowError,
    MemoryError,
    RecursionError,
)


class _Unpickler(pickle.Unpickler):
    """An unpickler that knows the admitted names and nothing else."""

    def find_class(self, module: str, name: str, /) -> Any:
        """The stand-in of a name."""
        try:
            return ADMITTED[module, name]
        except KeyError:
            raise _NotAdmittedError(f"{module}.{name}") from None


class _Reader:
    """A file that says how far it has been read."""

    def __init__(self, file: IO[bytes], size: int, progress: Progress | None) -> None:
        self._file, self._size, self._progress = file, size, progress
        self._shown = 0

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes."""
        data = self._file.read(size)
        self._show()
        return data

    def readline(self) -> bytes:
        """Up to the next line's end."""
        return self._file.readline()

    def readinto(self, buffer: bytearray) -> int:
        """Fill a buffer, piece by piece."""
        with memoryview(buffer) as view:
            done = 0
            while done < len(view):
                piece = self._file.read(min(_PIECE, len(view) - done))
                if not piece:
                    break
                view[done : done + len(piece)] = piece
                done += len(piece)
                self._show()
        return done

    def _show(self) -> None:
        position = self._file.tell()
        if self._progress is not None and (position - self._shown >= _PIECE or position == self._size):
            self._shown = position
            self._progress("reading", position, self._size)
