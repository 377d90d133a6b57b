"""Walks through an arena: an Ornstein-Uhlenbeck rat, and self-motion stimuli from any path.

The rat's parameters are those that RatInABox fitted to the paths of Sargolini et al. (2006): rotational
velocity with standard deviation 120 deg/s and time constant 0.08 s, Rayleigh speed of scale 0.08 m/s (mean
0.1 m/s) with time constant 0.7 s, repulsion from walls nearer than 0.1 m (George et al. 2024, eLife).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from ..core.errors import InvalidArgumentError
from ..core.seeds import generator
from ..core.stimuli import SelfMotion

__all__ = ["headings", "motion_from_path", "ornstein_uhlenbeck_paths", "resampled", "resampled_path"]

_ROTATION_SD, _ROTATION_TAU_S = np.deg2rad(120.0), 0.08
_SPEED_SCALE, _SPEED_TAU_S = 0.08, 0.7
_WALL_DISTANCE_M = 0.1
_MARGIN_M = 1e-4


def ornstein_uhlenbeck_paths(
    n_walks: int,
    duration_s: float,
    *,
    arena_m: tuple[float, float] = (1.0, 1.0),
    rate_hz: float = 50.0,
    thigmotaxis: float = 0.5,
    start_m: npt.NDArray[np.float64] | None = None,
    seed: int = 0,
) -> npt.NDArray[np.float64]:
    """Walk simulated rats, each alone, through a rectangular arena.

    Both processes are advanced by their exact transition, so their variance does not depend on the step.

    Parameters
    ----------
    n_walks : int
        Number of rats.
    duration_s : float
        Length of each walk in s.
    arena_m : tuple of float
        Width and height in m.
    rate_hz : float
        Samples per second.
    thigmotaxis : float, default=0.5
        Tendency of the rat to keep to the walls, in 0..1; 0.5 as published.
    start_m : array of shape (n_walks, 2), optional
        Start of each walk in m; drawn from the inner 80 % of the arena's sides by default.
    seed : int
        Seed of the walks.

    Returns
    -------
    paths : array of shape (n_walks, time, 2)
        Positions in m within the arena.

    Examples
    --------
    >>> ornstein_uhlenbeck_paths(2, 1.0).shape
    (2, 50, 2)
    """
    steps = int(duration_s * rate_hz)
    if steps < 1 or n_walks < 1:
        raise InvalidArgumentError(
            "The 'n_walks' and 'duration_s' parameters",
            got=f"{n_walks}, {duration_s}",
            needed="a step or more",
        )
    if not 0 <= thigmotaxis <= 1:
        raise InvalidArgumentError("The 'thigmotaxis' parameter", got=thigmotaxis, needed="in 0..1")
    rng, dt = generator(seed, "self-motion", "walk"), 1.0 / rate_hz
    sides = np.asarray(arena_m, dtype=np.float64)
    turns = _ornstein_uhlenbeck(rng, (steps, n_walks), dt, _ROTATION_TAU_S) * _ROTATION_SD
    speeds = _rayleigh(_ornstein_uhlenbeck(rng, (steps, n_walks), dt, _SPEED_TAU_S))
    start, heading = rng.uniform(0.1, 0.9, (n_walks, 2)) * sides, rng.uniform(0, 2 * np.pi, n_walks)
    start = start if start_m is None else _checked_starts(start_m, n_walks, sides)
    return _walk(start, heading, turns, speeds, dt, sides, thigmotaxis).transpose(1, 0, 2)


def motion_from_path(
    identifier: str, path: npt.NDArray[np.float64], *, rate_hz: float, arena_m: tuple[float, float]
) -> SelfMotion:
    """Turn positions into the self-motion that leads along them.

    Parameters
    ----------
    identifier : str
        Name of the stimulus.
    path : array of shape (time + 1, 2)
        Positions in m; the first is the start, each further one ends a step.
    rate_hz, arena_m : float, tuple of float
        Sampling rate and arena, as for :class:`~innerscore.core.stimuli.SelfMotion`.

    Returns
    -------
    motion : SelfMotion
        Stimulus with head direction set to the direction of movement.
    """
    velocity = np.diff(path, axis=0) * rate_hz
    return SelfMotion(
        identifier=identifier,
        velocity=velocity,
        rate_hz=rate_hz,
        start_position=path[0],
        arena_m=arena_m,
        head_direction=headings(velocity),
    )


def resampled(path: npt.NDArray[np.float64], *, from_hz: float, to_hz: float) -> npt.NDArray[np.float64]:
    """Resample a path of even steps to another rate by linear interpolation."""
    return resampled_path(np.arange(len(path)) / from_hz, path, rate_hz=to_hz)


def resampled_path(
    times_s: npt.NDArray[np.float64], path: npt.NDArray[np.float64], *, rate_hz: float
) -> npt.NDArray[np.float64]:
    """Resample a path, as it was sampled in time, to even steps by linear interpolation.

    Parameters
    ----------
    times_s : array of shape (time,)
        Increasing.
    path : array of shape (time, n_columns)
        Positions, or anything else that goes along.
    rate_hz : float
        Steps per second wanted.

    Returns
    -------
    resampled : array of shape (steps, n_columns)
        Columns from the first time on, at even steps before the last time.
    """
    target = np.arange(0, times_s[-1] - times_s[0], 1.0 / rate_hz) + times_s[0]
    return np.stack([np.interp(target, times_s, column) for column in path.T], axis=1)


def headings(vectors: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Angle of vectors with the x axis, anticlockwise.

    Parameters
    ----------
    vectors : array of shape (..., 2)

    Returns
    -------
    headings : array of shape (...)
        In radians, in [-pi, pi].
    """
    return _of_each(math.atan2, vectors[..., 1], vectors[..., 0])


