"""Grid modules: discrete groups of cells of one spacing and orientation, their number chosen by BIC."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ....core.arrays import plain_array
from ....core.errors import InvalidArgumentError
from ....core.seeds import generator
from .._splits import check_integer

__all__ = ["GridModules", "find_grid_modules", "unimodality_p_value"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int_]
_PERIOD = 60.0
_WINDINGS = _PERIOD * np.arange(-2, 3)
_LEAST_LOG_SD, _LEAST_ORIENTATION_SD = 0.01, 0.5
_LOG_SD, _ORIENTATION_SD = 0.05, 3.0
_STARTS, _STEPS, _TOLERANCE = 6, 200, 1e-6
_PATIENCE = 2


@dataclass(frozen=True, eq=False)
class GridModules:
    """Modules of a population, by rising spacing.

    Attributes
    ----------
    n_modules : int
        Their number; 0 with too few cells.
    labels : array of int, shape (n_cells,)
        The module of each cell; -1 for cells without a lattice.
    spacings : array of shape (n_modules,)
        Geometric mean spacing, in the unit given.
    orientations : array of shape (n_modules,)
        Degrees in [0, 60).
    sizes : array of int, shape (n_modules,)
        Cells in each.
    ratios : array of shape (n_modules - 1,)
        Spacing of each module over that of the one before.
    bic : array of shape (max_modules,)
        The criterion for 1, 2, ... modules; NaN where there are too few cells, or the search had ended.
    unimodal_p : float
        p of one mode of log spacing (Silverman's test); large for a broad continuous spread, whatever
        `n_modules`. NaN with too few cells.
    n_excluded : int
        Cells without a lattice.
    """

    n_modules: int
    labels: Ints
    spacings: Floats
    orientations: Floats
    sizes: Ints
    ratios: Floats
    bic: Floats
    unimodal_p: float
    n_excluded: int


def find_grid_modules(
    spacing: Floats,
    orientation: Floats,
    *,
    max_modules: int = 8,
    min_cells: int = 4,
    n_boot: int = 200,
    seed: int = 0,
) -> GridModules:
    r"""Group grid cells into modules of similar spacing and orientation.

    A mixture of m modules, each normal in log spacing and wrapped normal in orientation (period 60 degrees), with
    spreads of its own, is fitted by expectation-maximisation from several starts. The number of modules is that
    of the lowest

    .. math:: \mathrm{BIC}(m) = -2 \log L + (5 m - 1) \log n

    among mixtures in which every module holds `min_cells` or more; the search ends when two more modules have
    not lowered it.

    Parameters
    ----------
    spacing : array of shape (n_cells,)
        Any unit of length; NaN, or masked, for cells without a lattice.
    orientation : array of shape (n_cells,)
        Degrees, of any range; taken modulo 60.
    max_modules : int, default=8
        Largest number tried.
    min_cells : int, default=4
        Fewest cells of a module.
    n_boot : int, default=200
        Resamples of the test of one mode.
    seed : int, default=0
        Seed of starts and resamples.

    Returns
    -------
    modules : GridModules

    Raises
    ------
    InvalidArgumentError
        If the arguments differ in length or a spacing is not positive.
    """
    spacing, orientation = _checked(spacing, orientation)
    check_integer("max_modules", max_modules, least=1)
    check_integer("min_cells", min_cells, least=2)
    known = np.isfinite(spacing) & np.isfinite(orientation)
    log_spacing, angle = np.log(spacing[known]), orientation[known] % _PERIOD
    rng = generator(seed, "grid modules")
    best, bic = _search(log_spacing, angle, max_modules, min_cells, rng)
    p = unimodality_p_value(log_spacing, n_boot=n_boot, seed=seed) if known.sum() >= min_cells else np.nan
    return _described(known, best, bic, p)


def unimodality_p_value(values: Floats, *, n_boot: int = 200, seed: int = 0) -> float:
    """p of the hypothesis that values come from a density of one mode (Silverman 1981).

    The critical bandwidth is the smallest at which the kernel density has one mode; p is the share of resamples,
    smoothed by it and rescaled to the variance of the data, that need a larger one.

    Parameters
    ----------
    values : array of shape (n,)
        Finite.
    n_boot, seed : int
        Resamples and their seed.

    Returns
    -------
    p : float
        p-value in [0, 1]; conservative.
    """
    values = np.asarray(values, dtype=np.float64)
    spread = float(values.std())
    if len(values) < 3 or spread == 0:
        return 1.0
    critical = _critical_bandwidth(values)
    rng = generator(seed, "unimodality")
    draws = rng.choice(values, (n_boot, len(values))) + critical * rng.standard_normal((n_boot, len(values)))
    draws = values.mean() + (draws - values.mean()) / np.sqrt(1 + (critical / spread) ** 2)
    return float(np.mean([_n_modes(draw, critical) > 1 for draw in draws]))


@dataclass(frozen=True, eq=False)
class _Mixture:
    """A fitted mixture: per module mean and spread of log spacing and orientation, shares; labels and BIC."""

    centres: Floats
    spreads: Floats
    shares: Floats
    labels: Ints
    bic: float


def _checked(spacing: Floats, orientation: Floats) -> tuple[Floats, Floats]:
    spacing, orientation = (
        plain_array(f"The '{name}' parameter", value, dtype=np.float64, missing_as_nan=True)
        for name, value in (("spacing", spacing), ("orientation", orientation))
    )
    if spacing.ndim != 1 or spacing.shape != orientation.shape:
        raise InvalidArgumentError(
            "The 'spacing' and 'orientation' parameters",
            got=f"shapes {spacing.shape} and {orientation.shape}",
            needed="vectors of one length",
        )
    if (spacing <= 0).any():
        raise InvalidArgumentError("The 'spacing' parameter", got="0 or less", needed="positive or NaN")
    return spacing, orientation


def _search(
    log_spacing: Floats, angle: Floats, max_modules: int, min_cells: int, rng: np.random.Generator
) -> tuple[_Mixture | None, Floats]:
    best, bic = None, np.full(max_modules, np.nan)
    for m in range(1, max_modules + 1):
        if best is not None and m > len(best.centres) + _PATIENCE:
            break
        fit = _fit(log_spacing, angle, m, min_cells, rng)
        if fit is not None:
            bic[m - 1] = fit.bic
            best = fit if best is None or fit.bic < best.bic else best
    return best, bic


def _fit(
    log_spacing: Floats, angle: Floats, m: int, min_cells: int, rng: np.random.Generator
) -> _Mixture | None:
    if len(log_spacing) < m * min_cells:
        return None
    starts = [_start(log_spacing, angle, m, first, rng) for first in range(_STARTS if m > 1 else 1)]
    fits = [_maximise(log_spacing, angle, start) for start in starts]
    usable = [fit for fit in fits if np.bincount(fit.labels, minlength=m).min() >= min_cells]
    return min(usable, key=lambda fit: fit.bic, default=None)


def _start(log_spacing: Floats, angle: Floats, m: int, number: int, rng: np.random.Generator) -> Floats:
    """Centres (m, 2): quantiles of spacing first, then cells far apart (k-means++), in units of usual spreads."""
    points = np.stack([log_spacing, angle], 1)
    if number == 0:
        order = np.argsort(log_spacing)
        middles = ((np.arange(m) + 0.5) / m * len(order)).astype(int)
        return np.asarray(points[order[middles]])
    chosen = [int(rng.integers(len(points)))]
    while len(chosen) < m:
        gaps = _deviations(points, points[chosen]) / (_LOG_SD, _ORIENTATION_SD)
        weight = (gaps**2).sum(-1).min(1)
        total = weight.sum()
        chosen.append(int(rng.choice(len(points), p=weight / total if total > 0 else None)))
    return np.asarray(points[chosen])


def _deviations(points: Floats, centres: Floats) -> Floats:
    """(n_cells, n_centres, 2): differences in log spacing, and in orientation around the circle."""
    gaps = points[:, None] - centres[None]
    gaps[..., 1] = (gaps[..., 1] + _PERIOD / 2) % _PERIOD - _PERIOD / 2
    return np.asarray(gaps)


def _maximise(log_spacing: Floats, angle: Floats, centres: Floats) -> _Mixture:
    points, m = np.stack([log_spacing, angle], 1), len(centres)
    spreads, shares = np.tile((_LOG_SD, _ORIENTATION_SD), (m, 1)), np.full(m, 1 / m)
    before = -np.inf
    for _ in range(_STEPS):
        density = _log_densities(points, centres, spreads, shares)
        top = density.max(1, keepdims=True)
        evidence = top[:, 0] + np.log(np.exp(density - top).sum(1))
        likelihood = float(evidence.sum())
        if likelihood - before < _TOLERANCE * len(points):
            break
        before = likelihood
        weight = np.exp(density - evidence[:, None])
        centres, spreads, shares = _updated(points, centres, weight)
    bic = -2 * likelihood + (5 * m - 1) * np.log(len(points))
    return _Mixture(centres, spreads, shares, density.argmax(1), bic)


def _log_densities(points: Floats, centres: Floats, spreads: Floats, shares: Floats) -> Floats:
    """Log of share x normal x wrapped normal; two windings on each side are enough for any spread below 60."""
    gaps = _deviations(points, centres)
    normal = -0.5 * (gaps[..., 0] / spreads[:, 0]) ** 2 - np.log(spreads[:, 0])
    nearest = -0.5 * (gaps[..., 1] / spreads[:, 1]) ** 2
    windings = -0.5 * ((gaps[..., 1, None] + _WINDINGS) / spreads[:, 1, None]) ** 2 - nearest[..., None]
    wrapped = nearest + np.log(np.exp(windings).sum(-1)) - np.log(spreads[:, 1])
    return np.asarray(normal + wrapped + np.log(shares + 1e-300) - np.log(2 * np.pi))


def _updated(points: Floats, centres: Floats, weight: Floats) -> tuple[Floats, Floats, Floats]:
    total = weight.sum(0) + 1e-12
    centres = centres + (weight[..., None] * _deviations(points, centres)).sum(0) / total[:, None]
    variances = (weight[..., None] * _deviations(points, centres) ** 2).sum(0) / total[:, None]
    spreads = np.maximum(np.sqrt(variances), (_LEAST_LOG_SD, _LEAST_ORIENTATION_SD))
    return centres, spreads, total / total.sum()


def _described(known: npt.NDArray[np.bool_], best: _Mixture | None, bic: Floats, p: float) -> GridModules:
    labels = np.full(len(known), -1)
    excluded = int((~known).sum())
    if best is None:
        nothing = np.empty(0)
        return GridModules(0, labels, nothing, nothing, nothing.astype(int), nothing, bic, p, excluded)
    order = np.argsort(best.centres[:, 0])
    rank = np.argsort(order)
    labels[known] = rank[best.labels]
    spacings = np.exp(best.centres[order, 0])
    return GridModules(
        n_modules=len(order),
        labels=labels,
        spacings=spacings,
        orientations=best.centres[order, 1] % _PERIOD,
        sizes=np.bincount(labels[known], minlength=len(order)),
        ratios=spacings[1:] / spacings[:-1],
        bic=bic,
        unimodal_p=p,
        n_excluded=excluded,
    )


def _critical_bandwidth(values: Floats) -> float:
    """Smallest bandwidth with one mode, by bisection: the number of modes of a Gaussian density never rises."""
    low, high = 0.0, float(np.ptp(values))
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (low, middle) if _n_modes(values, middle) <= 1 else (middle, high)
    return high


def _n_modes(values: Floats, bandwidth: float) -> int:
    grid = np.linspace(values.min() - bandwidth, values.max() + bandwidth, 256)
    density = np.exp(-0.5 * ((grid[:, None] - values) / bandwidth) ** 2).sum(1)
    return int(((density[1:-1] > density[:-2]) & (density[1:-1] >= density[2:])).sum())
