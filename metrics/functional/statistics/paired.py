"""The paired difference of two candidates on the same units: an interval, and a test.

What is hard for both candidates cancels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ....core.rank_ranges import is_rounding
from .._arrays import Array, as_tensor, check_same_length
from .._resample import check_n_resamples, child_generators, resample_counts
from ._sign_flips import check_units, chunks, flip_p_values, unit_weights
from .interval import Interval, bootstrap_t_interval, t_interval

__all__ = ["PairedDifference", "paired_difference"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# With fewer degrees of freedom, resamples in which hardly any units differ have a standard error near 0.
_LEAST_DEGREES: Final = 10


@dataclass(frozen=True)
class PairedDifference:
    """Difference of one candidate's score from another's.

    Parameters
    ----------
    difference : float
        Mean over units of the first score less the second, in units of the score.
    interval : Interval
        Bootstrap-t interval of the difference.
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
    groups of the mean within each. The interval is the bootstrap-t: units are drawn with replacement (within
    their groups), and quantiles of :math:`t^* = (\bar d^* - \bar d) / se^*` take the place of Student's, so that
    it covers for skewed scores, too. With fewer than 10 units more than groups, whose resamples are too
    coarse, the quantiles are Student's. The p-value exchanges the two candidates' scores in units at random,
    which flips the sign of :math:`d_u`: :math:`p = (1 + \#\{|\bar d^*| \ge |\bar d|\}) / (1 + n)`; where all
    :math:`2^n` flips are no more than `n_permutations`, it is exact. A difference below rounding (1e-9 of the
    larger score) counts as 0: a model whose units are in another order does not differ from itself.

    The units must be independent of one another: conditions, animals, or targets if the claim is about
    these animals and conditions only.

    Parameters
    ----------
    first, second : array of shape (n_units,)
        Score of each candidate in each unit.
    unit : str
        Name of the units, kept in the interval: ``"conditions"``, ``"targets within animals"``.
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
    Bootstrap-t: Efron & Tibshirani 1993, An Introduction to the Bootstrap, sect. 12.5; Hesterberg 2015, Am.
    Stat. 69:371. Sign-flip test: Good 2005, Permutation, Parametric and Bootstrap Tests of Hypotheses, sect.
    3.2. The one added to both counts: Phipson & Smyth 2010, Stat. Appl. Genet. Mol. Biol. 9:39.

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
    weights, codes = unit_weights(groups, len(difference))
    for_interval, for_test = child_generators(seed, 2)
    resampled = _resampled(difference, codes, n_boot, for_interval)
    p_value = flip_p_values((weights * difference)[:, None], n_permutations, for_test)[0]
    return PairedDifference(
        difference=float(weights @ difference),
        interval=_interval(difference, codes, resampled, level, unit),
        p_value=float(p_value),
        n_units=len(difference),
    )


def _differences(first: Array, second: Array) -> npt.NDArray[np.float64]:
    a, b = as_tensor("first", first, ndim=1), as_tensor("second", second, ndim=1)
    check_same_length(("first", "second"), (len(a), len(b)), "units")
    check_units(len(a), "first")
    one, other = (scores.detach().cpu().double().numpy() for scores in (a, b))
    size = float(np.abs([one, other]).max())
    return np.where(is_rounding(one, other, size=size), 0.0, one - other)


@dataclass(frozen=True, eq=False)
class _Means:
    """Mean over groups of the means within them, and its standard error; both of shape (n_resamples,)."""

    mean: Floats
    error: Floats


def _interval(values: Floats, codes: Ints, resampled: _Means, level: float, unit: str) -> Interval:
    """Bootstrap-t, or Student's t for few units."""
    sizes = np.bincount(codes)
    in_data = _means(values, codes, [np.ones((1, size)) for size in sizes])
    mean, error = float(in_data.mean[0]), float(in_data.error[0])
    degrees = len(values) - len(sizes)
    if degrees < _LEAST_DEGREES:
        return t_interval(mean, error, degrees=max(1, degrees), level=level, unit=unit)
    return bootstrap_t_interval(mean, error, resampled.mean, resampled.error, level=level, unit=unit)


def _resampled(values: Floats, codes: Ints, n_boot: int, generator: np.random.Generator) -> _Means:
    """The means of redrawn units, by how often each is drawn within its group."""
    sizes = np.bincount(codes)
    parts = []
    for chunk in chunks(n_boot, len(values)):
        n = chunk.stop - chunk.start
        counts = [resample_counts(generator, int(size), n).numpy() for size in sizes]
        parts.append(_means(values, codes, counts))
    return _Means(
        np.concatenate([part.mean for part in parts]), np.concatenate([part.error for part in parts])
    )


def _means(values: Floats, codes: Ints, counts: list[Floats]) -> _Means:
    """With each unit as often as `counts` of its group say, (n_resamples, n_units_of_group)."""
    mean, square = np.zeros(len(counts[0])), np.zeros(len(counts[0]))
    for group, count in enumerate(counts):
        members = values[codes == group]
        n, centre = len(members), members.mean()
        about = members - centre
        shift = count @ about / n
        spread = np.maximum(count @ about**2 / n - shift**2, 0)
        mean += (centre + shift) / len(counts)
        square += spread / max(1, n - 1) / len(counts) ** 2
    return _Means(mean, np.sqrt(square))
