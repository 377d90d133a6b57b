"""Mental-Pong: the physics of the ball, the occluder, and the published distribution of conditions.

A ball starts at rest, moves at constant speed to the right, may bounce once off the upper or lower wall,
goes behind an occluder and ends at the right edge, where a paddle has to meet it (Rajalingham, Sohn &
Jazayeri 2025). Positions are in degrees of visual angle, the screen's centre at (0, 0), y upwards.

The task was defined in a frame of 32 x 32 units with steps of 1/24 s; ``deg = 10 (u - 16) / 16``. The ball's
centre reflects at +-9.6 deg, since the ball's radius for bounces is 0.4 deg.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..core.errors import InvalidArgumentError
from ..core.seeds import generator

__all__ = [
    "BALL_RADIUS_DEG",
    "HALF_ARENA_DEG",
    "OCCLUDER_START_DEG",
    "STEP_MS",
    "STILL_MS",
    "BallState",
    "PongCondition",
    "ball_state",
    "sample_conditions",
]

HALF_ARENA_DEG = 10.0
BALL_RADIUS_DEG = 0.4
WALL_DEG = HALF_ARENA_DEG - BALL_RADIUS_DEG
OCCLUDER_START_DEG = 5.0
STEP_MS = 1000.0 / 24.0
STILL_MS = 300.0

_DEG_PER_UNIT = 10.0 / 16.0
_X_START = 32 * np.arange(5, 55) / 100
_Y_START = 32 * np.arange(5, 95) / 100
_HEADINGS = np.linspace(-0.4 * np.pi, 0.4 * np.pi, 150)
_SPEEDS = np.array([0.25, 0.5, 0.75, 1.0])
_STEPS_ALLOWED = (15, 45)


@dataclass(frozen=True)
class PongCondition:
    """One trial's ball.

    Parameters
    ----------
    identifier : str
        Name of the condition.
    x0, y0 : float
        Start, in deg.
    heading : float
        Angle of the start velocity against the x axis, in radians.
    speed : float
        In deg/s.
    """

    identifier: str
    x0: float
    y0: float
    heading: float
    speed: float

    @property
    def velocity(self) -> tuple[float, float]:
        """Start velocity (x, y) in deg/s."""
        return self.speed * float(np.cos(self.heading)), self.speed * float(np.sin(self.heading))

    @property
    def occlusion_ms(self) -> float:
        """Time from motion onset to the ball's centre reaching the occluder, in ms."""
        return 1000 * (OCCLUDER_START_DEG - self.x0) / self.velocity[0]

    @property
    def end_ms(self) -> float:
        """Time from motion onset to the ball's centre reaching the right edge, in ms."""
        return 1000 * (HALF_ARENA_DEG - self.x0) / self.velocity[0]

    @property
    def n_bounces(self) -> int:
        """How often the ball meets a wall before the end."""
        unfolded = self.y0 + self.velocity[1] * self.end_ms / 1000
        return int(np.floor((abs(unfolded) + WALL_DEG) / (2 * WALL_DEG)))

    @property
    def final_y(self) -> float:
        """Height at which the ball meets the right edge, in deg."""
        return float(ball_state(self, np.array([self.end_ms])).y[0])


@dataclass(frozen=True, eq=False)
class BallState:
    """The ball over time, each an array of shape (time,): position in deg, velocity in deg/s."""

    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    dx: npt.NDArray[np.float64]
    dy: npt.NDArray[np.float64]


def ball_state(condition: PongCondition, times_ms: npt.NDArray[np.float64]) -> BallState:
    """The ball at given times, in closed form; at rest before motion onset, and at the end after it.

    Parameters
    ----------
    condition : PongCondition
        The trial.
    times_ms : array of shape (time,)
        In ms after motion onset; negative while the ball is still.

    Returns
    -------
    state : BallState
        The elastic bounce is a reflection, so the height is the straight line folded at the walls.
    """
    times = np.asarray(times_ms, dtype=np.float64)
    elapsed = np.clip(times, 0.0, condition.end_ms) / 1000
    vx, vy = condition.velocity
    y, direction = _fold(condition.y0 + vy * elapsed)
    moving = (times >= 0) & (times <= condition.end_ms)
    return BallState(condition.x0 + vx * elapsed, y, vx * moving.astype(np.float64), vy * direction * moving)


def sample_conditions(
    n: int, *, n_bounce: int, seed: int, speeds: npt.ArrayLike | None = None
) -> tuple[PongCondition, ...]:
    """Draw conditions from the published distribution, with a stated number of bounces.

    Start and heading lie on the published grid; a condition is admitted if the ball is visible for 15 to 45
    steps, hidden for 15 to 45 steps and bounces at most once (Rajalingham, Piccato & Jazayeri 2022).

    Parameters
    ----------
    n : int
        Number of conditions.
    n_bounce : int
        How many of them bounce once; the others do not. The two kinds are shuffled.
    seed : int
        Seed of the draw.
    speeds : array of shape (n_speeds,), optional
        In frame units a step; default the published four, 0.25 to 1.

    Raises
    ------
    InvalidArgumentError
        If `n_bounce` is not in 0..n.
    """
    if not 0 <= n_bounce <= n:
        raise InvalidArgumentError("The 'n_bounce' parameter", got=n_bounce, needed=f"in 0..{n}")
    rng = generator(seed, "mental-pong", "conditions")
    chosen_speeds = _SPEEDS if speeds is None else np.asarray(speeds, dtype=np.float64)
    wanted = {0: n - n_bounce, 1: n_bounce}
    found: dict[int, list[PongCondition]] = {0: [], 1: []}
    while any(len(found[k]) < wanted[k] for k in wanted):
        condition = _draw(rng, chosen_speeds)
        if _is_admitted(condition) and len(found[condition.n_bounces]) < wanted[condition.n_bounces]:
            found[condition.n_bounces].append(condition)
    drawn = [*found[0], *found[1]]
    return tuple(_renamed(drawn[i], f"pong-{k:03d}") for k, i in enumerate(rng.permutation(n)))


def _fold(y: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Fold a straight line at the walls: the height, and +-1 for the direction of travel kept or turned."""
    phase = np.mod(y + WALL_DEG, 4 * WALL_DEG)
    turned = phase > 2 * WALL_DEG
    return np.where(turned, 3 * WALL_DEG - phase, phase - WALL_DEG), np.where(turned, -1.0, 1.0)


def _draw(rng: np.random.Generator, speeds: npt.NDArray[np.float64]) -> PongCondition:
    x, y = rng.choice(_X_START), rng.choice(_Y_START)
    heading, speed = rng.choice(_HEADINGS), rng.choice(speeds)
    return PongCondition(
        identifier="",
        x0=float(_DEG_PER_UNIT * (x - 16)),
        y0=float(_DEG_PER_UNIT * (y - 16)),
        heading=float(heading),
        speed=float(speed * _DEG_PER_UNIT * 1000 / STEP_MS),
    )


def _is_admitted(condition: PongCondition) -> bool:
    visible = int(np.ceil(condition.occlusion_ms / STEP_MS))
    hidden = int(np.ceil(condition.end_ms / STEP_MS)) - visible
    low, high = _STEPS_ALLOWED
    return low <= visible <= high and low <= hidden <= high and condition.n_bounces <= 1


def _renamed(condition: PongCondition, identifier: str) -> PongCondition:
    return PongCondition(identifier, condition.x0, condition.y0, condition.heading, condition.speed)
