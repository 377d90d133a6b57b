"""Yes-or-no judgements of many people: how far fractions of people can be trusted, and agreement with a model.

Where only fractions and counts are known, not who answered what, the noise of a fraction is taken as binomial:
n people who each say yes with probability p. Differences between people make the true noise of a split of one
group of people smaller, never larger, so the reliability here errs on the low side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ....core.errors import InvalidArgumentError
from .._arrays import as_numbers
from .._resample import check_n_resamples, child_generators, resample_counts
from .._weighted_correlation import weighted_correlation

__all__ = ["FractionReliability", "bootstrap_agreement", "fraction_reliability"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class FractionReliability:
    """Share of the variance of fractions over items that is due to the items.

    Attributes
    ----------
    reliability : float
        Signal variance over total variance of the fractions: the expected correlation with the fractions of as
        many other people. NaN if the fractions vary less than their noise.
    split_half : float
        Expected correlation of the fractions in two halves of the people.
    ceiling : float
        Square root of `reliability`: the correlation of the true probabilities with the fractions.
    """

    reliability: float
    split_half: float
    ceiling: float


def fraction_reliability(fraction: object, n_people: object) -> FractionReliability:
    r"""Reliability of fractions of people from binomial noise, in closed form.

    With :math:`N = \overline{p(1-p)/(n-1)}`, an unbiased estimate of the noise variance of a fraction, and
    :math:`S = \mathrm{var}(p) - N` the signal variance, reliability is :math:`S/(S+N)` and two halves of the
    people correlate with :math:`S/(S+2N)`.

    Parameters
    ----------
    fraction : array of shape (n_items,)
        Share of people who said yes, in [0, 1]; 3 items or more.
    n_people : array of shape (n_items,)
        Number of people who were asked; 2 or more.

    Returns
    -------
    reliability : FractionReliability

    Raises
    ------
    InvalidArgumentError
        If an argument is not as described.
    """
    p, n = _fractions("fraction", fraction), as_numbers("n_people", n_people, ndim=1)
    if n.shape != p.shape or len(p) < 3 or not (n >= 2).all():
        raise InvalidArgumentError(
            "The 'n_people' parameter",
            got=f"shape {n.shape} for {len(p)} items",
            needed="one number of 2 or more for each of 3 items or more",
        )
    values = _reliabilities(p[None], n[None], np.ones((1, len(p))))
    return FractionReliability(*(float(value[0]) for value in values))


def bootstrap_agreement(
    probability: object, fraction: object, n_people: object, *, n_boot: int = 1000, seed: int = 0
) -> tuple[Floats, Floats]:
    """Correlation of a model's probabilities with fractions of people, and its ceiling, in resamples of items.

    Parameters
    ----------
    probability, fraction, n_people : array of shape (n_items,)
        The model's probability of yes; people's fraction; the number of people asked.
    n_boot : int, default=1000
        Resamples of the items; the same draws for every model.
    seed : int, default=0
        Seed of the draws.

    Returns
    -------
    r, ceiling : arrays of shape (n_boot,)
        NaN where a resample has no variance.
    """
    x, p = _fractions("probability", probability), _fractions("fraction", fraction)
    check_n_resamples("n_boot", n_boot)
    weights = resample_counts(child_generators(seed, 1)[0], len(p), n_boot).numpy()
    n = np.broadcast_to(as_numbers("n_people", n_people, ndim=(0, 1)), p.shape)
    _, _, ceiling = _reliabilities(p[None], n[None], weights)
    return weighted_correlation(x, p, weights), ceiling


def _reliabilities(p: Floats, n: Floats, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """Reliability, split-half correlation and ceiling of each row of weights."""
    total = weights.sum(axis=1)
    mean = (weights * p).sum(axis=1, keepdims=True) / total[:, None]
    variance = (weights * (p - mean) ** 2).sum(axis=1) / (total - 1)
    noise = (weights * p * (1 - p) / (n - 1)).sum(axis=1) / total
    signal = np.where(variance > noise, variance - noise, np.nan)
    reliability = signal / (signal + noise)
    return reliability, signal / (signal + 2 * noise), np.sqrt(reliability)


def _fractions(name: str, value: object) -> Floats:
    array = as_numbers(name, value, ndim=1)
    if not ((array >= 0) & (array <= 1)).all():
        raise InvalidArgumentError(
            f"The '{name}' parameter", got=f"values in {array.min():.3g}..{array.max():.3g}", needed="in 0..1"
        )
    return array
