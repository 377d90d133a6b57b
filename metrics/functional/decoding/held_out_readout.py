"""Variables read out of states by ridge regression, each fold of the samples by a map fitted on the others."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from .._arrays import Array, as_tensor, check_same_length, like
from .._splits import Ints, check_integer, condition_codes, given_folds, runs
from .path_integration import read_out_position

__all__ = ["held_out_readout"]


def held_out_readout(
    x: Array, y: Array, groups: npt.ArrayLike, folds: npt.ArrayLike, *, n_inner: int = 4, seed: int = 0
) -> Array:
    """Predict variables in each fold by a linear map that was fitted on all other folds.

    The penalty is the one of the smallest squared error on inner folds: chosen by correlation, predictions could be
    shrunk at no cost. Inner folds hold out whole groups; where there are fewer than `n_inner` to fit on, runs of
    consecutive samples of each.

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
    truth = as_tensor("y", y, ndim=2)
    check_same_length(("x", "y"), (len(as_tensor("x", x, ndim=2)), len(truth)), "samples")
    codes, held_out = condition_codes(groups, len(truth)), given_folds(folds, len(truth))
    n_inner = check_integer("n_inner", n_inner, least=2)
    predicted = torch.full_like(truth.double(), torch.nan)
    for fold in range(int(held_out.max()) + 1):
        tested = held_out == fold
        inner = _inner_groups(codes, tested, n_inner)
        read = read_out_position(x, y, inner, ~tested, n_folds=n_inner, seed=seed).position
        rows = torch.from_numpy(tested).to(predicted.device)
        predicted[rows] = torch.as_tensor(read, device=predicted.device).double()[rows]
    return like(predicted.to(truth.dtype), y)


def _inner_groups(codes: Ints, tested: npt.NDArray[np.bool_], n_inner: int) -> npt.NDArray[np.generic]:
    if len(np.unique(codes[~tested])) >= n_inner:
        return codes
    return runs(codes.astype(str), n_inner)
