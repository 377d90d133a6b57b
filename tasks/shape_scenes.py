"""Textured shapes that move before a patterned wall, drawn clip by clip; what the corpora of videos share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..core.errors import InvalidArgumentError
from .sprites import REACH, Placement, Sprites, draw, waves

__all__ = ["Scene", "check_at_least", "drawn", "largest_shift", "patterned_walls"]

_SHAKE = 3  # pixels of a frame of 64 that the camera moves at most, to each side
_CHUNK = 8  # clips drawn at a time, so that they fit in the processor's cache


@dataclass(frozen=True, eq=False)
class Scene:
    """All that is drawn of a batch, from the back to the front.

    Parameters
    ----------
    wall : uint8 array of shape (3, n_clips, height, width)
        Walls, as much larger than a frame as the camera may move (:func:`largest_shift`) to each side.
    camera : int array of shape (n_clips, n_frames, 2)
        Shift of the picture, in pixels, to the right and down.
    sprites : Sprites
        Sprites clip by clip, thing by thing.
    places : array of shape (n_clips, n_frames, n_things, 2)
        Centres in the room, x to the right and y up, in [0, 1]; NaN where there is none.
    angles : array of shape (n_clips, n_frames, n_things)
        Angles in radians.
    """

    wall: npt.NDArray[np.uint8]
    camera: npt.NDArray[np.int64]
    sprites: Sprites
    places: npt.NDArray[np.float64]
    angles: npt.NDArray[np.float64]


def drawn(scene: Scene, size: int) -> npt.NDArray[np.uint8]:
    """Frames of a scene.

    Returns
    -------
    frames : uint8 array of shape (n_clips, n_frames, size, size, 3)
        A view: in memory the three colours are planes.
    """
    n, n_frames = scene.camera.shape[:2]
    planes = np.empty((n, n_frames, 3, size, size), dtype=np.uint8)
    for start in range(0, n, _CHUNK):
        clips = np.arange(start, min(start + _CHUNK, n))
        planes[clips] = _drawn_clips(scene, clips, size)
    return planes.transpose(0, 1, 3, 4, 2)


def _drawn_clips(scene: Scene, clips: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.uint8]:
    """Planes (clip, frame, 3, size, size) of some clips."""
    camera = scene.camera[clips]
    margin = largest_shift(size) + int(np.ceil(REACH * scene.sprites.radius_px.max())) + 1
    canvas = np.empty((3, camera.shape[0] * camera.shape[1], *(size + 2 * margin,) * 2), dtype=np.uint8)
    inner = canvas[:, :, margin:-margin, margin:-margin]
    inner[:] = _seen_wall(scene.wall[:, clips], camera, size)
    for thing in range(scene.places.shape[2]):
        draw(canvas, scene.sprites, _placement(scene, clips, thing, size, margin))
    return inner.reshape(3, *camera.shape[:2], size, size).transpose(1, 2, 0, 3, 4)


def _seen_wall(
    wall: npt.NDArray[np.uint8], camera: npt.NDArray[np.int64], size: int
) -> npt.NDArray[np.uint8]:
    """The part of each wall that each frame shows, (3, clip * frame, size, size)."""
    windows = np.lib.stride_tricks.sliding_window_view(wall, (size, size), axis=(2, 3))
    right, down = np.moveaxis(largest_shift(size) - camera, 2, 0).reshape(2, -1)
    clip = np.repeat(np.arange(camera.shape[0]), camera.shape[1])
    return np.asarray(windows[:, clip, down, right])


def _placement(scene: Scene, clips: npt.NDArray[np.int64], thing: int, size: int, margin: int) -> Placement:
    """Placement of an object on the canvas, in the frames of the clips that have it."""
    n_frames, n_things = scene.places.shape[1:3]
    place = scene.places[clips, :, thing].reshape(-1, 2)
    there = np.flatnonzero(np.isfinite(place[:, 0]))
    shift = scene.camera[clips].reshape(-1, 2)[there] + margin
    centre = np.stack([place[there, 0], 1 - place[there, 1]], axis=1) * size + shift
    return Placement(
        frame=there,
        sprite=np.repeat(clips * n_things + thing, n_frames)[there],
        x=centre[:, 0].astype(np.float32),
        y=centre[:, 1].astype(np.float32),
        angle=scene.angles[clips, :, thing].ravel()[there].astype(np.float32),
    )


def largest_shift(size: int) -> int:
    """Pixels that the camera moves at most to each side, in frames of that size."""
    return max(1, round(_SHAKE * size / 64))


def patterned_walls(n: int, size: int, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Patterned walls of little contrast, from dark to bright."""
    side = size + 2 * largest_shift(size)
    base = rng.uniform(0, 200, (3, n, 1, 1)).astype(np.float32)
    contrast = rng.uniform(-60, 60, (3, n, 1, 1)).astype(np.float32)
    return np.clip(base + contrast * waves(n, side, rng), 0, 255).astype(np.uint8)


def check_at_least(**values: tuple[int, int]) -> None:
    """Refuse values below their least ones; each argument is (value, least one)."""
    for name, (value, least) in values.items():
        if value < least:
            raise InvalidArgumentError(f"The '{name}' parameter", got=value, needed=f"{least} or more")
