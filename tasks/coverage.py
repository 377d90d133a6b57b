"""Walks for evaluation: natural in every step, started so that together they cover a box evenly.

A free rat's walk leaves corners unvisited for minutes, and rate maps of a model then have holes. Here many short
walks begin at places spread over the box, and further ones where it was visited least, until every bin has been
visited often enough and evenly enough.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..core.errors import InvalidArgumentError
from ..core.seeds import child_seed, generator
from .self_motion import ornstein_uhlenbeck_paths

__all__ = ["CoverageWalks", "coverage_paths"]

Array = npt.NDArray[np.float64]

_MOST_ROUNDS = 40


@dataclass(frozen=True, eq=False)
class CoverageWalks:
    """Walks that meet the criterion, and how well.

    Attributes
    ----------
    paths : array of shape (n_walks, time, 2)
        Positions in m; the first is the start, as :func:`~.self_motion.motion_from_path` takes them.
    visits : int array of shape (n_rows, n_columns)
        Samples in each bin, the starts not counted, for no step ends there.
    rate_hz, bin_m : float
        Sampling rate and side of the bins, as requested.
    """

    paths: Array
    visits: npt.NDArray[np.int_]
    rate_hz: float
    bin_m: float

    @property
    def fewest_visits(self) -> int:
        """Samples in the bin that has fewest."""
        return int(self.visits.min())

    @property
    def variation(self) -> float:
        """Coefficient of variation of the samples over bins: 0 for perfectly even."""
        return float(self.visits.std() / self.visits.mean())


def coverage_paths(
    arena_m: tuple[float, float] = (1.0, 1.0),
    *,
    bin_m: float = 0.05,
    min_visits: int = 20,
    max_variation: float = 0.35,
    walk_s: float = 20.0,
    rate_hz: float = 10.0,
    seed: int = 0,
) -> CoverageWalks:
    """Walk Ornstein-Uhlenbeck rats until a box is covered evenly.

    The criterion: every bin is visited at `min_visits` samples or more, and the coefficient of variation of
    the samples over bins is at most `max_variation`.

    Parameters
    ----------
    arena_m : tuple of float
        Width and height in m, such as 1 to 4.
    bin_m : float, default=0.05
        Side of the bins.
    min_visits : int, default=20
        Samples that every bin must have; at 10 Hz, 20 are 2 s.
    max_variation : float, default=0.35
        Largest coefficient of variation of the samples over bins.
    walk_s : float, default=20
        Length of each walk. Short ones cover more evenly, and let a model drift less.
    rate_hz : float, default=10
        Samples per second; the walks themselves are simulated at 50 Hz or the multiple of `rate_hz` above it.
    seed : int, default=0
        Seed of the walks.

    Returns
    -------
    walks : CoverageWalks

    Raises
    ------
    InvalidArgumentError
        If a parameter is out of range, or the criterion is not met after 40 rounds.

    Examples
    --------
    >>> walks = coverage_paths((0.5, 0.5), min_visits=5)
    >>> walks.fewest_visits >= 5, walks.variation <= 0.35
    (True, True)
    """
    shape = _shape(arena_m, bin_m)
    if min_visits < 1 or max_variation <= 0 or walk_s * rate_hz < 1:
        raise InvalidArgumentError(
            "The 'min_visits', 'max_variation' and 'walk_s' parameters",
            got=f"{min_visits}, {max_variation}, {walk_s}",
            needed="positive, with a step or more in a walk",
        )
    n_walks = int(np.ceil(np.prod(shape) * min_visits / (walk_s * rate_hz)))
    visits, rounds = np.zeros(shape, dtype=np.int_), []
    for number in range(_MOST_ROUNDS):
        round_seed = child_seed(seed, "coverage", str(number))
        starts = _starts_where_few_were(visits, n_walks, bin_m, round_seed)
        paths = _sampled_walks(starts, arena_m, walk_s, rate_hz, round_seed)
        visits = visits + _visits(paths[:, 1:], shape, arena_m)
        rounds.append(paths)
        found = CoverageWalks(np.concatenate(rounds), visits, rate_hz, bin_m)
        if found.fewest_visits >= min_visits and found.variation <= max_variation:
            return found
    raise InvalidArgumentError(
        "The 'min_visits' and 'max_variation' parameters",
        got=f"{min_visits} and {max_variation}, while {_MOST_ROUNDS} rounds of {n_walks} walks reach "
        f"{found.fewest_visits} and {found.variation:.2f}",
        needed="ones that walks can meet",
        hint="Take shorter walks or larger bins.",
    )


def _shape(arena_m: tuple[float, float], bin_m: float) -> tuple[int, int]:
    sides = np.asarray(arena_m) / bin_m if bin_m > 0 else np.zeros(2)
    columns, rows = np.round(sides).astype(int)
    if min(rows, columns) < 1 or np.abs(sides - [columns, rows]).max() > 1e-6:
        raise InvalidArgumentError(
            "The 'bin_m' parameter",
            got=f"{bin_m} m in an arena of {arena_m} m",
            needed="a whole part of both sides",
        )
    return int(rows), int(columns)


def _starts_where_few_were(visits: npt.NDArray[np.int_], n: int, bin_m: float, seed: int) -> Array:
    """A random place in each of the `n` least visited bins; of bins visited alike, random ones come first."""
    rng = generator(seed, "starts")
    order = np.lexsort((rng.uniform(size=visits.size), visits.ravel()))
    row, column = np.divmod(np.resize(order, n), visits.shape[1])
    return np.asarray((np.stack([column, row], axis=1) + rng.uniform(size=(n, 2))) * bin_m)


def _sampled_walks(
    starts: Array, arena_m: tuple[float, float], walk_s: float, rate_hz: float, seed: int
) -> Array:
    """Walks at `rate_hz` with their starts, simulated in finer steps."""
    finer = max(1, round(50.0 / rate_hz))
    walks = ornstein_uhlenbeck_paths(
        len(starts), walk_s, arena_m=arena_m, rate_hz=rate_hz * finer, start_m=starts, seed=seed
    )
    return np.concatenate([starts[:, None], walks[:, finer - 1 :: finer]], axis=1)


def _visits(positions: Array, shape: tuple[int, int], arena_m: tuple[float, float]) -> npt.NDArray[np.int_]:
    x, y = positions.reshape(-1, 2).T
    limits = [(0, arena_m[1]), (0, arena_m[0])]
    return np.asarray(np.histogram2d(y, x, bins=shape, range=limits)[0], dtype=np.int_)
