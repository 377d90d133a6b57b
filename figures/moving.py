"""Stimuli that play: frames as an animated PNG, a walk as an animated SVG."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import numpy.typing as npt

from .svg import Scale, document, element

__all__ = ["animated_png", "path_animation"]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def animated_png(frames: npt.NDArray[np.uint8], rate_hz: float) -> bytes:
    """Frames as an animated PNG that repeats for ever.

    Parameters
    ----------
    frames : array of uint8, shape (time, height, width, 3)
    rate_hz : float
        Frames per second.

    References
    ----------
    PNG specification, third edition (W3C 2025), sect. 11.3.6 on acTL, fcTL and fdAT.
    """
    _, height, width, _ = frames.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [_SIGNATURE, _chunk(b"IHDR", header), _chunk(b"acTL", struct.pack(">II", len(frames), 0))]
    delay = max(1, round(1000 / rate_hz))
    sequence = 0
    for number, frame in enumerate(frames):
        parts.append(
            _chunk(b"fcTL", struct.pack(">IIIIIHHBB", sequence, width, height, 0, 0, delay, 1000, 0, 0))
        )
        sequence += 1
        if number == 0:
            parts.append(_chunk(b"IDAT", _compressed(frame)))
        else:
            parts.append(_chunk(b"fdAT", struct.pack(">I", sequence) + _compressed(frame)))
            sequence += 1
    return b"".join([*parts, _chunk(b"IEND", b"")])


def path_animation(
    positions: npt.NDArray[np.float64], arena_m: tuple[float, float], seconds: float, title: str
) -> str:
    """A walk through an arena: its path, and a dot that runs along it and repeats for ever.

    Parameters
    ----------
    positions : array of shape (time, 2)
        Positions in m.
    arena_m : tuple of float
        Width and height in m.
    seconds : float
        Duration of one round; 0 for a still picture.
    title : str
    """
    wide = 320.0
    high = wide * arena_m[1] / arena_m[0]
    across, up = Scale(0, arena_m[0], 8, 8 + wide), Scale(0, arena_m[1], 8 + high, 8)
    way = "M" + " L".join(f"{across(float(x)):.1f},{up(float(y)):.1f}" for x, y in positions)
    walls = element(
        "rect", x=8, y=8, width=wide, height=high, fill="#ffffff", stroke="#5b6577", stroke_width=2
    )
    path = element("path", d=way, fill="none", stroke="#c3cad6", stroke_width=1.5)
    moves = element("animateMotion", path=way, dur=f"{seconds:.1f}s", repeatCount="indefinite")
    end = (across(float(positions[-1, 0])), up(float(positions[-1, 1])))
    walker = (
        element("circle", moves, r=7, fill="#1f5fae")
        if seconds > 0
        else element("circle", cx=end[0], cy=end[1], r=7, fill="#1f5fae")
    )
    return str(
        document(wide + 16, high + 16, title, "A walker's path, played.", [walls, path, walker], key="walk")
    )


def _compressed(frame: npt.NDArray[np.uint8]) -> bytes:
    """Scan lines with the filter "Up", which suits frames in which little changes from line to line."""
    rows = frame.reshape(frame.shape[0], -1)
    up = rows - np.vstack([np.zeros_like(rows[:1]), rows[:-1]])
    return zlib.compress(np.hstack([np.full((len(rows), 1), 2, np.uint8), up]).tobytes(), 9)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
