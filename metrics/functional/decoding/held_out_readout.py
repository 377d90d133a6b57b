"""Variables read out of states by ridge regression, each fold of the samples by a map fitted on the others."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from ....core.errors import InvalidArgumentError
from .._arrays import Array, as_tensor, check_same_length, like
from .._correlation import centred
from .._scale import unit_of
from .._splits import Ints, check_integer, condition_codes, given_folds, inner_folds, runs
from ..mapping._ridge_penalties import check_alphas

__all__ = ["held_out_readout"]


def held_out_readout(
    x: Array, y: Array, groups: npt.ArrayLike, folds: npt.ArrayLike, *, n_inner: int = 4, seed: int = 0
) -> Array:
    """Predict variables in each fold by a linear map that was fitted on all other folds.

    The penalty of each variable is the one of the smallest squared error on inner folds, among those of
    `ridge_predictivity`: chosen by correlation, predictions could be shrunk at no cost. Inner folds hold out whole
    groups; where there are fewer than `n_inner` to fit on, runs of consecutive samples of each.

    Parameters
    ----------
    x : array of shape (n_samples, n_features)
        States.
    y : array of shape (n_samples, n_targets)
        Variables, such as an interval in ms.
    groups : array of shape (n_samples,)
        Group of each sample, such as its context, that inner folds do not cut.
    folds : array of int, shape (n_samples,)
        Fold in which each sample is predicted; -1 where it is fitted on only. No group lies in two folds.
    n_inner : int, default=4
        Inner folds.
    seed : int, default=0
        Seed of the inner folds.

    Returns
    -------
    prediction : array of shape (n_samples, n_targets)
        NaN where a sample is in no fold.

    Raises
    ------
    InvalidArgumentError
        If shapes disagree, values are not finite, or a group lies in two folds.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, group = rng.normal(size=(60, 5)), np.arange(60) // 10
    >>> y = x @ rng.normal(size=(5, 1))
    >>> bool(np.abs(held_out_readout(x, y, group, group // 2) - y).max() < 1e-4)
    True
    """
    truth, states = as_tensor("y", y, ndim=2), as_tensor("x", x, ndim=2).double()
    check_same_length(("x", "y"), (len(states), len(truth)), "samples")
    codes, held_out = condition_codes(groups, len(truth)), given_folds(folds, len(truth))
    _check_whole(codes, held_out)
    n_inner = check_integer("n_inner", n_inner, least=2)
    scores, unit = _in_few_axes(states * unit_of(states)), unit_of(truth, by_column=True)
    wanted = truth.double() * unit
    predicted = torch.full_like(wanted, torch.nan)
    for fold in range(int(held_out.max()) + 1):
        train, test = (np.flatnonzero(rows) for rows in (held_out != fold, held_out == fold))
        inner = inner_folds(_inner_groups(codes[train], n_inner), n_inner, seed, fold)
        choice = _choice(scores[train], wanted[train], inner, n_inner)
        read = _read_out(scores[train], wanted[train], scores[test])
        predicted[test] = read.gather(0, choice.expand(1, len(test), -1))[0]
    return like((predicted / unit).to(truth.dtype), y)


def _check_whole(codes: Ints, folds: Ints) -> None:
    if len(np.unique(np.stack([codes, folds]), axis=1).T) > codes.max() + 1:
        raise InvalidArgumentError(
            "The 'folds' parameter", got="a group in two folds", needed="one fold for each group"
        )


def _in_few_axes(states: torch.Tensor) -> torch.Tensor:
    """The states in no more axes than there are samples, which ridge does not tell from them."""
    if states.shape[1] <= len(states):
        return states
    left, strength, _ = torch.linalg.svd(centred(states), full_matrices=False)
    scores: torch.Tensor = left * strength
    return scores


def _inner_groups(codes: Ints, n_inner: int) -> Ints:
    if len(np.unique(codes)) >= n_inner:
        return codes
    return condition_codes(runs(codes.astype(str), n_inner), len(codes))


def _choice(x: torch.Tensor, y: torch.Tensor, inner: Ints, n_inner: int) -> torch.Tensor:
    """For each variable, the number of the strongest penalty whose error is within 1e-6 of the smallest."""
    squares = torch.stack(
        [
            (_read_out(x[inner != fold], y[inner != fold], x[inner == fold]) - y[inner == fold])
            .square()
            .sum(1)
            for fold in range(n_inner)
        ]
    ).sum(0)
    tied = squares <= squares.amin(0) * (1 + 1e-6)
    return (tied * torch.arange(1, len(tied) + 1, device=x.device)[:, None]).argmax(0)


def _read_out(x: torch.Tensor, y: torch.Tensor, tested: torch.Tensor) -> torch.Tensor:
    """Predictions with each penalty, (n_penalties, n_tested, n_targets); the mean where states do not vary."""
    middle, mean = x.mean(0), y.mean(0)
    left, strength, right = torch.linalg.svd(x - middle, full_matrices=False)
    squares = strength.square()
    penalties = torch.from_numpy(check_alphas(None).values).to(x)[:, None] * squares.sum()
    shrunk = strength / torch.where(penalties > 0, squares + penalties, 1.0)
    read: torch.Tensor = mean + ((tested - middle) @ right.T * shrunk[:, None]) @ (left.T @ (y - mean))
    return read
