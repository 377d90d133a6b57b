"""Ranks from paired tests: which differences between candidates are significant, and the ranks left open.

Two candidates are compared on shared resamples. With values :math:`s_i`, :math:`s_j` and resampled values
:math:`s_{ib}`, :math:`s_{jb}`, the statistic is :math:`t = (s_i - s_j) / \\mathrm{SE}`, where SE is the standard
error of the difference over resamples; the p-value is two-sided, from Student's t with one degree of freedom
less than there are units (Schütt et al. 2023, eLife 12:e82566). All pairs are corrected together by Holm.
A gap below rounding is none, and as resamples are kept in float32, no SE is taken to be below what float32 keeps.
A tail of t and not the share of resamples is taken because a few thousand resamples cannot show the small
p-values that remain after a correction over many pairs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr, stdtrit

from ..core.rank_ranges import holm_adjusted, is_rounding, rank_ranges_of
from ..core.resamples import Resamples

__all__ = [
    "ALPHA",
    "Comparison",
    "Difference",
    "Quantity",
    "RankInterval",
    "compare",
    "difference",
    "inflation",
    "mean_of",
    "pair_variances",
    "sharing",
]

Quantity: TypeAlias = Literal["normalised", "raw", "ceiling"]
Floats: TypeAlias = npt.NDArray[np.float64]

ALPHA = 0.05
_SAME = 1e-3  # relative; ceilings of the same resample differ by rounding only
_FLOAT32 = float(np.finfo(np.float32).eps)


@dataclass(frozen=True)
class RankInterval:
    """The ranks that a candidate can have among those with a value.

    Parameters
    ----------
    rank_low, rank_high : int
        Best and worst rank that the tests leave open; 1 is best.
    tie_groups : tuple of int
        Numbers, from 0 for the best, of the groups that it belongs to: in a group no two are significantly
        different. Groups overlap, as "not significantly different" is not transitive.
    n_compared : int
        Number of candidates that have a value.
    tested : bool
        Whether it shares resamples with another candidate; if not, it is significantly different from none.
    """

    rank_low: int
    rank_high: int
    tie_groups: tuple[int, ...]
    n_compared: int
    tested: bool

    @property
    def tie_group(self) -> int:
        """The best of its groups."""
        return self.tie_groups[0]


@dataclass(frozen=True)
class Difference:
    """One candidate's score less another's, on shared resamples.

    Parameters
    ----------
    value : float
        The difference, in units of the quantity compared.
    low, high : float
        Its 95 % interval.
    p_value : float
        Two-sided, of this pair alone.
    """

    value: float
    low: float
    high: float
    p_value: float


@dataclass(frozen=True, eq=False)
class Comparison:
    """Candidates' values, and the standard errors of their differences.

    Parameters
    ----------
    values : array of shape (n,)
    errors : array of shape (n, n)
        Standard error of the difference of each pair; NaN where the pair shares no resamples.
    n_units : int
        Number of resampled units; the fewest, where there are several.
    """

    values: Floats
    errors: Floats
    n_units: int

    def among(self, members: Sequence[int]) -> Comparison:
        """The comparison of some of the candidates."""
        return Comparison(self.values[members], self.errors[np.ix_(members, members)], self.n_units)

    @property
    def p_values(self) -> Floats:
        """Two-sided p-values of all pairs, not corrected; NaN where a pair cannot be compared."""
        p_values = np.ones_like(self.errors)
        pairs = np.triu_indices(len(self.values), 1)
        p_values[pairs] = 2 * stdtr(max(self.n_units - 1, 1), -self.t_values[pairs])
        p_values.T[pairs] = p_values[pairs]
        return p_values

    @property
    def t_values(self) -> Floats:
        """Differences of all pairs in units of their standard error, without sign; 0 where it is rounding."""
        first, second = self.values[:, None], self.values[None]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            t_values = np.abs(first - second) / self.errors
        same = is_rounding(first, second) & ~np.isnan(self.errors)
        return np.where(same, 0.0, t_values)

    @cached_property
    def corrected(self) -> Floats:
        """The p-values corrected by Holm over all pairs that can be compared; 1 for those that cannot."""
        p_values = self.p_values
        pairs = np.triu(self._comparable)
        corrected = np.ones_like(p_values)
        corrected[pairs] = holm_adjusted(p_values[pairs])
        return np.minimum(corrected, corrected.T)

    @property
    def _comparable(self) -> npt.NDArray[np.bool_]:
        comparable = ~np.isnan(self.errors)
        np.fill_diagonal(comparable, False)
        return comparable

    def rank_intervals(self, alpha: float = ALPHA) -> list[RankInterval]:
        """Ranks as ranges and tie groups, Holm-corrected over all pairs that can be compared."""
        ranges = rank_ranges_of(self.values, self.corrected, alpha)
        groups: list[list[int]] = [[] for _ in self.values]
        for number, members in enumerate(ranges.tie_groups):
            for member in members:
                groups[member].append(number)
        return [
            RankInterval(int(low), int(high), tuple(numbers), len(groups), bool(tested))
            for low, high, numbers, tested in zip(
                ranges.best, ranges.worst, groups, np.asarray(self._comparable.any(1)), strict=True
            )
        ]


def compare(values: Sequence[float], resamples: Sequence[Resamples | None], quantity: Quantity) -> Comparison:
    """Compare candidates on one column.

    Parameters
    ----------
    values : sequence of float, of length n
        Each candidate's value.
    resamples : sequence of Resamples or None, of length n
        Its resamples, if it has any.
    quantity : {"normalised", "raw", "ceiling"}
        Quantity of `values`.
    """
    errors = np.full((len(values), len(values)), np.nan)
    units = []
    for members in sharing(resamples):
        shared = [one for index in members if (one := resamples[index]) is not None]
        errors[np.ix_(members, members)] = _standard_errors(shared, quantity)
        units.append(shared[0].n_units)
    return Comparison(np.asarray(values, dtype=np.float64), errors, min(units, default=2))


def mean_of(comparisons: Mapping[str, Sequence[Comparison]]) -> Comparison:
    r"""Compare the same candidates on their mean over columns.

    Columns of one data set rest on the same conditions, so their errors go together, by how much is not known:
    :math:`\mathrm{SE}_{a+b} \le \mathrm{SE}_a + \mathrm{SE}_b` (Minkowski) bounds it. Those of different data
    sets are independent, and their squares add.

    Parameters
    ----------
    comparisons : mapping of str to sequence of Comparison
        Comparisons of the candidates on each column, by data set.
    """
    columns = [column for several in comparisons.values() for column in several]
    squares = sum(np.square(sum(column.errors for column in several)) for several in comparisons.values())
    return Comparison(
        values=np.mean([column.values for column in columns], axis=0),
        errors=np.sqrt(squares) / len(columns),
        n_units=min(column.n_units for column in columns),
    )


def difference(
    first: tuple[float, Resamples], second: tuple[float, Resamples], quantity: Quantity
) -> Difference | None:
    """The first candidate's value less the second's, with its 95 % interval.

    Parameters
    ----------
    first, second : tuple of float and Resamples
        Value and resamples of each.
    quantity : {"normalised", "raw", "ceiling"}
        Quantity of the values.

    Returns
    -------
    difference : Difference or None
        None if they share no resamples.
    """
    both = compare([first[0], second[0]], [first[1], second[1]], quantity)
    error = float(both.errors[0, 1])
    if np.isnan(error):
        return None
    value = first[0] - second[0]
    reach = float(stdtrit(max(both.n_units - 1, 1), 0.975)) * error
    return Difference(value, value - reach, value + reach, float(both.p_values[0, 1]))


def sharing(resamples: Sequence[Resamples | None]) -> list[list[int]]:
    """Candidates, by their places, in groups that share their resamples; who has none is in no group.

    The ceiling rests on data and resample alone: where two candidates' ceilings agree in every resample, the
    resamples are the same, whichever version of the code drew them.
    """
    by_plan: dict[tuple[str, int, int], list[int]] = {}
    for index, one in enumerate(resamples):
        if one is not None:
            by_plan.setdefault((one.kind, one.n_units, len(one.values)), []).append(index)
    return [
        [members[k] for k in group]
        for members in by_plan.values()
        for group in _equal_rows(np.stack([_ceiling(resamples[index]) for index in members]))
    ]


def _ceiling(resamples: Resamples | None) -> Floats:
    return np.empty(0) if resamples is None else resamples.part("ceiling")


def _equal_rows(rows: Floats) -> list[list[int]]:
    """Rows by equality but for rounding; NaN equals NaN."""
    left, groups = np.arange(len(rows)), []
    while len(left):
        first = rows[left[0]]
        near = np.abs(rows[left] - first) <= _SAME * np.abs(first)
        same = (near | (np.isnan(rows[left]) & np.isnan(first))).all(1)
        same[0] = True
        groups.append([int(index) for index in left[same]])
        left = left[~same]
    return groups


def _standard_errors(resamples: Sequence[Resamples], quantity: Quantity) -> Floats:
    """Standard error of the difference of each pair; NaN with fewer than half of the resamples defined."""
    values = np.stack([one.part(quantity) for one in resamples])
    # What differs by less than float32 keeps is known to that only, and not to be nothing.
    size = np.square(np.nan_to_num(values)).max(1, initial=0.0)
    variance = np.maximum(pair_variances(values), _FLOAT32**2 * np.maximum.outer(size, size))
    return np.asarray(np.sqrt(variance * inflation(resamples[0])))


def pair_variances(values: Floats) -> Floats:
    """Variance over resamples of the difference of each pair.

    Parameters
    ----------
    values : array of shape (n_candidates, n_resamples)
        Values of the resamples; NaN where not defined.

    Returns
    -------
    variances : array of shape (n_candidates, n_candidates)
        Variances over the resamples in which both are defined; NaN where these are fewer than half.
    """
    defined = ~np.isnan(values)
    centre = np.nan_to_num(values.sum(1, where=defined) / np.maximum(defined.sum(1), 1))
    centred = np.where(defined, values - centre[:, None], 0.0)
    count, sums, squares = _pairwise(centred, defined)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = (squares + squares.T - 2 * centred @ centred.T) / count
        variance -= np.square((sums - sums.T) / count)
    variance = np.maximum(variance, 0.0)
    variance[2 * count < values.shape[1]] = np.nan
    return np.asarray(variance)


def _pairwise(centred: Floats, defined: npt.NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    """Number of resamples in which both of each pair (i, j) are defined, and the sums there of i and its square."""
    if defined.all():  # as below, without products of large matrices
        shape = (len(centred), len(centred))
        squares = np.broadcast_to(np.square(centred).sum(1, keepdims=True), shape)
        return np.full(shape, float(centred.shape[1])), np.zeros(shape), squares
    weight = defined.astype(np.float64)
    return weight @ weight.T, centred @ weight.T, np.square(centred) @ weight.T


def inflation(resamples: Resamples) -> float:
    """Factor from the variance over resamples to that of the score.

    The bootstrap's is too small by (n - 1) / n, and the jackknife's is to be multiplied by n - 1 (Efron &
    Tibshirani 1993, sect. 10.7 and 11.5).
    """
    n = resamples.n_units
    if resamples.kind == "jackknife":
        return n - 1.0
    return n / max(n - 1.0, 1.0)
