"""Patterns of errors in behaviour: residual errors by condition, and how consistent two systems are in them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from ....core.arrays import plain_array
from ....core.errors import InvalidArgumentError
from .._arrays import as_numbers, as_tensor
from .._correlation import column_correlation
from .._resample import check_n_resamples, child_generators, resample_counts
from .._splits import check_integer, condition_codes, n_conditions
from .._weighted_correlation import weighted_correlation

__all__ = [
    "BehaviouralConsistency",
    "behavioural_consistency",
    "bootstrap_consistency",
    "cohen_kappa",
    "condition_means",
    "residual_errors",
    "stratified_halves",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class BehaviouralConsistency:
    """Similarity of two systems' patterns over conditions, corrected for the noise of both.

    Attributes
    ----------
    rho : float
        Noise-corrected consistency; not clipped, NaN where the halves of a system do not agree.
    raw : float
        Mean correlation of a half of one system with a half of the other.
    reliability_a, reliability_b : float
        Mean correlation of the two halves of each system; 1 for one without noise.
    n_pairs, n_degenerate : int
        Pairs of splits, and those without a value.
    """

    rho: float
    raw: float
    reliability_a: float
    reliability_b: float
    n_pairs: int
    n_degenerate: int


def residual_errors(response: object, target: object) -> Floats:
    """Residual error of each trial: the response less its regression on the target.

    Least squares with intercept over all trials: what is left is neither the target nor a general gain or bias
    (``residual_err_total`` of Rajalingham, Piccato & Jazayeri 2022, before it is averaged by condition).

    Parameters
    ----------
    response, target : array of shape (n_trials,)
        Final positions of the paddle and of the ball; at least 3 trials, the targets not all equal.

    Returns
    -------
    residual : array of shape (n_trials,)
        Residual in the unit of `response`; mean 0.

    Raises
    ------
    InvalidArgumentError
        If an argument is not as described.
    """
    y, x = (as_numbers(name, value, ndim=1) for name, value in (("response", response), ("target", target)))
    if len(x) != len(y) or len(x) < 3:
        raise InvalidArgumentError(
            "The 'target' parameter",
            got=f"{len(x)} trials",
            needed=f"as long as 'response' ({len(y)}), 3 or more",
        )
    spread = x - x.mean()
    if not spread.any():
        raise InvalidArgumentError("The 'target' parameter", got="one value", needed="of several values")
    slope = (spread @ y) / (spread @ spread)
    return np.asarray(y - y.mean() - slope * spread)


def stratified_halves(groups: object, *, n_repeats: int = 10, seed: int = 0) -> npt.NDArray[np.bool_]:
    """Split trials at random into halves, within each condition.

    Parameters
    ----------
    groups : array of shape (n_trials,)
        The condition of each trial; each condition has at least 2 trials.
    n_repeats : int, default=10
        Number of splits.
    seed : int, default=0
        Seed of the splits.

    Returns
    -------
    first : bool array of shape (n_repeats, n_trials)
        True for trials in the first half; of an odd number the second half has one more.

    Raises
    ------
    InvalidArgumentError
        If a condition has one trial only.
    """
    codes = condition_codes(groups, len(np.asarray(groups)))
    sizes = np.bincount(codes)
    if sizes.min() < 2:
        raise InvalidArgumentError(
            "The 'groups' parameter",
            got=f"a condition of {sizes.min()} trial",
            needed="2 trials or more in each",
        )
    rng = np.random.default_rng(check_integer("seed", seed, least=0))
    draws = rng.random((check_integer("n_repeats", n_repeats, least=1), len(codes)))
    # A trial's rank within its condition decides: the lower half of the ranks is the first half.
    order = np.lexsort((draws, np.broadcast_to(codes, draws.shape)))
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    ranks = np.arange(len(codes)) - starts[codes[order]]
    first = np.empty(draws.shape, dtype=bool)
    np.put_along_axis(first, order, ranks < sizes[codes[order]] // 2, axis=1)
    return first


def behavioural_consistency(a: object, b: object) -> BehaviouralConsistency:
    r"""Consistency of two systems' patterns over conditions, corrected for noise by halves of trials.

    For halves :math:`a_1, a_2` of one system and :math:`b_1, b_2` of the other, averaged over all pairs of splits:

    .. math:: \rho = \frac{\frac14 \sum_{i,j} r(a_i, b_j)}{\sqrt{r(a_1, a_2)\; r(b_1, b_2)}}

    with Pearson r over conditions. Halves are on both sides, so there is no Spearman-Brown correction.

    Parameters
    ----------
    a, b : array of shape (n_splits, 2, n_conditions), or (n_conditions,)
        Patterns in each half of each split, the same conditions in the same order, 3 or more. One vector is
        a system without noise: both of its halves are that vector.

    Returns
    -------
    consistency : BehaviouralConsistency

    Raises
    ------
    InvalidArgumentError
        If an argument is not as described.

    References
    ----------
    Rajalingham, Piccato & Jazayeri (2022), Nature Communications 13:5865.

    Examples
    --------
    >>> import numpy as np
    >>> pattern = np.random.default_rng(0).normal(size=50)
    >>> noisy = pattern + np.random.default_rng(1).normal(size=(10, 2, 50))
    >>> bool(abs(behavioural_consistency(noisy, pattern).rho - 1) < 0.1)
    True
    """
    first, second = _halves("a", a), _halves("b", b)
    if first.shape[2] != second.shape[2]:
        raise InvalidArgumentError(
            "The 'b' parameter", got=f"{second.shape[2]} conditions", needed=f"of {first.shape[2]}, as 'a'"
        )
    between = np.array(
        [
            [np.mean([_r(half_a, half_b) for half_a, half_b in product(one, other)]) for other in second]
            for one in first
        ]
    )
    within_a, within_b = (np.array([_r(*pair) for pair in halves]) for halves in (first, second))
    products = within_a[:, None] * within_b[None, :]
    with np.errstate(invalid="ignore", divide="ignore"):
        rho = np.where((within_a[:, None] > 0) & (products > 0), between / np.sqrt(products), np.nan)
    defined = np.isfinite(rho)
    return BehaviouralConsistency(
        rho=float(rho[defined].mean()) if defined.any() else float("nan"),
        raw=float(between.mean()),
        reliability_a=float(within_a.mean()),
        reliability_b=float(within_b.mean()),
        n_pairs=rho.size,
        n_degenerate=int((~defined).sum()),
    )


def bootstrap_consistency(
    a: object, b: object, *, n_boot: int = 1000, seed: int = 0
) -> tuple[Floats, Floats, Floats]:
    """Consistency in resamples of the conditions.

    Parameters
    ----------
    a, b : arrays
        As for :func:`behavioural_consistency`.
    n_boot : int, default=1000
        Resamples; the same draws for all systems with as many conditions.
    seed : int, default=0
        Seed of the draws.

    Returns
    -------
    raw, ceiling, rho : arrays of shape (n_boot,)
        Mean correlation between the systems, square root of the product of their mean reliabilities, and their
        ratio. NaN where not defined.
    """
    first, second = _halves("a", a), _halves("b", b)
    check_n_resamples("n_boot", n_boot)
    weights = resample_counts(child_generators(seed, 1)[0], first.shape[2], n_boot).numpy()
    systems = [system.reshape(-1, system.shape[2]) for system in (first, second)]
    raw = np.mean([weighted_correlation(x, y, weights) for x, y in product(*systems)], axis=0)
    within = [
        np.mean([weighted_correlation(pair[0], pair[1], weights) for pair in system], axis=0)
        for system in (first, second)
    ]
    ceiling = np.sqrt(np.prod(np.where(np.array(within) > 0, within, np.nan), axis=0))
    return raw, ceiling, raw / ceiling


def cohen_kappa(a: object, b: object) -> float:
    r"""Cohen's kappa of two sets of yes-or-no answers to the same questions.

    .. math:: \kappa = \frac{p_o - p_e}{1 - p_e}

    with the share of equal answers :math:`p_o` and that expected of independent answers :math:`p_e`.

    Parameters
    ----------
    a, b : bool array of shape (n_questions,)
        Or numbers 0 and 1.

    Returns
    -------
    kappa : float
        1 at most, 0 for independent answers; NaN if both always give the same one answer.

    Raises
    ------
    InvalidArgumentError
        If the answers are not as described.

    References
    ----------
    Cohen (1960), Educational and Psychological Measurement 20:37.
    """
    first, second = _answers("a", a), _answers("b", b)
    if len(first) != len(second):
        raise InvalidArgumentError(
            "The 'b' parameter", got=f"{len(second)} answers", needed=f"as many as 'a' ({len(first)})"
        )
    observed = float((first == second).mean())
    expected = float(first.mean() * second.mean() + (1 - first.mean()) * (1 - second.mean()))
    return (observed - expected) / (1 - expected) if expected < 1 else float("nan")


def condition_means(values: Floats, groups: object, first: npt.NDArray[np.bool_]) -> Floats:
    """Mean of each half of each split by condition, (n_splits, 2, n_conditions), in the labels' sorted order."""
    codes = condition_codes(groups, len(values))
    n = n_conditions(codes)
    halves = [
        [
            np.bincount(codes[part], values[part], n) / np.bincount(codes[part], minlength=n)
            for part in (one, ~one)
        ]
        for one in first
    ]
    return np.array(halves)


def _halves(name: str, value: object) -> Floats:
    array = as_numbers(name, value, ndim=(1, 3))
    halves = np.broadcast_to(array, (1, 2, len(array))) if array.ndim == 1 else array
    if halves.shape[1] != 2 or halves.shape[2] < 3:
        raise InvalidArgumentError(
            f"The '{name}' parameter", got=f"shape {array.shape}", needed="(n_splits, 2, n_conditions >= 3)"
        )
    return halves


def _r(x: Floats, y: Floats) -> float:
    columns = (as_tensor("values", np.ascontiguousarray(part)[:, None], ndim=2) for part in (x, y))
    return float(column_correlation(*columns))


def _answers(name: str, value: object) -> npt.NDArray[np.bool_]:
    array = plain_array(f"The '{name}' parameter", value)
    if array.ndim != 1 or not len(array) or not np.isin(array, (0, 1)).all():
        raise InvalidArgumentError(
            f"The '{name}' parameter",
            got=f"{array.dtype} of shape {array.shape}",
            needed="a vector of yes and no",
        )
    return array.astype(bool)
