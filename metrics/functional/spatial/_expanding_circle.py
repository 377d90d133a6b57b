"""Grid score over an expanding circle, the Moser lab's definition (Sargolini 2006, Langston 2010).

Pearson r of the map with itself turned by 30 to 150 degrees, over the bins between the central field and a
growing circle; the highest mean over three neighbouring circles counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional as nn

from .._splits import portions
from ._central_field import central_radius
from ._rotation import Gather, bilinear_rotation, distances

__all__ = ["CircleScores", "expanding_circle_scores"]

_ANGLES = (30, 60, 90, 120, 150)
_WINDOW, _SMALLEST_RADIUS = 3, 3
_MAPS_AT_ONCE = 128


@dataclass(frozen=True, eq=False)
class CircleScores:
    """Per cell: the score, the circle of the best single ring and the central field, radii in shorter bin sides."""

    score: torch.Tensor
    radius: torch.Tensor
    central_radius: torch.Tensor


def expanding_circle_scores(maps: torch.Tensor, step: tuple[float, float]) -> CircleScores:
    """Score autocorrelograms of shape (n_cells, height, width); `step` in shorter bin sides, so that min is 1."""
    circles = _Circles.of((maps.shape[1], maps.shape[2]), step, maps.device)
    parts = [_score(maps[some], circles) for some in portions(len(maps), _MAPS_AT_ONCE)]
    score, radius, central = (torch.cat(column) for column in zip(*parts, strict=True))
    return CircleScores(score, radius, central)


@dataclass(frozen=True, eq=False)
class _Circles:
    """The circles common to all maps of one shape: bins within the largest circle, from the middle outwards.

    Class 2 k holds the bins k away, class 2 k + 1 those between k and k + 1; `starts` has the start of each.
    """

    rows: torch.Tensor
    turns: list[Gather]
    starts: torch.Tensor
    outer: int
    bin_area: float

    @classmethod
    def of(cls, shape: tuple[int, int], step: tuple[float, float], device: torch.device) -> _Circles:
        outer = int(min(shape[0] * step[0], shape[1] * step[1]) / 2)
        distance = distances(shape, step)
        rows = np.argsort(distance, kind="stable")
        rows = rows[distance[rows] < outer]
        ring = np.floor(distance[rows]) + np.ceil(distance[rows])
        turns = [bilinear_rotation(shape, step, angle, rows).to(device) for angle in _ANGLES]
        starts = np.searchsorted(ring, np.arange(2 * outer))
        as_tensors = (torch.from_numpy(array).to(device) for array in (rows, starts))
        return cls(next(as_tensors), turns, next(as_tensors), outer, step[0] * step[1])

    def sums(self, values: torch.Tensor, central: torch.Tensor) -> torch.Tensor:
        """Sums of values (bin, cell) over the bins beyond the central radius and nearer than r = 0 .. outer."""
        order = torch.arange(len(values), device=values.device)
        rings = nn.embedding_bag(order, values, self.starts, mode="sum")
        totals = torch.cat([torch.zeros_like(rings[:1]), rings.cumsum(0)])
        within = totals[2 * central + 1, torch.arange(len(central), device=values.device)]
        return totals[::2] - within


def _score(maps: torch.Tensor, circles: _Circles) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    # The area is counted in bins; the radius is a length.
    central = (central_radius(maps) * circles.bin_area**0.5).floor().long()
    central = torch.where(central < circles.outer, central, 0)
    r = _ring_correlations(maps, circles, central)
    gridness = torch.minimum(r[1], r[3]) - torch.maximum(torch.maximum(r[0], r[2]), r[4])
    score = torch.full((len(maps),), torch.nan, dtype=maps.dtype, device=maps.device)
    radius = score.clone()
    for size in sorted(set(central.tolist())):
        if size > 0:
            these = torch.nonzero(central == size)[:, 0]
            radii = _radii(size, circles.outer)
            score[these], radius[these] = _best(gridness[radii][:, these], radii)
    return score, radius, torch.where(central > 0, central.double(), torch.nan)


def _ring_correlations(maps: torch.Tensor, circles: _Circles, central: torch.Tensor) -> torch.Tensor:
    """Pearson r between central field and each circle, (angle, radius, cell)."""
    columns = maps.flatten(1).T.contiguous()
    known = columns.isfinite()
    filled = torch.where(known, columns, 0.0)
    inside, near = known[circles.rows], filled[circles.rows]
    everywhere = bool(inside.all())
    unturned = _Unturned.of(near, inside, circles, central)
    correlations = []
    for turn in circles.turns:
        if not everywhere:
            unturned = _Unturned.of(near, inside & (turn(known.double()) > 1 - 1e-9), circles, central)
        correlations.append(unturned.correlation(turn(filled)))
    return torch.stack(correlations)


@dataclass(frozen=True, eq=False)
class _Unturned:
    """The bins a map is correlated over, and its own sums there."""

    values: torch.Tensor
    weights: torch.Tensor
    n: torch.Tensor
    total: torch.Tensor
    variance: torch.Tensor
    circles: _Circles
    central: torch.Tensor

    @classmethod
    def of(
        cls, values: torch.Tensor, known: torch.Tensor, circles: _Circles, central: torch.Tensor
    ) -> _Unturned:
        weights = known.double()
        values = weights * values
        n, total = circles.sums(weights, central), circles.sums(values, central)
        variance = n * circles.sums(values * values, central) - total**2
        return cls(values, weights, n, total, variance, circles, central)

    def correlation(self, turned: torch.Tensor) -> torch.Tensor:
        """Pearson r with the turned map, (radius, cell); NaN where either does not vary."""
        b = self.weights * turned
        total = self.circles.sums(b, self.central)
        variance = self.n * self.circles.sums(b * b, self.central) - total**2
        covariance = self.n * self.circles.sums(self.values * b, self.central) - self.total * total
        floor = 1e-12 * self.n
        defined = (self.n > 1) & (self.variance > floor) & (variance > floor)
        r = covariance / (self.variance.clamp(min=0) * variance.clamp(min=0)).sqrt()
        return torch.where(defined, r, torch.nan)


def _radii(central: int, outer: int) -> npt.NDArray[np.int_]:
    """From just outside the central field (3 at least) to the rim; small fields repeat some, as published."""
    return np.linspace(max(_SMALLEST_RADIUS, central + 1), outer, outer - central).astype(int)


def _best(gridness: torch.Tensor, radii: npt.NDArray[np.int_]) -> tuple[torch.Tensor, torch.Tensor]:
    """Highest mean over three circles, the last window left out as published; the best circle's radius."""
    lengths = torch.from_numpy(radii).to(gridness)
    single = torch.nan_to_num(gridness, nan=-torch.inf).max(0)
    n_windows = max(len(radii) - _WINDOW, 1)
    if n_windows == 1:
        score = gridness.mean(0)
    else:
        means = gridness.unfold(0, _WINDOW, 1)[:n_windows].nanmean(-1)
        score = torch.nan_to_num(means, nan=-torch.inf).amax(0)
        score = torch.where(score.isinf(), torch.nan, score)
    return score, torch.where(score.isnan(), torch.nan, lengths[single.indices])
