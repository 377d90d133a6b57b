"""Ranks that can be known: Holm's correction, and the ranks that tests of all pairs leave open.

The metrics and the board both rank; what they share is here, on numpy arrays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["RankRanges", "holm_adjusted", "is_rounding", "rank_ranges_of"]

Floats = npt.NDArray[np.float64]

_RELATIVE = 1e-9
_ABSOLUTE = 1e-12


@dataclass(frozen=True, eq=False)
class RankRanges:
    """The range of ranks that each candidate can have, given the differences that are significant.

    Parameters
    ----------
    mean : array of shape (n_candidates,)
        Mean score over units.
    best : array of int, shape (n_candidates,)
        One plus the number of candidates that are significantly better: the rank to print. Candidates that
        are not significantly different from the leader all have rank 1.
    worst : array of int, shape (n_candidates,)
        Number of candidates less those that are significantly worse.
    p_values : array of shape (n_candidates, n_candidates)
        Holm-corrected p-values of all pairs; 1 on the diagonal.
    tie_groups : tuple of tuple of int
        Largest runs of candidates, in descending order of the mean, in which no pair differs. They may
        overlap, as "not significantly different" is not transitive.
    """

    mean: Floats
    best: npt.NDArray[np.int64]
    worst: npt.NDArray[np.int64]
    p_values: Floats
    tie_groups: tuple[tuple[int, ...], ...]


def is_rounding(first: npt.ArrayLike, second: npt.ArrayLike, *, size: float = 1.0) -> npt.NDArray[np.bool_]:
    """Whether two scores differ by no more than the order of additions can make of one.

    The same model with its units in another order scores the same but for the last digits, and must tie with
    itself.

    Parameters
    ----------
    first, second : array-like
        Scores, of shapes that fit together.
    size : float, default=1
        Order of magnitude of the scores; 1 for those of a board.

    Returns
    -------
    same : array of bool
        True where the difference is at most 1e-9 of the larger absolute value, or 1e-12 of `size`; False at NaN.
    """
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    reach = np.maximum(_RELATIVE * np.maximum(np.abs(a), np.abs(b)), _ABSOLUTE * size)
    return np.asarray(np.abs(a - b) <= reach)


def holm_adjusted(p_values: Floats) -> Floats:
    """Holm's step-down correction of p-values in [0, 1], shape (n_tests,), in their order.

    The k-th smallest of m p-values is multiplied by m - k + 1, and raised to the one before it (Holm 1979, Scand.
    J. Stat. 6:65).
    """
    order = np.argsort(p_values, kind="stable")
    raised = np.maximum.accumulate(p_values[order] * np.arange(len(p_values), 0, -1))
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(raised, 1)
    return adjusted


def rank_ranges_of(mean: Floats, p_values: Floats, alpha: float) -> RankRanges:
    """The ranges of ranks that are consistent with tests of all pairs; larger means are better.

    Parameters
    ----------
    mean : array of shape (n_candidates,)
        Score of each candidate.
    p_values : array of shape (n_candidates, n_candidates)
        Corrected p-values of all pairs, symmetric; 1 for a pair that cannot be compared.
    alpha : float
        Significance level: a pair with a p-value up to it differs significantly.

    References
    ----------
    Goldstein & Spiegelhalter 1996, J. R. Stat. Soc. A 159:385; Mogstad et al. 2024, Rev. Econ. Stud. 91:476.
    """
    differs = p_values <= alpha
    better = mean[:, None] > mean
    return RankRanges(
        mean=mean,
        best=1 + (differs & better).sum(0),
        worst=len(mean) - (differs & better).sum(1),
        p_values=p_values,
        tie_groups=_tie_groups(np.argsort(-mean, kind="stable"), differs),
    )


def _tie_groups(order: npt.NDArray[np.int64], differs: npt.NDArray[np.bool_]) -> tuple[tuple[int, ...], ...]:
    """Largest runs along the order in which no two differ; what ends one run never begins within the next."""
    groups: list[tuple[int, ...]] = []
    stop = 0
    for start in range(len(order)):
        covered, stop = stop, max(stop, start + 1)
        while stop < len(order) and not differs[order[stop], order[start:stop]].any():
            stop += 1
        if stop > covered:
            groups.append(tuple(int(candidate) for candidate in order[start:stop]))
    return tuple(groups)