def _of_each(function: Callable[..., float], *arrays: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """A function of :mod:`math` applied to each element.

    The last bit of numpy's exp, log1p and arctan2 depends on its version, and a walk that meets walls makes 1e-6
    m/s of it: another stimulus, and another column of the board.
    """
    flat = (np.asarray(array, dtype=np.float64).ravel().tolist() for array in arrays)
    return np.array(list(map(function, *flat)), dtype=np.float64).reshape(arrays[0].shape)


def _ornstein_uhlenbeck(
    rng: np.random.Generator, shape: tuple[int, int], dt: float, tau_s: float
) -> npt.NDArray[np.float64]:
    """Stationary unit Ornstein-Uhlenbeck processes (time, walk), sampled exactly."""
    decay = math.exp(-dt / tau_s)
    values = rng.standard_normal(shape)
    values[1:] *= math.sqrt(1 - decay**2)
    for step in range(1, len(values)):
        values[step] += decay * values[step - 1]
    return values


def _rayleigh(normal: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Rayleigh speeds in m/s with the correlation in time of a unit normal process."""
    uniform: npt.NDArray[np.float64] = np.clip(ndtr(normal), 0, 1 - 1e-12)
    return np.asarray(_SPEED_SCALE * np.sqrt(-2 * _of_each(math.log1p, -uniform)))


def _walk(
    position: npt.NDArray[np.float64],
    bearing: npt.NDArray[np.float64],
    turns: npt.NDArray[np.float64],
    speeds: npt.NDArray[np.float64],
    dt: float,
    sides: npt.NDArray[np.float64],
    thigmotaxis: float,
) -> npt.NDArray[np.float64]:
    """Advance all walks together; returns positions of shape (time, walk, 2)."""
    path, direction = np.empty((*turns.shape, 2)), np.empty_like(position)
    far_margin = sides - _MARGIN_M
    for step, (turned, speed) in enumerate(zip(turns * dt, speeds[:, :, None], strict=True)):
        bearing = bearing + turned
        np.cos(bearing, out=direction[:, 0])
        np.sin(bearing, out=direction[:, 1])
        push, shift = _wall_repulsion(position, sides, thigmotaxis)
        velocity = speed * direction + push * dt
        position = position + (velocity + shift) * dt
        within = _between(position, _MARGIN_M, far_margin)
        velocity = np.where(
            position == within, velocity, -velocity
        )  # a step through a wall turns back from it
        bearing = headings(velocity)
        path[step] = position = within
    return path


def _between(
    values: npt.NDArray[np.float64], low: float, high: float | npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Those of numpy.clip, which takes three times as long for a few values."""
    return np.minimum(np.maximum(values, low), high)


def _checked_starts(
    start_m: npt.NDArray[np.float64], n_walks: int, sides: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    start = np.asarray(start_m, dtype=np.float64)
    if start.shape != (n_walks, 2) or not ((start >= 0) & (start <= sides)).all():
        raise InvalidArgumentError(
            "The 'start_m' parameter",
            got=f"shape {start.shape}",
            needed=f"({n_walks}, 2), all within the arena",
        )
    return start


def _wall_repulsion(
    position: npt.NDArray[np.float64], sides: npt.NDArray[np.float64], th: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Acceleration (m/s2) and drift (m/s) away from walls nearer than 0.1 m, as RatInABox defines them."""
    v, d = _SPEED_SCALE, _WALL_DISTANCE_M
    near, far = (_between(d - gap, 0.0, d) for gap in (position, sides - position))
    push_by_depth, most_shift = 3 * (1 - th) ** 2 * (v / d) ** 2, 6 * th**2 * v
    shift_near, shift_far = (most_shift * (1 - np.sqrt(1 - (depth / d) ** 2)) for depth in (near, far))
    return push_by_depth * near - push_by_depth * far, shift_near - shift_far
