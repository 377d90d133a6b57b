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

from ..core.seeds import generator
from .bouncing_discs import Discs, fly
from .shape_scenes import Scene, check_at_least, drawn, largest_shift, patterned_walls
from .sprites import SHAPES, TEXTURES, make_sprites

__all__ = ["MAX_OBJECTS", "N_LABELS", "N_SHAPES", "N_TEXTURES", "RATE_HZ", "Clips", "bouncing_shapes"]

RATE_HZ = 12.0
MAX_OBJECTS = 4

_OBJECT_SHAPES = tuple(SHAPES.index(name) for name in SHAPES if name != "bar")
_BLOCK_SHAPES = (SHAPES.index("bar"), SHAPES.index("square"))
N_SHAPES, N_TEXTURES = len(_OBJECT_SHAPES), len(TEXTURES)
N_LABELS = N_SHAPES * N_TEXTURES

_SUBSTEPS = 8
_MAIN_RADIUS, _OTHER_RADIUS, _BLOCK_RADIUS = (0.09, 0.14), (0.025, 0.09), (0.15, 0.28)


@dataclass(frozen=True, eq=False)
class Clips:
    """A batch of videos.

    Parameters
    ----------
    frames : uint8 array of shape (n_clips, n_frames, size, size, 3)
        Frames at RATE_HZ. A view: in memory the three colours are planes, so that bringing the colours before
        height and width copies nothing.
    positions : array of shape (n_clips, n_frames, MAX_OBJECTS, 2)
        Centres in the room, x to the right and y up, in [0, 1]; the main object first; NaN where there is none.
        The camera's movement is not in them.
    label : int array of shape (n_clips,)
        Shape times N_TEXTURES plus texture of the main object, in 0..N_LABELS - 1.
    camera : int array of shape (n_clips, n_frames, 2)
        Shift of the picture, in pixels, to the right and down.
    gravity : array of shape (n_clips,)
        Gravity in sides per second squared; 0 in half of the clips.
    """

    frames: npt.NDArray[np.uint8]
    positions: npt.NDArray[np.float64]
    label: npt.NDArray[np.int64]
    camera: npt.NDArray[np.int64]
    gravity: npt.NDArray[np.float64]


def bouncing_shapes(seed: int, index: int, n_clips: int, n_frames: int = 25, size: int = 64) -> Clips:
    """A batch of videos, the same for the same arguments.

    Parameters
    ----------
    seed : int
        Seed of the corpus.
    index : int
        Number of the batch; other numbers give other clips.
    n_clips, n_frames : int
        Numbers of clips and of frames in each, 1 or more.
    size : int
        Height and width of a frame in pixels, 16 or more.
    """
    check_at_least(n_clips=(n_clips, 1), n_frames=(n_frames, 1), size=(size, 16))
    rng = generator(seed, "BouncingShapes", str(index))
    discs = _begun(n_clips, rng)
    positions = np.stack(list(_flight(discs, n_frames)), axis=1)
    shape, texture = _looks(n_clips, rng)
    scene = _scene(discs, positions, shape, texture, size, rng)
    label = np.searchsorted(_OBJECT_SHAPES, shape[:, 0]) * N_TEXTURES + texture[:, 0]
    return Clips(drawn(scene, size), positions, label, scene.camera, discs.gravity)


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
) -> Scene:
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
    return Scene(
        patterned_walls(n, size, rng), camera, sprites, np.concatenate([positions, still], axis=2), angles
    )


def _shaken(n: int, n_frames: int, size: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Shifts in whole pixels: a walk that stays within bounds in half of the clips, none in the others."""
    bound = largest_shift(size)
    shift = np.zeros((n, n_frames, 2), dtype=np.int64)
    steps = rng.integers(-1, 2, shift.shape) * (rng.random((n, 1, 1)) < 0.5)
    for frame in range(1, n_frames):
        shift[:, frame] = np.clip(shift[:, frame - 1] + steps[:, frame], -bound, bound)
    return shift
