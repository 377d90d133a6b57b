"""Pictures as PNG: small still ones of palette colours, and frames that play."""

from __future__ import annotations

import base64
import io

import numpy as np
import numpy.typing as npt
from PIL import Image

__all__ = ["animated_png", "data_uri", "indexed_png"]


def indexed_png(pixels: npt.NDArray[np.uint8], palette: npt.NDArray[np.uint8]) -> bytes:
    """A picture of palette colours; the same bytes for the same picture.

    Parameters
    ----------
    pixels : array of uint8, shape (height, width)
        Rows of the palette, from the top; row 0 is drawn transparent.
    palette : array of uint8, shape (n_colours, 3)
    """
    image = Image.fromarray(pixels)
    image.putpalette(palette.tobytes())
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True, transparency=0)
    return file.getvalue()


def animated_png(frames: npt.NDArray[np.uint8], rate_hz: float) -> bytes:
    """Frames as an animated PNG that repeats for ever; equal frames in a row are one that stays longer.

    Parameters
    ----------
    frames : array of uint8, shape (time, height, width, 3)
    rate_hz : float
        Frames per second; the time of a frame is rounded to ms.
    """
    first, *others = map(Image.fromarray, frames)
    file = io.BytesIO()
    milliseconds = max(1, round(1000 / rate_hz))
    first.save(file, "PNG", optimize=True, save_all=True, append_images=others, duration=milliseconds, loop=0)
    return file.getvalue()


def data_uri(png: bytes) -> str:
    """The picture as an address that holds it."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
