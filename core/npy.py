"""Files of numpy's ``.npy`` form from elsewhere, of which the header is held against the bytes that are there."""

from __future__ import annotations

import io
import math
import struct
from typing import IO, Any

import numpy as np
import numpy.typing as npt

__all__ = ["npy_header", "read_npy"]

_MOST_HEADER_BYTES = 10_000  # numpy's own limit, which it applies after reading them


def npy_header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type as declared; a header says its own length, which is bounded before it is read.

    Raises
    ------
    ValueError
        If there is no such header, or the shape is none.
    """
    version = np.lib.format.read_magic(file)
    if version not in _READERS:
        raise ValueError(f"a header of version {version}")
    length, reader = _READERS[version]
    said = file.read(struct.calcsize(length))
    if len(said) < struct.calcsize(length):
        raise ValueError("a header that is cut short")
    (n_bytes,) = struct.unpack(length, said)
    if n_bytes > _MOST_HEADER_BYTES:
        raise ValueError(f"a header of {n_bytes} bytes, of at most {_MOST_HEADER_BYTES}")
    try:
        shape, _, dtype = reader(io.BytesIO(said + file.read(n_bytes)))
    except (
        Exception
    ) as error:  # numpy parses it as Python, whose tokenizer and parser raise errors of many kinds
        raise ValueError(f"a header that cannot be read: {error}") from error
    if any(isinstance(n, bool) or n < 0 for n in shape):
        raise ValueError(f"the shape {shape}")
    return shape, dtype


def read_npy(data: bytes) -> npt.NDArray[Any]:
    """The array in a file's bytes; never a pickle, and never more memory than there are bytes.

    Raises
    ------
    ValueError
        If the bytes are no such file, or fewer than its header says.
    """
    file = io.BytesIO(data)
    shape, dtype = npy_header(file)
    needed, there = math.prod(shape) * dtype.itemsize, len(data) - file.tell()
    if dtype.hasobject or there < needed:
        raise ValueError(f"{there} bytes for the shape {shape} of {dtype}")
    file.seek(0)
    return np.asarray(np.lib.format.read_array(file, allow_pickle=False))


_READERS: dict[tuple[int, int], tuple[str, Any]] = {
    (1, 0): ("<H", np.lib.format.read_array_header_1_0),
    (2, 0): ("<I", np.lib.format.read_array_header_2_0),
}
