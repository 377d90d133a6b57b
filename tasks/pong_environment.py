"""Mental-Pong to be played: a gymnasium environment with the ball, the occluder and a paddle.

Needs the extra ``environment``. ``gymnasium.make("innerscore.tasks.gym:MentalPong-v0")`` makes one.
"""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from ..core.errors import InvalidArgumentError
from .mental_pong import HALF_ARENA_DEG, STILL_MS, PongCondition, ball_state, sample_conditions
from .pong_frames import PADDLE_HALF_LENGTH_DEG, draw_frames
from .pong_play import FRAME_MS, PADDLE_SPEED_DEG_PER_MS

__all__ = ["MentalPong"]

_DIRECTIONS = (0, 1, -1)

Frame = npt.NDArray[np.uint8]


class MentalPong(gymnasium.Env[Frame, np.int64]):
    """Move a paddle to where a ball will arrive that goes out of sight on its way.

    An episode is one trial, a step one frame at 60 Hz; the ball rests for 300 ms, then moves. Physics and
    conditions are the published ones (Rajalingham et al. 2022). Length of the paddle (2.5 deg) and reward are
    not public; ours are a reward of 1 at the end if the paddle meets the ball's centre, else 0.

    Parameters
    ----------
    size : int, default=64
        Height and width of a frame in pixels.
    render_mode : {"rgb_array"} or None
        Gymnasium's.

    Notes
    -----
    Observation: uint8 (size, size, 3). Actions: 0 stay, 1 up, 2 down. ``reset(options={"condition": c})``
    plays a given :class:`~innerscore.tasks.mental_pong.PongCondition`; otherwise one is drawn by the seed.
    The last step's info has ``endpoint_error_deg``, the paddle's height less the ball's.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 60}  # noqa: RUF012  (declared so by gymnasium)

    def __init__(self, size: int = 64, render_mode: str | None = None) -> None:
        if render_mode not in (None, "rgb_array"):
            raise InvalidArgumentError(
                "The 'render_mode' parameter", got=repr(render_mode), needed="'rgb_array' or None"
            )
        self.render_mode = render_mode
        self.action_space = spaces.Discrete(len(_DIRECTIONS))
        self.observation_space = spaces.Box(0, 255, (size, size, 3), np.uint8)
        self._size = size
        self._condition: PongCondition | None = None
        self._time_ms, self._paddle_y = 0.0, 0.0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Frame, dict[str, Any]]:
        """Begin a trial: the ball rests, the paddle is at the centre."""
        super().reset(seed=seed)
        given = (options or {}).get("condition")
        self._condition = given if given is not None else self._drawn_condition()
        self._time_ms, self._paddle_y = -STILL_MS, 0.0
        return self._frame(), {"condition": self._condition}

    def step(self, action: np.int64) -> tuple[Frame, float, bool, bool, dict[str, Any]]:
        """One frame: the paddle moves at the joystick's speed, or stays."""
        condition = self._playing()
        moved = self._paddle_y + _DIRECTIONS[int(action)] * PADDLE_SPEED_DEG_PER_MS * FRAME_MS
        self._paddle_y = float(np.clip(moved, -HALF_ARENA_DEG, HALF_ARENA_DEG))
        self._time_ms += FRAME_MS
        done = self._time_ms >= condition.end_ms
        info: dict[str, Any] = {"paddle_y_deg": self._paddle_y}
        if done:
            info["endpoint_error_deg"] = self._paddle_y - condition.final_y
        hit = done and abs(info["endpoint_error_deg"]) <= PADDLE_HALF_LENGTH_DEG
        return self._frame(), float(hit), done, False, info

    def render(self) -> Frame | None:
        """The present frame, or nothing without a render mode."""
        return self._frame() if self.render_mode == "rgb_array" else None

    def _drawn_condition(self) -> PongCondition:
        bounces = int(self.np_random.integers(2))
        seed = int(self.np_random.integers(2**31))
        return sample_conditions(1, n_bounce=bounces, seed=seed)[0]

    def _frame(self) -> Frame:
        ball = ball_state(self._playing(), np.array([self._time_ms]))
        grey = draw_frames(ball.x, ball.y, size=self._size, paddle_y=np.array([self._paddle_y]))[0]
        return np.repeat(grey[..., None], 3, axis=2)

    def _playing(self) -> PongCondition:
        if self._condition is None:
            raise InvalidArgumentError(
                "The environment", got="no trial yet", needed="reset", hint="Call reset() first."
            )
        return self._condition
