"""Textured shapes, and how they are drawn into many frames at once.

A sprite is a small table of colour and opacity in the shape's own coordinates. Drawing looks up, for each
pixel of a patch about the shape's centre, the nearest entry of the table at the shape's place and angle. The
edge in the table is one pixel of the frame wide, so that places between pixels survive.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

__all__ = ["REACH", "SHAPES", "TEXTURES", "Placement", "Sprites", "draw", "make_sprites", "waves"]

Float = npt.NDArray[np.float32]
Int = npt.NDArray[np.int64]

SHAPES = ("disc", "square", "triangle", "star", "cross", "ring", "bar")
TEXTURES = ("plain", "stripes", "checks", "rings", "shaded")

_TABLE = 48  # entries along a side
REACH = 1.35  # half of a table's side, in radii


@dataclass(frozen=True, eq=False)
class Sprites:
    """Tables of sprites.

    Parameters
    ----------
    colour : uint8 array of shape (3, n_sprites * side * side)
        Red, green, blue, times opacity.
    clear : uint16 array of shape (n_sprites * side * side,)
        How much of the ground shows through, of 256.
    radius_px : float32 array of shape (n_sprites,)
        Radius of the disc around each shape, in pixels of the frame.
    """

    colour: npt.NDArray[np.uint8]
    clear: npt.NDArray[np.uint16]
    radius_px: Float


@dataclass(frozen=True, eq=False)
class Placement:
    """Which sprite goes where in which frame, at most one a frame.

    Parameters
    ----------
    frame, sprite : int array of shape (n,)
        Numbers of them; no frame twice.
    x, y, angle : float32 array of shape (n,)
        Centre in pixels from the frame's upper left corner, y down, and angle in radians, clockwise.
    """

    frame: Int
    sprite: Int
    x: Float
    y: Float
    angle: Float


def make_sprites(
    shape: Int, texture: Int, colours: Float, radius_px: Float, rng: np.random.Generator
) -> Sprites:
    """Sprites of given shapes and textures; frequency, direction and phase of a texture are drawn.

    Parameters
    ----------
    shape, texture : int array of shape (n_sprites,)
        Into :data:`SHAPES` and :data:`TEXTURES`.
    colours : array of shape (n_sprites, 2, 3)
        The two colours of the texture, red, green, blue in 0..255.
    radius_px : array of shape (n_sprites,)
        In pixels.
    rng : numpy.random.Generator
        Draws the textures.
    """
    opacity = np.clip(0.5 - _distances()[shape] * radius_px[:, None, None], 0, 1)
    # What lies beyond a table has its outermost entry.
    opacity[:, [0, -1]] = opacity[:, :, [0, -1]] = 0
    mix = _texture_values(texture, rng)
    colour = _blend(colours, mix) * opacity
    return Sprites(
        np.floor(colour).astype(np.uint8).reshape(3, -1),
        np.round(256 * (1 - opacity)).astype(np.uint16).ravel(),
        radius_px.astype(np.float32),
    )


def draw(planes: npt.NDArray[np.uint8], sprites: Sprites, at: Placement) -> None:
    """Draw sprites over frames, in place.

    Parameters
    ----------
    planes : uint8 array of shape (3, n_frames, height, width)
        Changed; each patch must lie within it.
    sprites : Sprites
        What is drawn.
    at : Placement
        Where.
    """
    if not len(at.frame):
        return
    side = 2 * int(np.ceil(REACH * sprites.radius_px[at.sprite].max())) + 1
    top, left = (np.floor(centre).astype(np.int64) - side // 2 for centre in (at.y, at.x))
    entry = _entries(sprites, at, top, left, side)
    clear = sprites.clear[entry]
    for plane, colour in zip(planes, sprites.colour, strict=True):
        patches = sliding_window_view(plane, (side, side), axis=(1, 2), writeable=True)
        ground = (patches[at.frame, top, left] * clear) >> 8
        patches[at.frame, top, left] = ground.astype(np.uint8) + colour[entry]


def waves(n: int, size: int, rng: np.random.Generator, *, n_waves: int = 4) -> Float:
    """Smooth random textures (n, size, size) in [0, 1]: plane waves whose amplitude falls with frequency."""
    cycles = rng.uniform(0.4, 5.0, (n, n_waves, 1)).astype(np.float32)
    angle, phase = rng.uniform(0, 2 * np.pi, (2, n, n_waves, 1)).astype(np.float32)
    line = 2 * np.pi * cycles * np.linspace(0, 1, size, dtype=np.float32)
    along_x, along_y = line * np.cos(angle) + phase, line * np.sin(angle)
    amplitude = 1 / cycles / (1 / cycles).sum(axis=1, keepdims=True)
    # sin(a + b) by its parts: sines of lines, not of planes.
    part_x = np.concatenate([np.sin(along_x) * amplitude, np.cos(along_x) * amplitude], axis=1)
    part_y = np.concatenate([np.cos(along_y), np.sin(along_y)], axis=1)
    return np.asarray(0.5 + 0.5 * part_y.transpose(0, 2, 1) @ part_x, dtype=np.float32)


def _blend(colours: Float, mix: Float) -> Float:
    """Planes (3, n, height, width) between two colours (n, 2, 3)."""
    first, second = colours.astype(np.float32).transpose(1, 2, 0)[..., None, None]
    return np.asarray(first + (second - first) * mix, dtype=np.float32)


def _entries(sprites: Sprites, at: Placement, top: Int, left: Int, side: int) -> npt.NDArray[np.int32]:
    """The table's entry under each pixel of each patch, of shape (n, side, side)."""
    pixel = np.arange(side, dtype=np.float32) + 0.5
    across, down = pixel + (left - at.x)[:, None], pixel + (top - at.y)[:, None]
    scale = _TABLE / (2 * REACH * sprites.radius_px[at.sprite])
    cos, sin = (scale * np.cos(at.angle))[:, None], (scale * np.sin(at.angle))[:, None]
    column = (across * cos + _TABLE / 2)[:, None] + (down * sin)[:, :, None]
    row = (-across * sin + _TABLE / 2)[:, None] + (down * cos)[:, :, None]
    x, entry = (np.clip(axis, 0, _TABLE - 1, out=axis).astype(np.int32) for axis in (column, row))
    entry *= _TABLE
    entry += x
    entry += (at.sprite * _TABLE**2).astype(np.int32)[:, None, None]
    return np.asarray(entry)


