"""Mental-Pong as frames: a white ball on black that moves behind a grey occluder.

The renderer of the primate experiment is not public; ours draws what the published recurrent networks were
shown (black ground, white disc, occluder of half brightness over it, no paddle), at any size, with smooth
edges so that the ball's position survives small frames.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..core.errors import InvalidArgumentError
from ..core.stimuli import FrameClip
from .mental_pong import (
    BALL_RADIUS_DEG,
    HALF_ARENA_DEG,
    OCCLUDER_START_DEG,
    STILL_MS,
    PongCondition,
    ball_state,
)

__all__ = [
    "BALL_GREY",
    "OCCLUDER_GREY",
    "PADDLE_GREY",
    "PADDLE_HALF_LENGTH_DEG",
    "PADDLE_WIDTH_DEG",
    "draw_frames",
    "frame_times_ms",
    "render_trial",
]

BALL_GREY = 255
OCCLUDER_GREY = 128
PADDLE_GREY = 192
PADDLE_HALF_LENGTH_DEG = 1.25  # not public; ours
PADDLE_WIDTH_DEG = 0.5
_SUBPIXELS = 8


def frame_times_ms(condition: PongCondition, *, rate_hz: float = 60.0) -> npt.NDArray[np.float64]:
    """Onset of each frame in ms after motion onset; the first 300 ms, before it, are negative.

    Returns
    -------
    times_ms : array of shape (n_frames,)
        The last frame is the last one before the ball's centre reaches the right edge.
    """
    n_still = round(STILL_MS * rate_hz / 1000)
    n_moving = int(np.floor(condition.end_ms * rate_hz / 1000)) + 1
    return np.arange(-n_still, n_moving, dtype=np.float64) * (1000.0 / rate_hz)


def render_trial(condition: PongCondition, *, size: int = 64, rate_hz: float = 60.0) -> FrameClip:
    """Draw a trial.

    Parameters
    ----------
    condition : PongCondition
        The trial.
    size : int, default=64
        Height and width in pixels, 16 or more.
    rate_hz : float, default=60.0
        Frames per second.

    Returns
    -------
    clip : FrameClip
        ``context_frames`` counts the frames before the ball's centre reaches the occluder.
    """
    times = frame_times_ms(condition, rate_hz=rate_hz)
    ball = ball_state(condition, times)
    grey = draw_frames(ball.x, ball.y, size=size)
    return FrameClip(
        identifier=condition.identifier,
        frames=np.repeat(grey[..., None], 3, axis=3),
        rate_hz=rate_hz,
        degrees_per_pixel=2 * HALF_ARENA_DEG / size,
        context_frames=int((ball.x < OCCLUDER_START_DEG).sum()),
    )


def draw_frames(
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    *,
    size: int = 64,
    paddle_y: npt.NDArray[np.float64] | None = None,
) -> npt.NDArray[np.uint8]:
    """Draw the ball, the occluder over it and, if requested, the paddle at the right edge.

    Parameters
    ----------
    x, y : array of shape (time,)
        Centre of the ball in deg.
    size : int, default=64
        Height and width in pixels, 16 or more.
    paddle_y : array of shape (time,), optional
        Centre of the paddle in deg; it is drawn over the occluder. Its size is our choice.

    Returns
    -------
    grey : uint8 array of shape (time, size, size)
    """
    if size < 16:
        raise InvalidArgumentError("The 'size' parameter", got=size, needed="16 or more")
    grey = _draw_discs(x, y, size)
    grey[:, :, _columns_from(OCCLUDER_START_DEG, size)] = OCCLUDER_GREY
    if paddle_y is not None:
        height = HALF_ARENA_DEG - (np.arange(size) + 0.5) * 2 * HALF_ARENA_DEG / size
        on_paddle = np.abs(height - paddle_y[:, None]) <= PADDLE_HALF_LENGTH_DEG
        columns = grey[:, :, _columns_from(HALF_ARENA_DEG - PADDLE_WIDTH_DEG, size)]
        columns[np.broadcast_to(on_paddle[..., None], columns.shape)] = PADDLE_GREY
    return grey


def _draw_discs(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], size: int) -> npt.NDArray[np.uint8]:
    """White discs on black, one a frame; a pixel is as bright as the share of it that the disc covers."""
    pixel = 2 * HALF_ARENA_DEG / size
    column, row = (x + HALF_ARENA_DEG) / pixel - 0.5, (HALF_ARENA_DEG - y) / pixel - 0.5
    reach = int(np.ceil(BALL_RADIUS_DEG / pixel + 1))
    offsets = np.arange(-reach, reach + 1)
    columns, rows = (np.round(centre).astype(int)[:, None] + offsets for centre in (column, row))
    cover = _disc_cover(columns - column[:, None], rows - row[:, None], BALL_RADIUS_DEG / pixel)
    grey = np.zeros((len(x), size, size), dtype=np.uint8)
    index = np.broadcast_arrays(np.arange(len(x))[:, None, None], rows[:, :, None], columns[:, None, :])
    inside = ((index[1] >= 0) & (index[1] < size)) & ((index[2] >= 0) & (index[2] < size))
    grey[tuple(axis[inside] for axis in index)] = np.round(BALL_GREY * cover[inside]).astype(np.uint8)
    return grey


def _disc_cover(
    dx: npt.NDArray[np.float64], dy: npt.NDArray[np.float64], radius: float
) -> npt.NDArray[np.float64]:
    """Share of each pixel that a disc covers, from 8 x 8 points in the pixel.

    `dx` and `dy`, of shape (time, side), are the pixels' distances from the centre; all in pixels.
    """
    points = (np.arange(_SUBPIXELS) + 0.5) / _SUBPIXELS - 0.5
    squared_x = (dx[..., None] + points)[:, None, :, None, :] ** 2
    squared_y = (dy[..., None] + points)[:, :, None, :, None] ** 2
    inside: npt.NDArray[np.bool_] = squared_x + squared_y <= radius**2
    return np.asarray(inside.mean(axis=(-2, -1)))


def _columns_from(x: float, size: int) -> slice:
    """Pixels from a place in deg to the right edge."""
    return slice(round(size * (x + HALF_ARENA_DEG) / (2 * HALF_ARENA_DEG)), size)
