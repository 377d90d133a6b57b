"""One-to-one predictivity: each target is predicted by the single feature that follows it best."""

from __future__ import annotations

import torch

from .._correlation import centred
from .._splits import portions
from ._cross_validation import Fold, HeldOut, Predictivity, cross_validate, prepare

__all__ = ["one_to_one_predictivity"]

_BYTES_AT_ONCE = 64 * 2**20


def one_to_one_predictivity(
    x: object,
    y: object,
    groups: object,
    *,
    n_outer: int = 5,
    seed: int = 0,
    folds: object = None,
    return_prediction: bool = False,
) -> Predictivity:
    r"""Predict each target by the one feature with the largest correlation on the training conditions.

    .. math:: j_t = \arg\max_j r(x_j, y_t)

    over the training samples, with its sign: a feature that runs against the target is no match. The score is
    the r of that feature on held-out conditions; predictions are its least-squares line.

    Parameters
    ----------
    x, y, groups, n_outer, seed, folds, return_prediction
        As in `ridge_predictivity`; features may be another animal's neurons, too.

    Returns
    -------
    predictivity : Predictivity
        Result with `alpha` None. In a fold in which no feature correlates with a target above 0 the r is 0, chance.

    Raises
    ------
    InvalidArgumentError
        If an argument is not as described.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=(200, 10))
    >>> one_to_one_predictivity(x, 2 * x[:, [3, 1]] + 1, np.repeat(np.arange(20), 10)).score.round(6)
    array([1., 1.])
    """
    problem = prepare(x, y, groups, n_outer=n_outer, seed=seed, folds=folds)

    def fit(fold: Fold) -> HeldOut:
        x_train, y_train = problem.x[fold.train], problem.y[fold.train]
        r, best = best_feature(x_train, y_train)
        spread = y_train.std(0) / x_train[:, best].std(0)
        slope = torch.where(r > 0, r * spread, 0.0)
        line = slope * (problem.x[fold.test][:, best] - x_train[:, best].mean(0))
        return HeldOut(line + y_train.mean(0))

    return cross_validate(problem, fit, return_prediction=return_prediction)


def best_feature(x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Largest Pearson r of each target with any feature, and that feature; constant features never win."""
    targets = _unit_norm(y)
    best_r = targets.new_full((y.shape[1],), -2.0)
    best = torch.zeros(y.shape[1], dtype=torch.long, device=y.device)
    at_once = max(1, _BYTES_AT_ONCE // (x.element_size() * (len(x) + y.shape[1])))
    for some in portions(x.shape[1], at_once):
        r, place = (_unit_norm(x[:, some]).T @ targets).max(0)
        best = torch.where(r > best_r, place + some.start, best)
        best_r = torch.maximum(r, best_r)
    return best_r, best


def _unit_norm(columns: torch.Tensor) -> torch.Tensor:
    about_mean = centred(columns)
    norm = about_mean.norm(dim=0)
    rounding = 4 * torch.finfo(columns.dtype).eps * columns.norm(dim=0)
    return torch.where(norm > rounding, about_mean / norm, 0.0)
