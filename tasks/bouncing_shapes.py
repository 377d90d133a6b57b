"""BouncingShapes: short videos of textured shapes that fly, fall and collide, to train predictors on.

A room with a patterned wall, two to four shapes of which the largest is the main one, in half of the clips
gravity, in half a still, tilted, patterned block in front, in half a camera that shakes. Nothing of
Mental-Pong is in it: no paddle, no ball on a black field, no plain occluder from wall to wall.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..core.errors import InvalidArgumentError
from ..core.seeds import generator
from .bouncing_discs import Discs, fly
from .sprites import REACH, SHAPES, TEXTURES, Placement, Sprites, draw, make_sprites, waves

__all__ = ["MAX_OBJECTS", "N_LABELS", "N_SHAPES", "N_TEXTURES", "RATE_HZ", "Clips", "bouncing_shapes"]

RATE_HZ = 12.0
MAX_OBJECTS = 4

_OBJECT_SHAPES = tuple(SHAPES.index(name) for name in SHAPES if name != "bar")
_BLOCK_SHAPES = (SHAPES.index("bar"), SHAPES.index("square"))
N_SHAPES, N_TEXTURES = len(_OBJECT_SHAPES), len(TEXTURES)
N_LABELS = N_SHAPES * N_TEXTURES

_SUBSTEPS = 8
_MAIN_RADIUS, _OTHER_RADIUS, _BLOCK_RADIUS = (0.09, 0.14), (0.025, 0.09), (0.15, 0.28)
_SHAKE = 3  # pixels of a frame of 64 that the camera moves at most, to each side
_CHUNK = 8  # clips drawn at a time, so that they fit in the processor's cache


@dataclass(frozen=True, eq=False)
class Clips:
    """A batch of videos.

    Parameters
    ----------
    frames : uint8 array of shape (n_clips, n_frames, size, size, 3)
        At RATE_HZ. A view: in memory the three colours are planes, so that bringing the colours before
        height and width copies nothing.
    positions : array of shape (n_clips, n_frames, MAX_OBJECTS, 2)
        Centres in the room, x to the right and y up, in [0, 1]; the main object first; NaN where there is none.
        The camera's movement is not in them.
    label : int array of shape (n_clips,)
        Shape times N_TEXTURES plus texture of the main object, in 0..N_LABELS - 1.
    camera : int array of shape (n_clips, n_frames, 2)
        How far the picture is shifted, in pixels, to the right and down.
    gravity : array of shape (n_clips,)
        In sides per second squared; 0 in half of the clips.
    """

    frames: npt.NDArray[np.uint8]
    positions: npt.NDArray[np.float64]
    label: npt.NDArray[np.int64]
    camera: npt.NDArray[np.int64]
    gravity: npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Scene:
    """All that is drawn of a batch; things are the objects and, last, the block in front."""

    wall: npt.NDArray[np.uint8]  # (3, clip, height, width), as much larger as the camera shakes
    camera: npt.NDArray[np.int64]  # (clip, frame, 2)
    sprites: Sprites  # clip by clip, thing by thing
    places: npt.NDArray[np.float64]  # (clip, frame, thing, 2), NaN where absent
    angles: npt.NDArray[np.float64]  # (clip, frame, thing)


def bouncing_shapes(seed: int, index: int, n_clips: int, n_frames: int = 25, size: int = 64) -> Clips:
    """A batch of videos, the same for the same arguments.

    Parameters
    ----------
    seed : int
        Of the corpus.
    index : int
        Number of the batch; other numbers give other clips.
    n_clips, n_frames : int
        1 or more.
    size : int
        Height and width of a frame in pixels, 16 or more.
    """
    _check_at_least(n_clips=(n_clips, 1), n_frames=(n_frames, 1), size=(size, 16))
    rng = generator(seed, "BouncingShapes", str(index))
    discs = _begun(n_clips, rng)
    positions = np.stack(list(_flight(discs, n_frames)), axis=1)
    shape, texture = _looks(n_clips, rng)
    scene = _scene(discs, positions, shape, texture, size, rng)
    label = np.searchsorted(_OBJECT_SHAPES, shape[:, 0]) * N_TEXTURES + texture[:, 0]
    return Clips(_drawn(scene, size), positions, label, scene.camera, discs.gravity)


def _begun(n: int, rng: np.random.Generator) -> Discs:
    """Discs at their start: each in a cell of its own of a 3 x 3 grid."""
    main = rng.uniform(*_MAIN_RADIUS, (n, 1))
    smallest, largest = np.log(_OTHER_RADIUS)
    others = np.exp(rng.uniform(smallest, largest, (n, MAX_OBJECTS - 1)))
    radius = np.concatenate([main, others], axis=1)
    cell = np.argsort(rng.random((n, 9)), axis=1)[:, :MAX_OBJECTS]
    free = np.maximum(1 / 6 - radius, 0)[..., None] * rng.uniform(-1, 1, (n, MAX_OBJECTS, 2))
    position = (np.stack([cell % 3, cell // 3], axis=-1) + 0.5) / 3 + free
    speed, bearing = rng.uniform(0, 0.9, radius.shape), rng.uniform(0, 2 * np.pi, radius.shape)
    velocity = speed[..., None] * np.stack([np.cos(bearing), np.sin(bearing)], axis=-1)
    position[np.arange(MAX_OBJECTS) >= rng.integers(2, MAX_OBJECTS + 1, (n, 1))] = np.nan
    gravity = rng.uniform(0.5, 1.5, n) * (rng.random(n) < 0.5)
    return Discs(position, velocity, radius, gravity)


def _flight(discs: Discs, n_frames: int) -> Iterator[npt.NDArray[np.float64]]:
    yield discs.position
    for _ in range(n_frames - 1):
        discs = fly(discs, 1 / RATE_HZ, n_substeps=_SUBSTEPS)
        yield discs.position


def _looks(n: int, rng: np.random.Generator) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Shape and texture of each thing, each (clip, thing); a block is never plain."""
    shape = rng.choice(_OBJECT_SHAPES, (n, MAX_OBJECTS + 1))
    texture = rng.integers(N_TEXTURES, size=shape.shape)
    shape[:, -1] = rng.choice(_BLOCK_SHAPES, n)
    texture[:, -1] = rng.integers(TEXTURES.index("plain") + 1, N_TEXTURES, n)
    return shape, texture


