"""HidingShapes: shapes that fly behind a panel and come out again, to train and judge predictors over long times.

A room with a patterned wall, a main shape and up to two smaller ones, and a panel in front, plain or patterned,
that hides the main shape whole. The panel may stand at a wall, so that what flies behind it turns there; it never
reaches from wall to wall. In a quarter of the clips there is gravity. As in BouncingShapes nothing of Mental-Pong
is in it: no paddle, no ball on a black field, no occluder from wall to wall.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ..core.seeds import generator
from .bouncing_discs import Discs, fly
from .bouncing_shapes import RATE_HZ
from .shape_scenes import Scene, check_at_least, drawn, patterned_walls
from .sprites import SHAPES, TEXTURES, make_sprites, waves

__all__ = ["MAX_OBJECTS", "HidingClips", "hiding_shapes"]

MAX_OBJECTS = 3

_OBJECT_SHAPES = tuple(SHAPES.index(name) for name in SHAPES if name != "bar")
_SUBSTEPS = 4
_MAIN_RADIUS, _OTHER_RADIUS = (0.07, 0.11), (0.03, 0.06)
_MAIN_SPEED, _OTHER_SPEED = (0.08, 0.7), (0.0, 0.7)  # sides per second
_GRAVITY, _SHARE_OF_GRAVITY = (0.2, 0.8), 0.25
_HALF_LENGTH, _HALF_WIDTH, _TILT = (0.26, 0.38), (0.17, 0.24), 0.3  # of the panel, in sides and radians
_SOFT_PX = 1.5
_EXTRA_FRAMES = 40  # how long a flight is followed beyond a clip's length, for the main shape to hide
_DRAWN_AT_A_TIME = 4  # flights for each clip that is still missing; about one in two has a hiding


@dataclass(frozen=True, eq=False)
class HidingClips:
    """A batch of videos in which the main object hides.

    Parameters
    ----------
    frames : uint8 array of shape (n_clips, n_frames, size, size, 3)
        Frames at RATE_HZ of BouncingShapes. A view: in memory the three colours are planes.
    positions : array of shape (n_clips, n_frames, MAX_OBJECTS, 2)
        Centres in the room, x to the right and y up, in [0, 1]; the main object first; NaN where there is none.
    n_before : int array of shape (n_clips,)
        Frames before the main object's centre goes behind the panel; in these it is never behind it.
    hidden : bool array of shape (n_clips, n_frames)
        Whether the panel hides the main object whole.
    gravity : array of shape (n_clips,)
        Gravity in sides per second squared; 0 in three quarters of the clips.
    """

    frames: npt.NDArray[np.uint8]
    positions: npt.NDArray[np.float64]
    n_before: npt.NDArray[np.int64]
    hidden: npt.NDArray[np.bool_]
    gravity: npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Panels:
    """Panels as tilted rectangles: centres and half sides (n, 2), angles (n,)."""

    centre: npt.NDArray[np.float64]
    half: npt.NDArray[np.float64]
    angle: npt.NDArray[np.float64]

    def inside(self, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Distance (n, ...) of points (n, ..., 2) from the nearest side, above 0 inside."""
        many = (len(self.centre), *[1] * (points.ndim - 2))
        cos, sin = np.cos(self.angle).reshape(many), np.sin(self.angle).reshape(many)
        off = points - self.centre.reshape(*many, 2)
        along = np.abs(off[..., 0] * cos + off[..., 1] * sin)
        across = np.abs(off[..., 1] * cos - off[..., 0] * sin)
        half = self.half.reshape(*many, 2)
        return np.minimum(half[..., 0] - along, half[..., 1] - across)


