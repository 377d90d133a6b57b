"""Discs that bounce elastically off the walls of a unit box and off one another, many boxes at once.

Each step is a free flight with half of gravity's push before and after it (velocity Verlet), folded at the
walls; then discs that overlap and approach exchange momentum along the line of their centres. Without gravity
the energy is the same to rounding.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import numpy.typing as npt

__all__ = ["Discs", "energy", "fly"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Discs:
    """Discs in boxes; absent ones have NaN places.

    Parameters
    ----------
    position, velocity : array of shape (n_boxes, n_discs, 2)
        x to the right and y up, in sides of the box, and sides per second.
    radius : array of shape (n_boxes, n_discs)
        Radii in sides; the mass is the square.
    gravity : array of shape (n_boxes,)
        Downward acceleration in sides per second squared, 0 or more.
    """

    position: Array
    velocity: Array
    radius: Array
    gravity: Array


def fly(discs: Discs, duration_s: float, *, n_substeps: int) -> Discs:
    """The same discs after `duration_s`, in `n_substeps` equal steps."""
    dt = duration_s / n_substeps
    push = np.stack([np.zeros_like(discs.gravity), -discs.gravity], axis=-1)[:, None] * dt / 2
    position, velocity = discs.position, discs.velocity
    for _ in range(n_substeps):
        velocity = velocity + push
        position, velocity = _folded(position + velocity * dt, velocity, discs.radius[..., None])
        velocity = _collided(position, velocity + push, discs.radius)
    return replace(discs, position=position, velocity=velocity)


def energy(discs: Discs) -> Array:
    """Kinetic and potential energy of each box, of shape (n_boxes,); a disc's mass is its radius squared."""
    height = discs.gravity[:, None] * discs.position[..., 1]
    each = discs.radius**2 * ((discs.velocity**2).sum(axis=-1) / 2 + height)
    total: Array = np.nansum(each, axis=1)
    return total


def _folded(position: Array, velocity: Array, radius: Array) -> tuple[Array, Array]:
    """Mirror what flew through a wall, and its velocity."""
    low, high = position < radius, position > 1 - radius
    position = np.where(low, 2 * radius - position, np.where(high, 2 * (1 - radius) - position, position))
    return position, np.where(low | high, -velocity, velocity)


def _collided(position: Array, velocity: Array, radius: Array) -> Array:
    """Exchange momentum between discs that overlap and approach; mass is radius squared."""
    velocity = velocity.copy()
    for a, b in combinations(range(radius.shape[1]), 2):
        apart = position[:, b] - position[:, a]
        distance = np.maximum(np.hypot(apart[:, 0], apart[:, 1]), 1e-12)
        normal = apart / distance[:, None]
        closing = ((velocity[:, a] - velocity[:, b]) * normal).sum(axis=1)
        hit = (distance < radius[:, a] + radius[:, b]) & (closing > 0)
        mass_a, mass_b = radius[:, a] ** 2, radius[:, b] ** 2
        impulse = np.where(hit, 2 * closing / (mass_a + mass_b), 0.0)[:, None] * normal
        velocity[:, a] -= np.where(hit[:, None], impulse * mass_b[:, None], 0.0)
        velocity[:, b] += np.where(hit[:, None], impulse * mass_a[:, None], 0.0)
    return velocity
