"""Statistics for a board: paired differences, corrected for many tests; shared ranks; hierarchical resamples.

Two candidates are compared on the same units (conditions, or targets), so that what is hard for both cancels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from ...core.errors import InvalidArgumentError
from ...core.ranking import RankRanges, holm_adjusted, rank_ranges_of
from ._arrays import Array, as_tensor, check_same_length, like
from ._resample import check_n_resamples, child_generators, resample_counts
from ._splits import condition_codes
from .interval import Interval, percentile_interval

__all__ = [
    "PairedDifference",
    "RankRanges",
    "hierarchical_bootstrap",
    "holm",
    "paired_difference",
    "rank_ranges",
]

# Entries of the largest temporary array: 16 MiB in float64.
_CHUNK: Final = 2**21
_ROUNDING: Final = 1e-12


@dataclass(frozen=True)
class PairedDifference:
    """How much one candidate's score exceeds another's.

    Parameters
    ----------
    difference : float
        Mean over units of the first score less the second, in units of the score.
    interval : Interval
        Percentile bootstrap interval of the difference.
    p_value : float
        Two-sided, in (0, 1]: share of random flips of the signs that give so large a difference.
    n_units : int
        Number of paired units.
    """

    difference: float
    interval: Interval
    p_value: float
    n_units: int


def paired_difference(
    first: Array,
    second: Array,
    *,
    unit: str,
    groups: object = None,
    n_boot: int = 10_000,
    n_permutations: int = 9_999,
    level: float = 0.95,
    seed: int = 0,
) -> PairedDifference:
    r"""Difference of two candidates' mean scores over the same units, with an interval and a p-value.

    With :math:`d_u` the difference in unit u, the statistic is :math:`\bar d`; with `groups`, the mean over
    groups of the mean within each. The interval draws units with replacement (within their groups). The
    p-value exchanges the two candidates' scores in units at random, which flips the sign of :math:`d_u`:
    :math:`p = (1 + \#\{|\bar d^*| \ge |\bar d|\}) / (1 + n)`; where all :math:`2^n` flips are no more than
    `n_permutations`, it is exact.

    The units must be independent of one another: conditions, animals, or targets if the claim is about
    these animals and conditions only.

    Parameters
    ----------
    first, second : array of shape (n_units,)
        Score of each candidate in each unit.
    unit : str
        What a unit is, kept in the interval: ``"conditions"``, ``"targets within animals"``.
    groups : array-like of shape (n_units,), optional
        Group of each unit, such as the animal of a target.
    n_boot, n_permutations : int
        Numbers of resamples and of random flips.
    level : float, default=0.95
        Nominal coverage of the interval.
    seed : int, default=0
        Seed of both; resamples are the same for every pair of candidates.

    Returns
    -------
    result : PairedDifference

    Raises
    ------
    InvalidArgumentError
        If the vectors differ in length, have fewer than two units, or are not finite.

    References
    ----------
    Sign-flip test: Good 2005, Permutation, Parametric and Bootstrap Tests of Hypotheses, sect. 3.2. The one
    added to both counts: Phipson & Smyth 2010, Stat. Appl. Genet. Mol. Biol. 9:39.

    Examples
    --------
    >>> import numpy as np
    >>> second = np.random.default_rng(0).normal(size=40)
    >>> result = paired_difference(second + 1.0, second, unit="conditions")
    >>> round(result.difference, 6), result.p_value
    (1.0, 0.0001)
    """
    check_n_resamples("n_boot", n_boot)
    check_n_resamples("n_permutations", n_permutations)
    difference = _differences(first, second)
    weights, codes = _unit_weights(groups, len(difference))
    for_interval, for_test = child_generators(seed, 2)
    resampled = _resampled_means(difference, codes, n_boot, for_interval)
    p_value = _flip_p_values((weights * difference)[:, None], n_permutations, for_test)[0]
    return PairedDifference(
        difference=float(weights @ difference),
        interval=percentile_interval(resampled, level=level, unit=unit),
        p_value=float(p_value),
        n_units=len(difference),
    )


def holm(p_values: Array) -> Array:
    """Holm's step-down correction: reject where it is at most alpha, and no true null falls with more than alpha.

    The k-th smallest of m p-values is multiplied by m - k + 1, and raised to the one before it.

    Parameters
    ----------
    p_values : array of shape (n_tests,)
        In [0, 1].

    Returns
    -------
    adjusted : array of shape (n_tests,)
        In [0, 1], in the order of `p_values`, float64.

    Raises
    ------
    InvalidArgumentError
        If an entry is not finite or out of [0, 1].

    References
    ----------
    Holm 1979, Scand. J. Stat. 6:65.

    Examples
    --------
    >>> import numpy as np
    >>> holm(np.array([0.01, 0.04, 0.03]))
    array([0.03, 0.06, 0.06])
    """
    values = as_tensor("p_values", p_values, ndim=1).detach().double()
    if bool(((values < 0) | (values > 1)).any()):
        raise InvalidArgumentError("The 'p_values' parameter", got="entries out of range", needed="in [0, 1]")
    adjusted = torch.from_numpy(holm_adjusted(values.cpu().numpy()))
    return like(adjusted.to(values.device), p_values)


def rank_ranges(
    scores: Array,
    *,
    alpha: float = 0.05,
    groups: object = None,
    n_permutations: int | None = None,
    seed: int = 0,
) -> RankRanges:
    """Ranks that candidates share where their paired differences are noise.

    All pairs are tested as in `paired_difference`, on the same flips, and corrected by Holm over all pairs.
    Larger scores are better.

    Parameters
    ----------
    scores : array of shape (n_candidates, n_units)
        Score of each candidate in each unit.
    alpha : float, default=0.05
        Probability, over the whole board, of calling any true tie a difference.
    groups : array-like of shape (n_units,), optional
        As in `paired_difference`.
    n_permutations : int, optional
        Number of random flips. By default enough for the smallest p-value to survive Holm's correction with
        a factor of ten to spare: at least 9,999.
    seed : int, default=0
        Seed of the flips.

    Returns
    -------
    ranges : RankRanges

    Raises
    ------
    InvalidArgumentError
        If there are fewer than two units, an entry is not finite, `alpha` is out of (0, 1), or so few units
        or flips that no difference, however large, could be significant.

    References
    ----------
    Rank ranges from pairwise tests: Goldstein & Spiegelhalter 1996, J. R. Stat. Soc. A 159:385; Mogstad et al.
    2024, Rev. Econ. Stud. 91:476.

    Examples
    --------
    >>> import numpy as np
    >>> noise = np.random.default_rng(1).normal(size=(3, 40))
    >>> rank_ranges(noise + np.array([[0.0], [0.0], [5.0]])).best
    array([2, 2, 1])
    """
    table = as_tensor("scores", scores, ndim=2).detach().cpu().double().numpy()
    _check_units(table.shape[1], "scores")
    left, right = np.triu_indices(len(table), 1)
    n_flips = _enough_flips(len(left), alpha) if n_permutations is None else n_permutations
    check_n_resamples("n_permutations", n_flips)
    _check_resolution(len(left), table.shape[1], n_flips, alpha)
    weights, _ = _unit_weights(groups, table.shape[1])
    p_values = np.ones((len(table), len(table)))
    if len(left):
        columns = weights[:, None] * (table[left] - table[right]).T
        p_values[left, right] = holm_adjusted(_flip_p_values(columns, n_flips, child_generators(seed, 2)[1]))
        p_values[right, left] = p_values[left, right]
    return rank_ranges_of(table @ weights, p_values, alpha)


def hierarchical_bootstrap(
    values: Array,
    groups: object,
    *,
    n_boot: int = 1000,
    resample_groups: bool = False,
    statistic: str = "median",
    seed: int = 0,
) -> Array:
    """Resamples of the mean over groups of the median (or mean) within each: targets within animals.

    Within each group as many members are drawn with replacement as it has. With `resample_groups`, groups
    are drawn with replacement as well: for claims about animals not recorded, given more than a handful.

    To resample conditions too, give one row of `values` per resample of the conditions: row b holds the
    scores of the targets in resample b, and its targets are drawn in turn.

    Parameters
    ----------
    values : array of shape (n_members,) or (n_boot, n_members)
        Score of each member (target); with two axes, in each resample of something above it. NaN: not
        defined; such members are left out of the median, and a resample in which a group has none is NaN.
    groups : array-like of shape (n_members,)
        Group (animal) of each member.
    n_boot : int, default=1000
        Number of resamples, where `values` is a vector; otherwise it is the number of rows.
    resample_groups : bool, default=False
        Whether groups are drawn too.
    statistic : {"median", "mean"}, default="median"
        Within groups.
    seed : int, default=0
        Seed of the draws.

    Returns
    -------
    resampled : array of shape (n_boot,)
        float64. Hand it to `percentile_interval`.

    Raises
    ------
    InvalidArgumentError
        If shapes disagree, names are unknown, or groups are to be drawn and there is one only.

    References
    ----------
    Davison & Hinkley 1997, Bootstrap Methods and their Application, sect. 3.8; Saravanan, Berman & Sober
    2020, Neurons Behav. Data Anal. Theory 3(5).

    Examples
    --------
    >>> import numpy as np
    >>> scores = np.array([0.2, 0.4, 0.3, 0.9, 0.8])
    >>> hierarchical_bootstrap(scores, ["a", "a", "a", "b", "b"], n_boot=4).shape
    (4,)
    """
    check_n_resamples("n_boot", n_boot)
    _check_statistic(statistic)
    table = as_tensor("values", values, ndim=(1, 2), finite=False).detach().cpu().double().numpy()
    rows = np.broadcast_to(table, (n_boot, len(table))) if table.ndim == 1 else table
    codes = condition_codes(groups, rows.shape[1])
    for_members, for_groups = child_generators(seed, 2)
    per_group = _per_group(rows, codes, statistic, for_members)
    if resample_groups:
        per_group = _redrawn(per_group, for_groups)
    return like(torch.from_numpy(per_group.mean(1)), values)


def _per_group(
    rows: npt.NDArray[np.float64],
    codes: npt.NDArray[np.int64],
    statistic: str,
    generator: np.random.Generator,
) -> npt.NDArray[np.float64]:
    """The statistic of redrawn members in each resample and group, (n_boot, n_groups)."""
    out = np.empty((len(rows), int(codes.max()) + 1))
    for group in range(out.shape[1]):
        members = np.flatnonzero(codes == group)
        for chunk in _chunks(len(rows), len(members)):
            drawn = members[generator.integers(len(members), size=(chunk.stop - chunk.start, len(members)))]
            out[chunk, group] = _of_defined(np.take_along_axis(rows[chunk], drawn, axis=1), statistic)
    return out


def _of_defined(values: npt.NDArray[np.float64], statistic: str) -> npt.NDArray[np.float64]:
    """Median or mean of the entries of each row that are not NaN; NaN where there is none."""
    tensor = torch.from_numpy(values)
    if statistic == "mean":
        return tensor.nanmean(1).numpy()
    return tensor.nanquantile(0.5, dim=1).numpy()


def _redrawn(per_group: npt.NDArray[np.float64], generator: np.random.Generator) -> npt.NDArray[np.float64]:
    n_boot, n_groups = per_group.shape
    if n_groups < 2:
        raise InvalidArgumentError("The 'groups' parameter", got="1 group", needed="of at least 2 groups")
    drawn = generator.integers(n_groups, size=(n_boot, n_groups))
    return np.take_along_axis(per_group, drawn, axis=1)


def _differences(first: Array, second: Array) -> npt.NDArray[np.float64]:
    a, b = as_tensor("first", first, ndim=1), as_tensor("second", second, ndim=1)
    check_same_length(("first", "second"), (len(a), len(b)), "units")
    _check_units(len(a), "first")
    difference: npt.NDArray[np.float64] = (a.detach().cpu().double() - b.detach().cpu().double()).numpy()
    return difference


def _unit_weights(groups: object, n_units: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Weight of each unit in the mean over groups of means within groups, and the group of each unit."""
    if groups is None:
        return np.full(n_units, 1 / n_units), np.zeros(n_units, dtype=np.int64)
    codes = condition_codes(groups, n_units)
    sizes = np.bincount(codes)
    return 1 / (len(sizes) * sizes[codes]), codes


