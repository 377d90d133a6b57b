r"""Successor representation of a random walk over the arena, and its eigenvectors.

Stachenfeld, Botvinick & Gershman (2017). With T the transitions between places under a policy and :math:`\gamma`
the discount, the successor representation is the expected discounted number of visits,

.. math:: M = \sum_{t \ge 0} \gamma^t T^t = (I - \gamma T)^{-1}.

A place cell is a column of M, its activity at each place the visits to the cell's own that are to come; a grid cell
is an eigenvector of M, thresholded at 0.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.ndimage import map_coordinates

from ...core.stimuli import SelfMotion
from .arena import check_arena

__all__ = ["GAMMA", "SuccessorRepresentation", "eigenmaps", "successor_maps"]

Array = npt.NDArray[np.float64]

GAMMA = 0.95
_PITCH_M, _ROOM_M = 0.05, 2.0
_N_EIGENVECTORS = 100


class SuccessorRepresentation:
    """Place and grid cells of the successor representation, at the true position.

    Places are squares of 5 cm; the policy goes to each of four neighbours equally often, and stays where it would
    go through a wall. Units are of the places of a room of 2 x 2 m in whose corner the arena lies, so that they are
    the same in every arena; those of places outside it are silent. Between the middles of squares maps are
    interpolated linearly.
    """

    def activations(self, stimulus: SelfMotion) -> dict[str, npt.NDArray[np.float32]]:
        """Two layers: ``place`` (time, 1600), visits, and ``grid`` (time, 100), eigenvectors thresholded at 0."""
        check_arena(stimulus, _ROOM_M, because="whose places the units are")
        shape = tuple(round(side / _PITCH_M) for side in stimulus.arena_m)
        n_room = round(_ROOM_M / _PITCH_M)
        place = np.zeros((stimulus.n_steps, n_room, n_room), dtype=np.float32)
        place[:, : shape[0], : shape[1]] = _read(successor_maps(shape), stimulus).reshape(-1, *shape)
        grid = np.zeros((stimulus.n_steps, _N_EIGENVECTORS), dtype=np.float32)
        maps = np.maximum(eigenmaps(shape, _N_EIGENVECTORS), 0.0)
        grid[:, : len(maps)] = _read(maps, stimulus)
        return {"place": place.reshape(len(place), -1), "grid": grid}


def successor_maps(shape: Sequence[int]) -> Array:
    """Columns of M as maps.

    Parameters
    ----------
    shape : (int, int)
        Number of places along x and y.

    Returns
    -------
    maps : array of shape (n_places, n_x, n_y)
        ``maps[j, x, y]`` are the visits to place j that are to come from (x, y), of j in the order of rows by x.
    """
    values, vectors = _spectrum(shape)
    flat = vectors.reshape(len(values), -1)
    return np.asarray((flat.T / (1 - GAMMA * values)) @ flat).reshape(-1, *shape)


def eigenmaps(shape: Sequence[int], n: int) -> Array:
    """Eigenvectors of M, by falling eigenvalue, without the first, which is constant.

    Parameters
    ----------
    shape : (int, int)
        Number of places along x and y.
    n : int
        Number of eigenvectors at most.

    Returns
    -------
    maps : array of shape (n, n_x, n_y)
        Each of length 1, above 0 at the arena's lower left corner.
    """
    values, vectors = _spectrum(shape)
    # Rounding, so that equal eigenvalues keep their order whatever the processor.
    order = np.argsort(-values.round(12), kind="stable")
    return np.asarray(vectors[order[1 : n + 1]])


def _spectrum(shape: Sequence[int]) -> tuple[Array, Array]:
    r"""Eigenvalues (n_places,) and eigenvectors (n_places, n_x, n_y) of T, in closed form.

    T is the mean of a walk along x and one along y, each with eigenvectors :math:`\cos(\pi k (x + 1/2) / n)` and
    eigenvalues :math:`\cos(\pi k / n)`. In a square many of the products have equal eigenvalues, so that an
    eigenvector could be any mixture of them; these are the products themselves.
    """
    (along_x, x), (along_y, y) = (_spectrum_of_line(n) for n in shape)
    values = (along_x[:, None] + along_y) / 2
    return values.reshape(-1), np.einsum("ka,lb->klab", x, y).reshape(-1, *shape)


def _spectrum_of_line(n: int) -> tuple[Array, Array]:
    number = np.arange(n)
    waves = np.cos(np.pi * number[:, None] * (number + 0.5) / n)
    return np.cos(np.pi * number / n), waves / np.linalg.norm(waves, axis=1, keepdims=True)


def _read(maps: Array, stimulus: SelfMotion) -> Array:
    """Maps (n, n_x, n_y) at the positions of a walk, interpolated linearly, of shape (time, n)."""
    at = stimulus.positions / np.array(stimulus.arena_m) * np.array(maps.shape[1:]) - 0.5
    return np.stack([map_coordinates(one, at.T, order=1, mode="nearest") for one in maps], axis=1)
