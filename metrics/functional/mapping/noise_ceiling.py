"""The noise ceiling of predictivity: how reliable responses are within the folds that predictions are tested in."""

from __future__ import annotations

import numpy as np
import torch

from .._arrays import Array, like
from .._correlation import is_constant, is_flat
from .._halves import (
    Halves,
    corrected_to_full_length,
    half_correlations,
    random_halves,
    targets_in_portions,
    trial_gram,
)
from .._scale import ordinary
from .._splits import Ints, condition_codes, given_folds, n_conditions
from ..statistics.reliability import check_trials
from ._condition_sums import ConditionSums, indicator, sums_by_condition

__all__ = ["half_response_sums", "held_out_reliability"]


def held_out_reliability(trials: object, folds: object, *, n_splits: int = 100, seed: int = 0) -> Array:
    r"""Reliability of each target within the folds that predictions of it are tested in.

    .. math:: SB(\bar r(Y_1, Y_2))

    with :math:`\bar r` the correlation of two half averages over the samples of a fold, averaged over random splits
    of the trials and over the folds. Its square root is the noise ceiling of every r that is computed within folds.
    r within a few conditions is lower than over all of them: `split_half_reliability` is larger as a rule.

    Parameters
    ----------
    trials : array of shape (n_trials, n_samples, n_targets)
        Single-trial responses, at least 2 trials, finite.
    folds : array of int, shape (n_samples,)
        The fold in which a sample is held out; -1 where in none.
    n_splits, seed : int
        Random splits of the trials; those of `noise_corrected_predictivity` with the same seed.

    Returns
    -------
    reliability : array of shape (n_targets,)
        NaN for a target that does not vary in some fold, or outside it: no model can be scored on it there.

    Raises
    ------
    InvalidArgumentError
        If an argument is not as described.
    """
    values = ordinary(check_trials(trials), dim=(0, 1))
    laid_out = given_folds(folds, values.shape[1])
    halves = random_halves(len(values), n_splits, seed, values.device)
    half_r = [_mean_half_r(values[..., some], laid_out, halves) for some in targets_in_portions(values)]
    return like(corrected_to_full_length(torch.cat(half_r)).to(values.dtype), trials)


def half_response_sums(
    trials: object, groups: object, folds: object, *, n_splits: int = 10, seed: int = 0
) -> ConditionSums:
    """Sums per condition of the half averages of some splits of the trials, for `bootstrap_neural_ceiling`.

    Parameters
    ----------
    trials : array of shape (n_trials, n_samples, n_targets)
        Single-trial responses, at least 2 trials, finite.
    groups : array of shape (n_samples,)
        The condition of each sample.
    folds : array of int, shape (n_samples,)
        The fold in which a sample is held out, the same for all samples of a condition.
    n_splits, seed : int
        Random splits of the trials.

    Raises
    ------
    InvalidArgumentError
        If an argument is not as described.
    """
    values = check_trials(trials)
    codes = condition_codes(groups, values.shape[1])
    laid_out = condition_codes(folds, values.shape[1], name="folds")
    halves = random_halves(len(values), n_splits, seed, values.device)
    first, second = (
        torch.einsum("st,tnc->snc", half, values.double()) for half in (halves.first, halves.second)
    )
    total = torch.zeros(n_splits, n_conditions(codes), 6, values.shape[2], dtype=torch.float64)
    membership = indicator(torch.from_numpy(codes), n_conditions(codes)).to(values.device)
    # Centred fold by fold, so that rounding stays small where folds differ in their means.
    for fold in range(int(laid_out.max()) + 1):
        rows = torch.from_numpy(np.flatnonzero(laid_out == fold)).to(values.device)
        total += sums_by_condition(first[:, rows], second[:, rows], membership[:, rows]).to(total)
    of_condition = torch.from_numpy(laid_out[np.unique(codes, return_index=True)[1]])
    return ConditionSums(like(total, trials), like(of_condition, trials))


def _mean_half_r(trials: torch.Tensor, folds: Ints, halves: Halves) -> torch.Tensor:
    """Half correlation within folds, averaged over splits and folds, (n_targets,); NaN where not carried."""
    average, per_fold = trials.mean(0), []
    carried = torch.ones(trials.shape[2], dtype=torch.bool, device=trials.device)
    for fold in range(int(folds.max()) + 1):
        held_out = torch.from_numpy(folds == fold).to(trials.device)
        carried &= ~(is_flat(average[held_out]) | is_constant(average[~held_out]))
        per_fold.append(half_correlations(trial_gram(trials[:, held_out].double()), halves).nanmean(1))
    return torch.where(carried, torch.stack(per_fold).nanmean(0), torch.nan)
