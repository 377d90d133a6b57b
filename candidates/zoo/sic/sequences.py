"""Training data of SIC: one sequence of steps, walked in many orders from one start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from ....core.seeds import generator

__all__ = ["MOST_STEP_M", "Sequences", "draw_sequences", "walks_in_box"]

Ints = npt.NDArray[np.int_]

# Each step is uniform over a square of this half side (m), where no other is said.
MOST_STEP_M = 0.15


@dataclass(frozen=True, eq=False)
class Sequences:
    """Paths from one start, by the distinct steps that they are made of.

    Attributes
    ----------
    steps : tensor of shape (n_distinct, 2)
        Displacement of each distinct step, in m.
    order : int tensor of shape (n_paths, n_steps)
        Index of the step that each path makes at each time.
    """

    steps: torch.Tensor
    order: torch.Tensor

    def to(self, device: str) -> Sequences:
        """The same on a device."""
        return Sequences(self.steps.to(device), self.order.to(device))

    def split(self, n_paths: int) -> list[Sequences]:
        """The same in parts of so many paths, each with the steps that it makes alone."""
        return [
            Sequences(self.steps[part.flatten()], torch.arange(part.numel()).reshape(part.shape))
            for part in torch.split(self.order, n_paths)
        ]

    @property
    def displacement(self) -> torch.Tensor:
        """Displacement of each step, in m, of shape (n_paths, n_steps, 2)."""
        return self.steps[self.order]

    @property
    def positions(self) -> torch.Tensor:
        """Position after each step, in m from the start, of shape (n_paths, n_steps, 2)."""
        return self.displacement.cumsum(dim=1)


def draw_sequences(
    n_paths: int, n_steps: int, *, permuted: bool, seed: int, most_step_m: float = MOST_STEP_M
) -> Sequences:
    """Steps uniform in +-`most_step_m` along x and y.

    Parameters
    ----------
    n_paths, n_steps : int
    permuted : bool
        Whether all paths make the same steps, each in an order of its own, and so end in one place. Otherwise
        each has steps of its own. Where `n_paths` is a multiple of `n_steps`, the orders are Latin squares: each
        is as random as any, and at each time every step is made by equally many paths.
    seed : int
    most_step_m : float, default=0.15
        In m.
    """
    rng = generator(seed, "sic", "sequences")
    n_distinct = n_steps if permuted else n_paths * n_steps
    steps = rng.uniform(-most_step_m, most_step_m, (n_distinct, 2))
    order = np.arange(n_paths * n_steps).reshape(n_paths, n_steps)
    if permuted:
        draw = _independent_orders if n_paths % n_steps else _latin_squares
        order = draw(n_paths, n_steps, rng)
    return Sequences(torch.from_numpy(steps.astype(np.float32)), torch.from_numpy(order))


def walks_in_box(
    n_paths: int, n_steps: int, *, half_side_m: float, seed: int, most_step_m: float = MOST_STEP_M
) -> Sequences:
    """Paths of steps as in training that stay in a box about the start: a step that would leave it is turned back.

    For evaluation: every path has steps of its own.
    """
    rng = generator(seed, "sic", "walks-in-box")
    drawn = rng.uniform(-most_step_m, most_step_m, (n_steps, n_paths, 2))
    position, steps = np.zeros((n_paths, 2)), np.empty_like(drawn)
    for number, step in enumerate(drawn):
        leaves = np.abs(position + step) > half_side_m
        steps[number] = np.where(leaves, -step, step)
        position = position + steps[number]
    order = np.arange(n_paths * n_steps).reshape(n_steps, n_paths).T
    return Sequences(
        torch.from_numpy(steps.reshape(-1, 2).astype(np.float32)), torch.from_numpy(order.copy())
    )


def _independent_orders(n_paths: int, n_steps: int, rng: np.random.Generator) -> Ints:
    return rng.permuted(np.tile(np.arange(n_steps), (n_paths, 1)), axis=1)


def _latin_squares(n_paths: int, n_steps: int, rng: np.random.Generator) -> Ints:
    """Squares of cyclic shifts, their rows, columns and symbols permuted at random, one below the other."""
    squares = []
    for _ in range(n_paths // n_steps):
        rows, columns, symbols = (rng.permutation(n_steps) for _ in range(3))
        squares.append(symbols[(rows[:, None] + columns) % n_steps])
    return np.concatenate(squares)