def _resampled_means(
    values: npt.NDArray[np.float64], codes: npt.NDArray[np.int64], n_boot: int, generator: np.random.Generator
) -> npt.NDArray[np.float64]:
    """Mean over groups of the mean of redrawn units, by how often each unit is drawn."""
    total = np.zeros(n_boot)
    n_groups = int(codes.max()) + 1
    for group in range(n_groups):
        members = values[codes == group]
        for chunk in _chunks(n_boot, len(members)):
            counts = resample_counts(generator, len(members), chunk.stop - chunk.start).numpy()
            total[chunk] += counts @ members / len(members)
    return total / n_groups


def _flip_p_values(
    columns: npt.NDArray[np.float64], n_flips: int, generator: np.random.Generator
) -> npt.NDArray[np.float64]:
    """Two-sided p-value of each column's sum under random flips of the signs of rows."""
    n_units = len(columns)
    observed = np.abs(columns.sum(0)) - _ROUNDING * np.abs(columns).sum(0)
    exact = _is_exact(n_units, n_flips)
    count = np.zeros(columns.shape[1])
    for signs in _all_signs(n_units) if exact else _random_signs(n_units, n_flips, generator):
        for chunk in _chunks(columns.shape[1], len(signs)):
            count[chunk] += (np.abs(signs @ columns[:, chunk]) >= observed[chunk]).sum(0)
    return count / 2.0 ** (n_units - 1) if exact else (1 + count) / (1 + n_flips)


