"""Predictivity by ordinary least squares, where the training samples outnumber the features."""

from __future__ import annotations

import torch

from ....core.errors import InvalidArgumentError
from ._cross_validation import (
    Fold,
    HeldOut,
    Predictivity,
    Problem,
    cross_validate,
    linear_prediction,
    prepare,
)

__all__ = ["ols_predictivity"]


def ols_predictivity(
    x: object,
    y: object,
    groups: object,
    *,
    n_outer: int = 5,
    seed: int = 0,
    folds: object = None,
    return_prediction: bool = False,
) -> Predictivity:
    r"""Predict responses from features by ordinary least squares with intercept, on held-out conditions.

    .. math:: \hat w_t = \arg\min_w \lVert y_t - X w \rVert^2

    Where features are linearly dependent, the solution of the smallest norm is taken.

    Parameters
    ----------
    x, y, groups, n_outer, seed, folds, return_prediction
        As in `ridge_predictivity`; features have to be fewer than the training samples of every fold less 1.

    Returns
    -------
    predictivity : Predictivity
        Result with `alpha` None.

    Raises
    ------
    InvalidArgumentError
        If an argument is not as described, or the features are too many.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(200, 10))
    >>> y = x @ rng.normal(size=(10, 3))
    >>> ols_predictivity(x, y, np.repeat(np.arange(20), 10)).score.round(3)
    array([1., 1., 1.])
    """
    problem = prepare(x, y, groups, n_outer=n_outer, seed=seed, folds=folds)
    _check_more_samples_than_features(problem)

    def fit(fold: Fold) -> HeldOut:
        return HeldOut(linear_prediction(problem.x, problem.y, fold, lambda *pair: (least_squares(*pair),)))

    return cross_validate(problem, fit, return_prediction=return_prediction)


def least_squares(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Minimum-norm weights (n_features, n_targets) by the singular values that rounding leaves."""
    left, values, right = torch.linalg.svd(x, full_matrices=False)
    kept = values > values[0] * max(x.shape) * torch.finfo(x.dtype).eps
    inverse = torch.where(kept, 1 / values, 0.0)
    weights: torch.Tensor = right.mT @ (inverse[:, None] * (left.mT @ y))
    return weights


def _check_more_samples_than_features(problem: Problem) -> None:
    n_train, n_features = problem.smallest_training, problem.x.shape[1]
    if n_features >= n_train - 1:
        raise InvalidArgumentError(
            "The 'x' parameter",
            got=f"{n_features} features for {n_train} training samples",
            needed=f"of at most {n_train - 2} features",
            hint="Use ridge_predictivity, or reduce the features first.",
        )