def _table_axes() -> tuple[Float, Float]:
    """Coordinates of a table's entries in radii, x and y, each of shape (side, side)."""
    axis = ((np.arange(_TABLE, dtype=np.float32) + 0.5) / _TABLE * 2 - 1) * REACH
    x, y = np.meshgrid(axis, axis)
    return np.asarray(x, dtype=np.float32), np.asarray(y, dtype=np.float32)


def _distances() -> Float:
    """Signed distance to the edge, in radii, below 0 inside, one table for each of SHAPES.

    Each shape fits in the disc of radius 1. Beyond corners the distance is that to the sides' lines.
    """
    x, y = _table_axes()
    radius = np.hypot(x, y)
    tables = {
        "disc": radius - 1,
        "square": np.maximum(np.abs(x), np.abs(y)) - np.sqrt(0.5),
        "triangle": _beyond_sides(x, y, 3) - 0.5,
        "star": np.minimum(_beyond_sides(x, y, 3), _beyond_sides(x, -y, 3)) - 0.5,
        "cross": np.minimum(_in_box(x, y, 0.95, 0.3), _in_box(x, y, 0.3, 0.95)),
        "ring": np.maximum(radius - 1, 0.55 - radius),
        "bar": _in_box(x, y, 0.92, 0.38),
    }
    return np.stack([tables[name] for name in SHAPES])


def _in_box(x: Float, y: Float, half_width: float, half_height: float) -> Float:
    return np.asarray(np.maximum(np.abs(x) - half_width, np.abs(y) - half_height))


def _beyond_sides(x: Float, y: Float, n_sides: int) -> Float:
    """How far out a point lies along the nearest normal of a regular polygon."""
    angles = np.arange(n_sides) * 2 * np.pi / n_sides + np.pi / 2
    return np.asarray(np.max([x * np.cos(a) + y * np.sin(a) for a in angles], axis=0), dtype=np.float32)


def _texture_values(texture: Int, rng: np.random.Generator) -> Float:
    """How much of the second colour, in [0, 1], of shape (n, side, side)."""
    x, y = _table_axes()
    frequency, angle, phase = (
        rng.uniform(low, high, (len(texture), 1, 1)).astype(np.float32)
        for low, high in ((4, 9), (0, 2 * np.pi), (0, 2 * np.pi))
    )
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    values = np.zeros_like(along)
    for number, name in enumerate(TEXTURES):
        own = texture == number
        parts = (part[own] for part in (along, across, frequency, phase))
        values[own] = _texture(name, np.hypot(x, y), *parts)
    return np.asarray(values)


def _texture(name: str, radius: Float, along: Float, across: Float, frequency: Float, phase: Float) -> Float:
    if name == "stripes":
        return np.asarray(0.5 + 0.5 * np.sin(frequency * along + phase))
    if name == "checks":
        product = np.sin(frequency * along + phase) * np.sin(frequency * across + phase)
        return np.asarray(np.clip(0.5 + 3 * product, 0, 1))
    if name == "rings":
        return np.asarray(0.5 + 0.5 * np.sin(frequency * radius + phase))
    if name == "shaded":
        return np.asarray(np.clip(0.5 + 0.5 * along, 0, 1))
    return np.zeros_like(along)
