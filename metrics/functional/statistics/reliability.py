"""Reliability of responses over repeated trials: split halves and the Spearman-Brown formula."""

from __future__ import annotations

from dataclasses import dataclass
from typing import overload

import numpy as np
import torch

from ....core.errors import InvalidArgumentError
from .._arrays import Array, as_tensor, like
from .._correlation import column_correlation
from .._halves import (
    Halves,
    corrected_to_full_length,
    half_correlations,
    random_halves,
    targets_in_portions,
    trial_gram,
)
from .._scale import ordinary

__all__ = ["Reliability", "spearman_brown", "split_half_reliability"]


@dataclass(frozen=True, eq=False)
class Reliability:
    """Split-half reliability per target.

    Attributes
    ----------
    mean : array of shape (n_targets,)
        Average over the splits of the half correlation, corrected to full length; 1 at most. NaN for a target
        that does not vary.
    spread : array of shape (n_targets,)
        Standard deviation over the splits (0 for one split).
    n_splits : int
        Number of splits drawn.
    n_degenerate : int
        Targets without a value.
    """

    mean: Array
    spread: Array
    n_splits: int
    n_degenerate: int


@overload
def spearman_brown(r: float) -> float: ...
@overload
def spearman_brown(r: Array) -> Array: ...
def spearman_brown(r: float | Array) -> float | Array:
    r"""Reliability at full length from the correlation of two halves.

    .. math:: SB(r) = 2 r / (1 + r)

    Parameters
    ----------
    r : float or array
        Correlation of two halves, in [-1, 1].

    Returns
    -------
    reliability : float or array
        Reliability in the same form as `r`; NaN where r is -1 (the formula has a pole there) or NaN.

    Raises
    ------
    InvalidArgumentError
        If `r` lies outside [-1, 1], or is no floating array.

    References
    ----------
    Spearman (1910), Brown (1910), British Journal of Psychology 3:271, 3:296.

    Examples
    --------
    >>> round(spearman_brown(0.5), 3)
    0.667
    """
    if isinstance(r, int | float | np.floating):
        return float(spearman_brown(np.array([float(r)]))[0])
    values = as_tensor("r", r, ndim=tuple(range(8)), finite=False)
    if bool((values.abs() > 1 + 1e-6).any()):
        raise InvalidArgumentError(
            "The 'r' parameter",
            got=f"up to {float(values.abs().nan_to_num().max()):.3g}",
            needed="in [-1, 1]",
        )
    return like(corrected_to_full_length(values), r)


def split_half_reliability(trials: object, *, n_splits: int = 100, seed: int = 0) -> Reliability:
    r"""Reliability of each target's trial average, from random split halves of its trials.

    Trials are split at random into two halves (n_trials // 2 and the rest; the same split for all samples and
    targets), averaged, correlated over samples, and corrected to full length; the mean over splits of
    :math:`SB(r)`, not SB of the mean, is the reliability.

    Parameters
    ----------
    trials : array of shape (n_trials, n_samples, n_targets)
        Single-trial responses, at least 2 trials and 2 samples. NaN marks a trial that is missing for a
        sample and target: a half then averages the trials it has, and a sample that one of the halves lacks
        altogether is left out of that target's correlation in that split. Missing trials cost time: each
        split is then computed by itself.
    n_splits : int, default=100
        Number of random splits.
    seed : int, default=0
        Seed of the splits.

    Returns
    -------
    reliability : Reliability

    Raises
    ------
    InvalidArgumentError
        If `trials` is no floating array of that shape, has infinite values or fewer than 2 trials or samples.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> signal = rng.normal(size=(1, 500, 1))
    >>> trials = signal + rng.normal(size=(10, 500, 1))
    >>> float(split_half_reliability(trials).mean.round(1)[0])  # 10 / (10 + 1) in expectation
    0.9
    """
    values = ordinary(check_trials(trials, missing=True), dim=(0, 1))
    halves = random_halves(len(values), n_splits, seed, values.device)
    per_split = torch.cat(
        [_reliability_per_split(values[..., some], halves) for some in targets_in_portions(values)]
    )
    return _summary(per_split, values.dtype, trials)


def check_trials(trials: object, *, missing: bool = False, name: str = "trials") -> torch.Tensor:
    """Refuse trials that are too few, too short, or (unless `missing`) not finite."""
    values = as_tensor(name, trials, ndim=3, finite=not missing)
    if values.shape[0] < 2 or values.shape[1] < 2:
        raise InvalidArgumentError(
            f"The '{name}' parameter",
            got=f"{values.shape[0]} trials of {values.shape[1]} samples",
            needed="at least 2 trials of at least 2 samples, shape (n_trials, n_samples, n_targets)",
        )
    if missing and bool(values.isinf().any()):
        raise InvalidArgumentError(f"The '{name}' parameter", got="infinite values", needed="finite or NaN")
    return values


def check_halves(halves: object, shape: tuple[int, ...]) -> torch.Tensor:
    """Refuse anything but a pair of half averages shaped as the average, `shape`."""
    pair = check_trials(halves, name="halves")
    if pair.shape != (2, *shape):
        raise InvalidArgumentError(
            "The 'halves' parameter",
            got=f"shape {tuple(pair.shape)}",
            needed=f"of shape {(2, *shape)}, two averages shaped as 'y'",
        )
    return pair


def _reliability_per_split(trials: torch.Tensor, halves: Halves) -> torch.Tensor:
    """Spearman-Brown corrected half correlations, (n_targets, n_splits)."""
    if bool(trials.isnan().any()):
        pairs = zip(halves.first, halves.second, strict=True)
        r = torch.stack([_with_missing(trials, first, second) for first, second in pairs], dim=1)
    else:
        r = half_correlations(trial_gram(trials.double()), halves)
    return corrected_to_full_length(r)


def _with_missing(trials: torch.Tensor, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Half correlation of one split over the samples that both halves have, (n_targets,)."""
    a, b = trials[first > 0].nanmean(0), trials[second > 0].nanmean(0)
    both = a.isnan().logical_or(b.isnan()).logical_not()
    # Samples at the mean of the others add nothing to any of the sums of a correlation.
    return column_correlation(_mean_filled(a, both), _mean_filled(b, both))


def _mean_filled(values: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
    kept = torch.where(present, values, 0.0)
    mean = kept.sum(0) / present.sum(0).clamp(min=1)
    return torch.where(present, values, mean)


def _summary(per_split: torch.Tensor, dtype: torch.dtype, original: object) -> Reliability:
    mean = per_split.nanmean(1)
    spread = (per_split - mean[:, None]).square().nanmean(1).sqrt()
    return Reliability(
        mean=like(mean.to(dtype), original),
        spread=like(spread.to(dtype), original),
        n_splits=per_split.shape[1],
        n_degenerate=int(mean.isnan().sum()),
    )
