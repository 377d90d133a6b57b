"""Mental-Pong as it is played: pace and paddle, for the environment and for the page on which people play."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .mental_pong import BALL_RADIUS_DEG, HALF_ARENA_DEG, OCCLUDER_START_DEG, STILL_MS, PongCondition
from .pong_frames import BALL_GREY, OCCLUDER_GREY, PADDLE_GREY, PADDLE_HALF_LENGTH_DEG, PADDLE_WIDTH_DEG

__all__ = ["FRAME_MS", "PADDLE_SPEED_DEG_PER_MS", "game_rules"]

FRAME_MS = 1000.0 / 60.0
PADDLE_SPEED_DEG_PER_MS = 0.01  # as quoted of the joystick


def game_rules(conditions: Sequence[PongCondition]) -> dict[str, Any]:
    """Everything that a player elsewhere has to know to play the same trials, as JSON.

    Parameters
    ----------
    conditions : sequence of PongCondition
        The trials.

    Returns
    -------
    rules : dict
        Lengths in deg, times in ms, speeds in deg/s (ball) and deg/ms (paddle), brightness 0..255, headings in
        radians against the x axis; y upwards, (0, 0) in the middle of the arena.
    """
    return {
        "half_arena_deg": HALF_ARENA_DEG,
        "ball_radius_deg": BALL_RADIUS_DEG,
        "occluder_deg": OCCLUDER_START_DEG,
        "still_ms": STILL_MS,
        "frame_ms": FRAME_MS,
        "paddle_speed_deg_per_ms": PADDLE_SPEED_DEG_PER_MS,
        "paddle_half_length_deg": PADDLE_HALF_LENGTH_DEG,
        "paddle_width_deg": PADDLE_WIDTH_DEG,
        "greys": {"ball": BALL_GREY, "occluder": OCCLUDER_GREY, "paddle": PADDLE_GREY},
        "conditions": [
            {"name": one.identifier, "x0": one.x0, "y0": one.y0, "heading": one.heading, "speed": one.speed}
            for one in conditions
        ],
    }
