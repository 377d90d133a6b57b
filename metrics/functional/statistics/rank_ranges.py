"""Ranks that candidates share where they are not significantly different, and Holm's correction.

Two candidates are compared on the same units (conditions, or targets), so that what is hard for both cancels.
"""

from __future__ import annotations

import math

import numpy as np
import torch

from ....core.errors import InvalidArgumentError
from ....core.rank_ranges import RankRanges, holm_adjusted, is_rounding, rank_ranges_of
from .._arrays import Array, as_tensor, like
from .._resample import check_n_resamples, child_generators
from ._sign_flips import check_units, flip_p_values, is_exact, unit_weights

__all__ = [
    "RankRanges",
    "holm",
    "rank_ranges",
]


def holm(p_values: Array) -> Array:
    """Holm's step-down correction: reject where it is at most alpha, and no true null falls with more than alpha.

    The k-th smallest of m p-values is multiplied by m - k + 1, and raised to the one before it.

    Parameters
    ----------
    p_values : array of shape (n_tests,)
        p-values in [0, 1].

    Returns
    -------
    adjusted : array of shape (n_tests,)
        Adjusted p-values in [0, 1], in the order of `p_values`, float64.

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
        Group of each unit, as in `paired_difference`.
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
    check_units(table.shape[1], "scores")
    left, right = np.triu_indices(len(table), 1)
    n_flips = _enough_flips(len(left), alpha) if n_permutations is None else n_permutations
    check_n_resamples("n_permutations", n_flips)
    _check_resolution(len(left), table.shape[1], n_flips, alpha)
    weights, _ = unit_weights(groups, table.shape[1])
    p_values = np.ones((len(table), len(table)))
    if len(left):
        same = is_rounding(table[left], table[right], size=float(np.abs(table).max()))
        gaps = np.where(same, 0.0, table[left] - table[right])
        columns = weights[:, None] * gaps.T
        p_values[left, right] = holm_adjusted(flip_p_values(columns, n_flips, child_generators(seed, 2)[1]))
        p_values[right, left] = p_values[left, right]
    return rank_ranges_of(table @ weights, p_values, alpha)


def _enough_flips(n_tests: int, alpha: float) -> int:
    return max(9_999, math.ceil(10 * n_tests / alpha))


def _check_resolution(n_tests: int, n_units: int, n_flips: int, alpha: float) -> None:
    if not 0 < alpha < 1:
        raise InvalidArgumentError("The 'alpha' parameter", got=alpha, needed="between 0 and 1")
    smallest = 0.5 ** (n_units - 1) if is_exact(n_units, n_flips) else 1 / (1 + n_flips)
    if n_tests and smallest * n_tests > alpha:
        raise InvalidArgumentError(
            "The 'scores' parameter",
            got=f"{n_units} units and {n_flips} flips for {n_tests} tests: p is at least {smallest:.2g}",
            needed=f"of units and flips that allow p <= {alpha / n_tests:.2g}",
            hint="Score more units, compare fewer candidates, or raise 'n_permutations'.",
        )
