"""Square bins over an arena, and firing rates in them: the samples of every spatial recording here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from ...core.errors import InvalidArgumentError

__all__ = ["SpatialGrid", "rates_in_bins", "smoothed_over_bins"]

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int_]


@dataclass(frozen=True)
class SpatialGrid:
    """Bins of one size over a rectangular arena, numbered row by row from its lower left corner.

    Parameters
    ----------
    arena_m : tuple of float
        Width and height in m, whole numbers of bins.
    bin_m : float, default=0.05
        Side of a bin in m.
    block_bins : int, default=4
        Bins along the side of a block, the condition that cross-validation holds out.

    Raises
    ------
    InvalidArgumentError
        If the bins do not fill the arena.
    """

    arena_m: tuple[float, float]
    bin_m: float = 0.05
    block_bins: int = 4

    def __post_init__(self) -> None:
        sides = np.asarray(self.arena_m) / self.bin_m if self.bin_m > 0 else np.zeros(2)
        if (np.round(sides) < 1).any() or (np.abs(sides - np.round(sides)) > 1e-6).any():
            raise InvalidArgumentError(
                "The 'bin_m' parameter",
                got=f"{self.bin_m} m in an arena of {self.arena_m} m",
                needed="a whole part of both sides",
            )
        if self.block_bins < 1:
            raise InvalidArgumentError("The 'block_bins' parameter", got=self.block_bins, needed="1 or more")

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows (y) and columns (x)."""
        width, height = (round(side / self.bin_m) for side in self.arena_m)
        return height, width

    @property
    def n_bins(self) -> int:
        """Number of bins."""
        return self.shape[0] * self.shape[1]

    def index(self, positions: Array) -> Ints:
        """The bin of each position; one on or beyond a wall belongs to the bin before it.

        Parameters
        ----------
        positions : array of shape (time, 2)
            Positions in m.

        Returns
        -------
        bins : int array of shape (time,)
        """
        rows, columns = self.shape
        place = np.clip((positions / self.bin_m).astype(int), 0, [columns - 1, rows - 1])
        return np.asarray(place[:, 1] * columns + place[:, 0])

    def presentation(self, n_repetitions: int) -> dict[str, npt.NDArray[np.generic]]:
        """Coordinates of all bins, one repetition after another.

        ``condition`` names the block that a bin lies in; ``bin_x_m`` and ``bin_y_m`` are its centre.
        """
        row, column = np.divmod(np.arange(self.n_bins), self.shape[1])
        block = zip(row // self.block_bins, column // self.block_bins, strict=True)
        bins = np.array([f"bin-{y:02d}-{x:02d}" for y, x in zip(row, column, strict=True)])
        return {
            "stimulus_id": np.tile(bins, n_repetitions),
            "condition": np.tile(np.array([f"block-{y}-{x}" for y, x in block]), n_repetitions),
            "repetition": np.repeat(np.arange(n_repetitions), self.n_bins),
            "bin_x_m": np.tile((column + 0.5) * self.bin_m, n_repetitions),
            "bin_y_m": np.tile((row + 0.5) * self.bin_m, n_repetitions),
        }


def rates_in_bins(counts: Array, time: Array, *, min_time: float) -> Array:
    """Spikes over time in each bin.

    Parameters
    ----------
    counts : array of shape (n_bins, n_cells)
        Spikes.
    time : array of shape (n_bins,) or (n_bins, n_cells)
        Time spent, in any unit; the rates are per that unit.
    min_time : float
        Bins with less are NaN.

    Returns
    -------
    rates : array of shape (n_bins, n_cells)
    """
    spent = time.reshape(len(counts), -1)
    enough = (spent >= min_time) & (spent > 0)
    return np.where(enough, counts / np.where(enough, spent, 1.0), np.nan)


def smoothed_over_bins(values: Array, grid: SpatialGrid, sigma_m: float) -> Array:
    """Gaussian average over bins within the arena; the kernel's part beyond a wall is not counted.

    Counts and time must be smoothed separately and then divided, so that no unvisited bin passes for a silent one.

    Parameters
    ----------
    values : array of shape (n_bins, n)
        One column a map.
    grid : SpatialGrid
        Grid of the bins.
    sigma_m : float
        Standard deviation in m; 0 leaves the values as they are.
    """
    if sigma_m == 0:
        return values
    sigma = sigma_m / grid.bin_m
    maps = values.reshape(*grid.shape, -1)
    mass = gaussian_filter(np.ones(grid.shape), sigma, mode="constant")
    smooth = gaussian_filter(maps, (sigma, sigma, 0), mode="constant") / mass[..., None]
    return np.asarray(smooth.reshape(values.shape))
