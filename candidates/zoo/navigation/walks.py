"""Walks to train path integrators on: the published generator's statistics, drawn afresh from a seed.

Sorscher et al. (2019) walk in steps of 0.02 s at 1.02 m/s on average, ten times a rat's speed. A step of
theirs, 2.05 cm with turns of 13.2 degrees, is what a rat does in 0.2 s: the Ornstein-Uhlenbeck rat of
:mod:`innerscore.tasks.self_motion` moves 2.0 cm in that time and turns by 17 degrees. Hence the same steps
stand here for 0.2 s.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from ....core.seeds import generator

__all__ = ["BOX_M", "STEP_S", "Motion", "Walks", "draw_walks", "motion_of"]

Array = npt.NDArray[np.float64]

BOX_M = 2.2
STEP_S = 0.2

_SPEED_SCALE_M = 0.13 * 2 * np.pi * 0.02  # Rayleigh, m a step
_TURN_SD = 11.52 * 0.02  # radians a step
_WALL_M = 0.03
_SLOWER = 0.25
_STILL_M = 1e-6


@dataclass(frozen=True, eq=False)
class Motion:
    """Steps of walks, as the walker feels them.

    Attributes
    ----------
    displacement : tensor of shape (..., 2)
        In m.
    heading : tensor of shape (...)
        Direction of the step, in radians; that of the step before where there is no movement.
    turn : tensor of shape (...)
        Change of heading since the step before, in radians.
    """

    displacement: torch.Tensor
    heading: torch.Tensor
    turn: torch.Tensor

    def __getitem__(self, which: object) -> Motion:
        return Motion(self.displacement[which], self.heading[which], self.turn[which])  # type: ignore[index]

    def to(self, target: str | torch.dtype) -> Motion:
        """The same on a device, or in another precision."""
        return Motion(self.displacement.to(target), self.heading.to(target), self.turn.to(target))

    @property
    def distance(self) -> torch.Tensor:
        """Length of each step in m, of shape (...)."""
        length: torch.Tensor = torch.linalg.vector_norm(self.displacement, dim=-1)
        return length


@dataclass(frozen=True, eq=False)
class Walks:
    """Walks of equal length.

    Attributes
    ----------
    start : tensor of shape (n_walks, 2)
        In m, the box's lower left corner at (0, 0).
    heading : tensor of shape (n_walks,)
        Before the first step, in radians.
    motion : Motion over (n_walks, n_steps)
    """

    start: torch.Tensor
    heading: torch.Tensor
    motion: Motion

    def __len__(self) -> int:
        return len(self.start)

    def __getitem__(self, which: slice) -> Walks:
        return Walks(self.start[which], self.heading[which], self.motion[which])

    def to(self, target: str | torch.dtype) -> Walks:
        """The same walks on a device, or in another precision."""
        return Walks(self.start.to(target), self.heading.to(target), self.motion.to(target))

    @property
    def n_steps(self) -> int:
        """Steps of each walk."""
        return self.motion.turn.shape[1]

    @property
    def positions(self) -> torch.Tensor:
        """Position at which each step ends, in m, of shape (n_walks, n_steps, 2)."""
        return self.start[:, None] + self.motion.displacement.cumsum(dim=1)


def draw_walks(n_walks: int, n_steps: int, *, seed: int) -> Walks:
    """Walk through the box of 2.2 x 2.2 m from uniform places and headings.

    Each step first turns by N(0, 13.2 degrees), then moves a Rayleigh distance (mean 2.05 cm) that no other
    step depends on. Nearer than 3 cm to the nearest wall and facing it, the walker turns to run along it and
    goes a quarter as far. As published it is not held inside the box beyond that.

    Parameters
    ----------
    n_walks, n_steps : int
    seed : int

    Returns
    -------
    walks : Walks
        In single precision.
    """
    rng = generator(seed, "navigation", "walks")
    distances = rng.rayleigh(_SPEED_SCALE_M, (n_steps, n_walks))
    turns = rng.normal(0, _TURN_SD, (n_steps, n_walks))
    start, begun = rng.uniform(0, BOX_M, (n_walks, 2)), rng.uniform(0, 2 * np.pi, n_walks)
    displacement, headings = _walk(start, begun, distances, turns)
    motion = motion_of(displacement.transpose(1, 0, 2), headings.T, begun[:, None])
    return Walks(torch.from_numpy(start).float(), torch.from_numpy(begun).float(), motion.to(torch.float32))


def motion_of(displacement: Array, heading: Array, begun: Array) -> Motion:
    """Steps whose headings are known.

    Parameters
    ----------
    displacement : array of shape (..., n_steps, 2)
    heading : array of shape (..., n_steps)
    begun : array of shape (..., 1)
        Heading before the first step.
    """
    turn = np.diff(heading, axis=-1, prepend=begun)
    return Motion(*(torch.from_numpy(np.ascontiguousarray(part)) for part in (displacement, heading, turn)))


def _walk(start: Array, begun: Array, distances: Array, turns: Array) -> tuple[Array, Array]:
    """Displacements (n_steps, n_walks, 2) and headings (n_steps, n_walks)."""
    position, heading = start, begun
    displacement, headings = np.empty((*turns.shape, 2)), np.empty(turns.shape)
    for step, (turn, distance) in enumerate(zip(turns, distances, strict=True)):
        along, facing = _turn_along_wall(position, heading)
        heading = heading + turn + along
        moved = np.where(facing, _SLOWER, 1.0) * distance
        displacement[step] = moved[:, None] * np.stack([np.cos(heading), np.sin(heading)], axis=-1)
        position, headings[step] = position + displacement[step], heading
    return displacement, headings


def _turn_along_wall(position: Array, heading: Array) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Turn that leaves the walker parallel to its nearest wall, and where it is so near that it has to."""
    gaps = np.stack([BOX_M - position[:, 0], BOX_M - position[:, 1], position[:, 0], position[:, 1]])
    outward = np.argmin(gaps, axis=0) * (np.pi / 2)  # right, top, left, bottom
    angle = (heading - outward + np.pi) % (2 * np.pi) - np.pi
    facing = (gaps.min(axis=0) < _WALL_M) & (np.abs(angle) < np.pi / 2)
    return np.where(facing, np.copysign(np.pi / 2, angle) - angle, 0.0), facing