def _scene(
    discs: Discs,
    positions: npt.NDArray[np.float64],
    shape: npt.NDArray[np.int64],
    texture: npt.NDArray[np.int64],
    size: int,
    rng: np.random.Generator,
) -> _Scene:
    n, n_frames = positions.shape[:2]
    radius = np.concatenate([discs.radius, rng.uniform(*_BLOCK_RADIUS, (n, 1))], axis=1)
    colours = rng.uniform(0, 255, (shape.size, 2, 3)).astype(np.float32)
    sprites = make_sprites(
        shape.ravel(), texture.ravel(), colours, (radius * size).ravel().astype(np.float32), rng
    )
    block = np.where(rng.random((n, 1)) < 0.5, rng.uniform(0.25, 0.75, (n, 2)), np.nan)
    still = np.broadcast_to(block[:, None, None], (n, n_frames, 1, 2))
    # Discs without friction keep their spin in collisions; a block does not spin.
    spin = np.concatenate([rng.normal(0, 1.0, discs.radius.shape), np.zeros((n, 1))], axis=1)
    time = np.arange(n_frames)[:, None] / RATE_HZ
    angles = rng.uniform(0, 2 * np.pi, radius.shape)[:, None] + spin[:, None] * time
    camera = _shaken(n, n_frames, size, rng)
    return _Scene(_wall(n, size, rng), camera, sprites, np.concatenate([positions, still], axis=2), angles)


def _shaken(n: int, n_frames: int, size: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Shifts in whole pixels: a walk that stays within bounds in half of the clips, none in the others."""
    bound = _bound(size)
    shift = np.zeros((n, n_frames, 2), dtype=np.int64)
    steps = rng.integers(-1, 2, shift.shape) * (rng.random((n, 1, 1)) < 0.5)
    for frame in range(1, n_frames):
        shift[:, frame] = np.clip(shift[:, frame - 1] + steps[:, frame], -bound, bound)
    return shift


def _wall(n: int, size: int, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Patterned walls of little contrast, from dark to bright."""
    side = size + 2 * _bound(size)
    base = rng.uniform(0, 200, (3, n, 1, 1)).astype(np.float32)
    contrast = rng.uniform(-60, 60, (3, n, 1, 1)).astype(np.float32)
    return np.clip(base + contrast * waves(n, side, rng), 0, 255).astype(np.uint8)


def _drawn(scene: _Scene, size: int) -> npt.NDArray[np.uint8]:
    """Frames (clip, frame, size, size, 3), drawn some clips at a time."""
    n, n_frames = scene.camera.shape[:2]
    planes = np.empty((n, n_frames, 3, size, size), dtype=np.uint8)
    for start in range(0, n, _CHUNK):
        clips = np.arange(start, min(start + _CHUNK, n))
        planes[clips] = _drawn_clips(scene, clips, size)
    return planes.transpose(0, 1, 3, 4, 2)


def _drawn_clips(scene: _Scene, clips: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.uint8]:
    """Planes (clip, frame, 3, size, size) of some clips."""
    camera = scene.camera[clips]
    margin = _bound(size) + int(np.ceil(REACH * scene.sprites.radius_px.max())) + 1
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
    right, down = np.moveaxis(_bound(size) - camera, 2, 0).reshape(2, -1)
    clip = np.repeat(np.arange(camera.shape[0]), camera.shape[1])
    return np.asarray(windows[:, clip, down, right])


def _placement(scene: _Scene, clips: npt.NDArray[np.int64], thing: int, size: int, margin: int) -> Placement:
    """Where a thing is on the canvas, in the frames of the clips that have it."""
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


def _bound(size: int) -> int:
    return max(1, round(_SHAKE * size / 64))


def _check_at_least(**values: tuple[int, int]) -> None:
    for name, (value, least) in values.items():
        if value < least:
            raise InvalidArgumentError(f"The '{name}' parameter", got=value, needed=f"{least} or more")
