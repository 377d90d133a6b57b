"""Tuning of the simulated entorhinal cells: rates in Hz at positions and head directions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["CellPopulation", "draw_population"]

Array = npt.NDArray[np.float64]

SPACINGS_M = (0.40, 0.57, 0.80)  # successive ratio about 1.42, the field's figure
GRIDS_PER_MODULE, N_BORDER, N_HEAD, N_MIXED = 12, 8, 8, 12
_SPACING_JITTER, _ORIENTATION_JITTER = 0.02, np.deg2rad(1.0)
_BORDER_WIDTH_M = 0.08
_HEAD_KAPPA = 3.0
_BASELINE_HZ = 0.3


@dataclass(frozen=True, eq=False)
class CellPopulation:
    """Parameters of one animal's cells.

    Parameters
    ----------
    kinds : array of shape (n_cells,)
        ``"grid-1"`` .. ``"grid-3"``, ``"border"``, ``"head-direction"`` or ``"mixed"``.
    peaks_hz : array of shape (n_cells,)
        Peak rates.
    spacings_m, orientations, phases_m : array of shape (n_grids,), (n_grids,), (n_grids, 2)
        The lattices, orientations in radians.
    walls : array of shape (n_border,)
        0 left, 1 right, 2 lower, 3 upper.
    headings : array of shape (n_head,)
        Preferred directions in radians.
    mixing : array of shape (n_mixed, n_grids + n_border + n_head)
        Non-negative weights of mixed cells on the tuning of all others.
    """

    kinds: npt.NDArray[np.str_]
    peaks_hz: Array
    spacings_m: Array
    orientations: Array
    phases_m: Array
    walls: npt.NDArray[np.int_]
    headings: Array
    mixing: Array

    def rates(self, positions: Array, head_direction: Array, arena_m: tuple[float, float]) -> Array:
        """Rates in Hz along a walk.

        Parameters
        ----------
        positions : array of shape (time, 2)
            Positions in m.
        head_direction : array of shape (time,)
            Head direction in radians.
        arena_m : tuple of float
            Width and height in m.

        Returns
        -------
        rates : array of shape (time, n_cells)
        """
        pure = np.concatenate(
            [
                _grid_tuning(positions, self.spacings_m, self.orientations, self.phases_m),
                _border_tuning(positions, self.walls, arena_m),
                np.exp(_HEAD_KAPPA * (np.cos(head_direction[:, None] - self.headings) - 1)),
            ],
            axis=1,
        )
        tuning: Array = np.concatenate([pure, pure @ self.mixing.T], axis=1)
        return _BASELINE_HZ + self.peaks_hz * tuning


def draw_population(rng: np.random.Generator) -> CellPopulation:
    """Draw one animal's cells: module spacing and orientation shared, jittered by cell; phases uniform."""
    n_grids = GRIDS_PER_MODULE * len(SPACINGS_M)
    n_pure = n_grids + N_BORDER + N_HEAD
    spacing = np.repeat(SPACINGS_M, GRIDS_PER_MODULE) * (1 + _SPACING_JITTER * rng.standard_normal(n_grids))
    orientation = np.repeat(rng.uniform(0, np.pi / 3, len(SPACINGS_M)), GRIDS_PER_MODULE)
    return CellPopulation(
        kinds=_kinds(),
        peaks_hz=rng.lognormal(np.log(12.0), 0.3, n_pure + N_MIXED),
        spacings_m=spacing,
        orientations=orientation + _ORIENTATION_JITTER * rng.standard_normal(n_grids),
        phases_m=rng.uniform(0, 1, (n_grids, 2)),
        walls=rng.integers(0, 4, N_BORDER),
        headings=rng.uniform(-np.pi, np.pi, N_HEAD),
        mixing=_sparse_mixture(rng, n_pure),
    )


def _kinds() -> npt.NDArray[np.str_]:
    grids = [f"grid-{module}" for module in (1, 2, 3) for _ in range(GRIDS_PER_MODULE)]
    return np.array(grids + ["border"] * N_BORDER + ["head-direction"] * N_HEAD + ["mixed"] * N_MIXED)


def _sparse_mixture(rng: np.random.Generator, n_pure: int) -> Array:
    """Each mixed cell sums three other cells' tuning, scaled so that its peak stays comparable."""
    mixing = np.zeros((N_MIXED, n_pure))
    for row in mixing:
        row[rng.choice(n_pure, 3, replace=False)] = rng.dirichlet(np.ones(3))
    return mixing


def _grid_tuning(positions: Array, spacings: Array, orientations: Array, phases: Array) -> Array:
    """Three plane waves at 60 degrees, rectified into fields: 1 at a field's centre, 0 between fields.

    The sum of cosines lies in [-1.5, 3]; wave number 4 pi / (sqrt(3) spacing) (Solstad, Moser & Einevoll 2006).
    """
    wave_number = 4 * np.pi / (np.sqrt(3) * spacings)
    shifted = positions[:, None, :] - phases
    total = np.zeros(shifted.shape[:2])
    for turn in (np.pi / 6, np.pi / 2, 5 * np.pi / 6):
        direction = np.stack([np.cos(orientations + turn), np.sin(orientations + turn)], axis=-1)
        total += np.cos(wave_number * (shifted * direction).sum(axis=-1))
    return np.asarray(((total + 1.5) / 4.5) ** 2)


def _border_tuning(positions: Array, walls: npt.NDArray[np.int_], arena_m: tuple[float, float]) -> Array:
    """1 at the cell's wall, falling off as a Gaussian of the distance to it."""
    x, y = positions.T
    distance = np.stack([x, arena_m[0] - x, y, arena_m[1] - y], axis=-1)
    return np.asarray(np.exp(-(distance[:, walls] ** 2) / (2 * _BORDER_WIDTH_M**2)))
