"""Small still pictures as PNG: one byte a pixel, a palette, the first colour transparent."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np
import numpy.typing as npt

__all__ = ["data_uri", "indexed_png"]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def indexed_png(pixels: npt.NDArray[np.uint8], palette: npt.NDArray[np.uint8]) -> bytes:
    """A picture of palette colours; the same bytes for the same picture.

    Parameters
    ----------
    pixels : array of uint8, shape (height, width)
        Rows of the palette, from the top; row 0 is drawn transparent.
    palette : array of uint8, shape (n_colours, 3)

    References
    ----------
    PNG specification, third edition (W3C 2025), sect. 11.2.2 and 11.3.1.
    """
    height, width = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    lines = np.hstack([np.zeros((height, 1), np.uint8), pixels]).tobytes()
    chunks = (
        (b"IHDR", header),
        (b"PLTE", palette.tobytes()),
        (b"tRNS", b"\x00"),
        (b"IDAT", zlib.compress(lines, 9)),
        (b"IEND", b""),
    )
    return _SIGNATURE + b"".join(_chunk(kind, data) for kind, data in chunks)


def data_uri(png: bytes) -> str:
    """The picture as an address that holds it."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