def _is_exact(n_units: int, n_flips: int) -> bool:
    return n_units <= 30 and 2**n_units <= n_flips + 1


def _all_signs(n_units: int) -> Iterator[npt.NDArray[np.float64]]:
    """All flips but for the sign of the whole, which a two-sided test does not see."""
    numbers = np.arange(2 ** (n_units - 1))[:, None]
    yield 1.0 - 2.0 * ((numbers >> np.arange(n_units)) & 1)


def _random_signs(
    n_units: int, n_flips: int, generator: np.random.Generator
) -> Iterator[npt.NDArray[np.float64]]:
    for chunk in _chunks(n_flips, n_units):
        yield generator.integers(0, 2, size=(chunk.stop - chunk.start, n_units)) * 2.0 - 1.0


def _chunks(n: int, entries_each: int) -> Iterator[slice]:
    step = max(1, _CHUNK // entries_each)
    for start in range(0, n, step):
        yield slice(start, min(start + step, n))


def _enough_flips(n_tests: int, alpha: float) -> int:
    return max(9_999, math.ceil(10 * n_tests / alpha))


def _check_resolution(n_tests: int, n_units: int, n_flips: int, alpha: float) -> None:
    if not 0 < alpha < 1:
        raise InvalidArgumentError("The 'alpha' parameter", got=alpha, needed="between 0 and 1")
    smallest = 0.5 ** (n_units - 1) if _is_exact(n_units, n_flips) else 1 / (1 + n_flips)
    if n_tests and smallest * n_tests > alpha:
        raise InvalidArgumentError(
            "The 'scores' parameter",
            got=f"{n_units} units and {n_flips} flips for {n_tests} tests: p is at least {smallest:.2g}",
            needed=f"of units and flips that allow p <= {alpha / n_tests:.2g}",
            hint="Score more units, compare fewer candidates, or raise 'n_permutations'.",
        )


def _check_units(n_units: int, name: str) -> None:
    if n_units < 2:
        raise InvalidArgumentError(f"The '{name}' parameter", got="1 unit", needed="of at least 2 units")


def _check_statistic(statistic: str) -> None:
    if statistic not in ("median", "mean"):
        raise InvalidArgumentError(
            "The 'statistic' parameter", got=repr(statistic), needed="'median' or 'mean'"
        )