def hiding_shapes(
    seed: int,
    index: int,
    n_clips: int,
    n_frames: int = 57,
    size: int = 64,
    *,
    before: tuple[int, int] = (8, 24),
) -> HidingClips:
    """A batch of videos, the same for the same arguments.

    Parameters
    ----------
    seed, index, n_clips, n_frames, size : int
        As for :func:`~.bouncing_shapes.bouncing_shapes`.
    before : (int, int)
        Fewest and most frames before the main object's centre goes behind the panel, 1 or more and less than
        `n_frames`; drawn for each clip.
    """
    check_at_least(n_clips=(n_clips, 1), n_frames=(n_frames, before[1] + 1), size=(size, 16))
    check_at_least(before=(before[0], 1))
    rng = generator(seed, "HidingShapes", str(index))
    discs, panels, positions, n_before = _hidings(n_clips, n_frames, before, rng)
    # Edges of panel and object are soft over a pixel, and an object is drawn to the nearest entry of its table.
    deep = panels.inside(positions[:, :, 0]) - _SOFT_PX / size
    frames = _pictures(discs, panels, positions, size, rng)
    return HidingClips(frames, positions, n_before, deep > discs.radius[:, :1], discs.gravity)


def _hidings(
    n: int, n_frames: int, before: tuple[int, int], rng: np.random.Generator
) -> tuple[Discs, _Panels, npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Discs, panels, positions and numbers of frames before the hiding, of flights that have one."""
    found: list[tuple[Discs, _Panels, npt.NDArray[np.float64], npt.NDArray[np.int64]]] = []
    missing = n
    while missing > 0:
        found.append(_flights(_DRAWN_AT_A_TIME * missing, n_frames, before, rng))
        missing -= len(found[-1][3])
    discs, panels, positions, n_before = (list(part) for part in zip(*found, strict=True))
    parts = ("position", "velocity", "radius", "gravity")
    whole = Discs(*(np.concatenate([getattr(one, part) for one in discs])[:n] for part in parts))
    sides = ("centre", "half", "angle")
    panel = _Panels(*(np.concatenate([getattr(one, side) for one in panels])[:n] for side in sides))
    return whole, panel, np.concatenate(positions)[:n], np.concatenate(n_before)[:n]


def _flights(
    n: int, n_frames: int, before: tuple[int, int], rng: np.random.Generator
) -> tuple[Discs, _Panels, npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Those of n flights whose main object hides, cut so that it does so after the frames that are to be before."""
    discs, panels = _begun(n, rng), _placed(n, rng)
    n_before = rng.integers(before[0], before[1] + 1, n)
    flown, now = [discs.position], discs
    for _ in range(n_frames + _EXTRA_FRAMES - 1):
        now = fly(now, 1 / RATE_HZ, n_substeps=_SUBSTEPS)
        flown.append(now.position)
    positions = np.stack(flown, axis=1)
    behind = panels.inside(positions[:, :, 0]) > 0
    seen = np.cumsum(behind, axis=1)
    # A hiding begins at frame t if the centre is behind the panel then, and was not in the frames asked for before.
    start = np.arange(behind.shape[1]) - n_before[:, None]
    earlier = np.take_along_axis(seen, np.maximum(start - 1, 0), axis=1) * (start > 0)
    begins = behind & (start >= 0) & (start <= _EXTRA_FRAMES)
    begins &= (seen - 1) == earlier
    kept = np.flatnonzero(begins.any(axis=1))
    first = begins[kept].argmax(axis=1) - n_before[kept]
    cut = positions[kept[:, None], first[:, None] + np.arange(n_frames)]
    some = Discs(discs.position[kept], discs.velocity[kept], discs.radius[kept], discs.gravity[kept])
    return (
        some,
        replace(panels, centre=panels.centre[kept], half=panels.half[kept], angle=panels.angle[kept]),
        cut,
        n_before[kept],
    )


def _begun(n: int, rng: np.random.Generator) -> Discs:
    """Discs at their start: each in a cell of its own of a 3 x 3 grid."""
    radius = np.concatenate(
        [rng.uniform(*_MAIN_RADIUS, (n, 1)), rng.uniform(*_OTHER_RADIUS, (n, MAX_OBJECTS - 1))], axis=1
    )
    cell = np.argsort(rng.random((n, 9)), axis=1)[:, :MAX_OBJECTS]
    free = (1 / 6 - radius)[..., None] * rng.uniform(-1, 1, (n, MAX_OBJECTS, 2))
    position = (np.stack([cell % 3, cell // 3], axis=-1) + 0.5) / 3 + free
    speed = np.concatenate(
        [rng.uniform(*_MAIN_SPEED, (n, 1)), rng.uniform(*_OTHER_SPEED, (n, MAX_OBJECTS - 1))], axis=1
    )
    bearing = rng.uniform(0, 2 * np.pi, radius.shape)
    velocity = speed[..., None] * np.stack([np.cos(bearing), np.sin(bearing)], axis=-1)
    position[np.arange(MAX_OBJECTS) >= rng.integers(1, MAX_OBJECTS + 1, (n, 1))] = np.nan
    gravity = rng.uniform(*_GRAVITY, n) * (rng.random(n) < _SHARE_OF_GRAVITY)
    return Discs(position, velocity, radius, gravity)


def _placed(n: int, rng: np.random.Generator) -> _Panels:
    """Panels in the room, lying or standing, a little tilted, in some clips up to a wall."""
    half = np.stack([rng.uniform(*_HALF_LENGTH, n), rng.uniform(*_HALF_WIDTH, n)], axis=1)
    angle = rng.integers(0, 2, n) * np.pi / 2 + rng.uniform(-_TILT, _TILT, n)
    return _Panels(rng.uniform(0.2, 0.8, (n, 2)), half, angle)


def _pictures(
    discs: Discs, panels: _Panels, positions: npt.NDArray[np.float64], size: int, rng: np.random.Generator
) -> npt.NDArray[np.uint8]:
    n, n_frames = positions.shape[:2]
    shape = rng.choice(_OBJECT_SHAPES, (n, MAX_OBJECTS))
    texture = rng.integers(len(TEXTURES), size=shape.shape)
    colours = rng.uniform(0, 255, (shape.size, 2, 3)).astype(np.float32)
    radius_px = (discs.radius * size).ravel().astype(np.float32)
    sprites = make_sprites(shape.ravel(), texture.ravel(), colours, radius_px, rng)
    spin = rng.normal(0, 1.0, shape.shape)[:, None] * (np.arange(n_frames)[:, None] / RATE_HZ)
    angles = rng.uniform(0, 2 * np.pi, shape.shape)[:, None] + spin
    still = np.zeros((n, n_frames, 2), dtype=np.int64)
    frames = drawn(Scene(patterned_walls(n, size, rng), still, sprites, positions, angles), size)
    _cover(frames, *_panel_pictures(panels, size, rng))
    return frames


def _panel_pictures(
    panels: _Panels, size: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Opacity (n, size, size, 1) in [0, 1], soft at the edge, and colour (n, size, size, 3) of panels."""
    n = len(panels.angle)
    axis = (np.arange(size) + 0.5) / size
    grid = np.stack(np.broadcast_arrays(axis, 1 - axis[:, None]), axis=-1)
    opacity = np.clip(panels.inside(np.broadcast_to(grid, (n, *grid.shape))) * size + 0.5, 0, 1)
    pattern = waves(n, size, rng) * (rng.random((n, 1, 1)) < 0.5)
    first, second = rng.uniform(0, 255, (2, n, 1, 1, 3))
    colour = first + (second - first) * pattern[..., None]
    return opacity[..., None].astype(np.float32), colour.astype(np.float32)


def _cover(
    frames: npt.NDArray[np.uint8], opacity: npt.NDArray[np.float32], colour: npt.NDArray[np.float32]
) -> None:
    """Draw panels over the frames of each clip, in place."""
    for clip, alpha, paint in zip(frames, opacity, colour, strict=True):
        rows, columns = (np.flatnonzero((alpha[..., 0] > 0).any(axis=side)) for side in (1, 0))
        box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        under = clip[:, *box].astype(np.float32)
        clip[:, *box] = (under + (paint[box] - under) * alpha[box]).astype(np.uint8)
