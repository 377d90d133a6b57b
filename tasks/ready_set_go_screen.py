"""The screen of ready-set-go: drawn from what is on it, and read back to what is on it.

Geometry and colours are those of the task's public configuration (github.com/hansem/RSG2prior): black ground; at
the centre a disc, the mark of the eye, and 0.5 deg below it the outline of a square, the mark of the hand; a white
target 10 deg to the right or left. The mark of the effector in use is red for short intervals and blue for long
ones, the other is white. Ready and Set are the same flash, a white ring about the marks.

Two sizes are ours. The ring was 0.1 deg thick, a third of a pixel in frames of 64 pixels; here it is 0.5 deg, about
the same middle line. The line of the square is not public; here it is 0.125 deg.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ..core.errors import InvalidArgumentError, InvalidDataError
from ..core.stimuli import FrameClip

__all__ = ["HALF_FIELD_DEG", "Screens", "draw_screens", "read_screens"]

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

HALF_FIELD_DEG = 11.0

_SMALLEST = 32
_SUBPIXELS = 8
_DISC_DEG, _SQUARE_DEG = (0.0, 0.0), (0.0, -0.5)
_MARK_DEG, _LINE_DEG = 0.5, 0.125
_TARGET_DEG = 10.0
_RING_DEG = (0.0, -0.25)
_RING_RADIUS_DEG, _RING_THICKNESS_DEG = 1.05, 0.5
_RED, _BLUE, _WHITE = (255.0, 0.0, 0.0), (0.0, 0.0, 255.0), (255.0, 255.0, 255.0)
_TOLERANCE = 2  # grey levels between a frame and the screen that is read from it, drawn again


@dataclass(frozen=True, eq=False)
class Screens:
    """All that differs between screens; each an array of bool of shape (frame,).

    Parameters
    ----------
    flash : array
        Whether the ring is there.
    short : array
        Whether the colour is that of short intervals, not of long ones.
    eye : array
        Whether the coloured mark is that of the eye, not of the hand.
    right : array
        Whether the target is on the right, not on the left.
    """

    flash: Flags
    short: Flags
    eye: Flags
    right: Flags


def draw_screens(screens: Screens, *, size: int = 64) -> npt.NDArray[np.uint8]:
    """Draw screens as square frames of 22 deg; a pixel has of each shape the share of it that the shape covers.

    Parameters
    ----------
    screens : Screens
        The screens.
    size : int, default=64
        Height and width in pixels, 32 or more.

    Returns
    -------
    frames : uint8 array of shape (frame, size, size, 3)

    Raises
    ------
    InvalidArgumentError
        If the frames are too small to tell the two marks apart.
    """
    if size < _SMALLEST:
        raise InvalidArgumentError("The 'size' parameter", got=size, needed=f"{_SMALLEST} or more")
    pixels = _drawn(screens, _shapes(size, size, 2 * HALF_FIELD_DEG / size))
    return pixels.reshape(-1, size, size, 3)


def read_screens(clip: FrameClip) -> Screens:
    """Read off its pixels what each frame of a clip shows, from that frame alone.

    The colours of the shapes are fitted by least squares; the screen they tell, drawn again, has to be the frame.

    Raises
    ------
    InvalidDataError
        If a frame is no screen of this task.
    """
    shapes = _shapes(*clip.frames.shape[1:3], clip.degrees_per_pixel)
    pixels = clip.frames.reshape(clip.n_steps, -1, 3)
    disc, square, ring, left, right = np.moveaxis(np.linalg.pinv(shapes.T) @ pixels, 1, 0)
    eye = disc[:, 1] < square[:, 1]  # red and blue have no green
    mark = np.where(eye[:, None], disc, square)
    screens = Screens(ring[:, 1] > 128, mark[:, 0] > mark[:, 2], eye, right[:, 1] > left[:, 1])
    _check_same(_drawn(screens, shapes), pixels, clip.identifier)
    return screens


def _check_same(drawn: npt.NDArray[np.uint8], seen: npt.NDArray[np.uint8], name: str) -> None:
    apart = np.abs(drawn.astype(np.int16) - seen).max(axis=(1, 2))
    wrong = np.flatnonzero(apart > _TOLERANCE)
    if len(wrong):
        raise InvalidDataError(
            f"Frame {wrong[0]} of the clip '{name}'",
            got=f"{apart[wrong[0]]} grey levels away from the screen of ready-set-go that is most like it",
            needed=f"a screen of ready-set-go, within {_TOLERANCE} grey levels",
            hint="Only clips drawn by innerscore.tasks.ready_set_go can be read.",
        )


def _drawn(screens: Screens, shapes: Array) -> npt.NDArray[np.uint8]:
    """Screens drawn with given shapes, of shape (frame, pixel, 3); each distinct screen is drawn once."""
    codes = np.stack([screens.flash, screens.short, screens.eye, screens.right], axis=-1)
    distinct, of_frame = np.unique(codes, axis=0, return_inverse=True)
    drawn = np.stack([shapes.T @ _colours(*map(bool, code)) for code in distinct])
    pixels: npt.NDArray[np.uint8] = np.round(drawn).astype(np.uint8)[of_frame.ravel()]
    return pixels


def _colours(flash: bool, short: bool, eye: bool, right: bool) -> Array:
    """Colour of disc, square, ring, left and right target, of shape (5, 3)."""
    coloured = np.array(_RED if short else _BLUE)
    white, none = np.array(_WHITE), np.zeros(3)
    marks = (coloured, white) if eye else (white, coloured)
    targets = (none, white) if right else (white, none)
    return np.stack([*marks, white if flash else none, *targets])


@lru_cache(maxsize=8)
def _shapes(height: int, width: int, degrees_per_pixel: float) -> Array:
    """Share of each pixel that disc, square, ring, left and right target cover, of shape (5, pixel)."""
    x = _points(width) * degrees_per_pixel
    y = -_points(height)[:, None] * degrees_per_pixel
    half, mark = _RING_THICKNESS_DEG / 2, _MARK_DEG / 2
    from_ring = np.hypot(x - _RING_DEG[0], y - _RING_DEG[1])
    from_square = np.maximum(np.abs(x - _SQUARE_DEG[0]), np.abs(y - _SQUARE_DEG[1]))
    covered = [
        np.hypot(x - _DISC_DEG[0], y - _DISC_DEG[1]) <= mark,
        (from_square <= mark) & (from_square > mark - _LINE_DEG),
        np.abs(from_ring - _RING_RADIUS_DEG) <= half,
        np.hypot(x + _TARGET_DEG, y) <= mark,
        np.hypot(x - _TARGET_DEG, y) <= mark,
    ]
    blocks = np.stack(covered).reshape(5, height, _SUBPIXELS, width, _SUBPIXELS)
    return np.asarray(blocks.mean(axis=(2, 4)).reshape(5, -1))


def _points(n_pixels: int) -> Array:
    """Sampled places along a side in pixels from its middle, several a pixel."""
    return (np.arange(n_pixels * _SUBPIXELS) + 0.5) / _SUBPIXELS - n_pixels / 2
