"""Intervals of decoding: the conditions that read-outs are tested on are resampled, the read-outs stay as fitted.

The same seed draws the same resamples for every decoding of the same conditions, so that a model's and the
neurons' values can be divided resample by resample.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from .._arrays import Array, as_tensor, like
from .._resample import check_n_resamples, resample_counts
from .._splits import condition_codes
from ..mapping._condition_sums import correlation_from_sums, indicator
from .decoding import Decoding, Splits, split_sums

__all__ = ["bootstrap_decoding", "bootstrap_decoding_skill"]


def bootstrap_decoding(
    decoding: Decoding,
    y: Array,
    groups: npt.ArrayLike,
    *,
    samples: Splits | None = None,
    n_boot: int = 1000,
    seed: int = 0,
) -> Array:
    """Pearson r of decoded and true targets in bootstrap resamples of the conditions.

    Parameters
    ----------
    decoding : Decoding
        Result of `decode`.
    y : array of shape (n_samples, n_targets)
        The truth.
    groups : array of shape (n_samples,)
        The condition of each sample.
    samples : bool array of shape (n_samples,), optional
        Samples to look at, such as an epoch; all by default.
    n_boot, seed : int
        Number of resamples, seed of the draws.

    Returns
    -------
    r : array of shape (n_boot, n_targets)
        Averaged over the splits in which it is defined.
    """
    truth, codes = as_tensor("y", y, ndim=2).double(), _codes(groups, len(y))
    sums = split_sums(decoding, truth, codes, decoding.tested(samples))
    counts = _counts(codes, n_boot, seed).to(truth.device)
    resampled = torch.einsum("bc,sckt->bskt", counts, sums)
    return like(correlation_from_sums(resampled, flat_first=0.0).nanmean(dim=1), y)


def bootstrap_decoding_skill(
    decoding: Decoding,
    y: Array,
    groups: npt.ArrayLike,
    *,
    samples: Splits | None = None,
    n_boot: int = 1000,
    seed: int = 0,
) -> Array:
    """1 - mean absolute error / that of the mean target, in bootstrap resamples of the conditions.

    Parameters and shapes as in `bootstrap_decoding`; both errors are averaged over splits before dividing.

    Returns
    -------
    skill : array of shape (n_boot, n_targets)
        1 for no error, 0 for chance, negative below it.
    """
    codes, tested = _codes(groups, len(y)), decoding.tested(samples)
    ratio = [
        _resampled_mean(errors, tested, codes, _counts(codes, n_boot, seed))
        for errors in (decoding.errors(y), decoding.chance_errors(y))
    ]
    return like(1 - ratio[0] / ratio[1], y)


def _codes(groups: npt.ArrayLike, n_samples: int) -> torch.Tensor:
    return torch.from_numpy(condition_codes(groups, n_samples))


def _counts(codes: torch.Tensor, n_boot: int, seed: int) -> torch.Tensor:
    check_n_resamples("n_boot", n_boot)
    return resample_counts(np.random.default_rng(seed), int(codes.max()) + 1, n_boot)


def _resampled_mean(
    errors: torch.Tensor, tested: Splits, codes: torch.Tensor, counts: torch.Tensor
) -> torch.Tensor:
    """Mean over tested samples in each resample, averaged over splits: (n_boot, n_targets)."""
    weight = torch.from_numpy(tested).to(errors.device)
    membership = indicator(codes.to(errors.device), int(codes.max()) + 1)
    total = membership @ torch.where(weight[..., None], errors, 0.0)
    number = membership @ weight.double()[..., None]
    sums = torch.einsum("bc,sct->bst", counts.to(errors.device), total)
    numbers = torch.einsum("bc,sct->bst", counts.to(errors.device), number)
    return (sums / numbers).nanmean(dim=1)
