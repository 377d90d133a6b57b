"""Procrustes predictivity: responses predicted by a rotation of the features and one scale."""

from __future__ import annotations

import torch

from .._scale import in_unit_of, ordinary, ordinary_with_exponent
from ._cross_validation import Fold, HeldOut, Predictivity, cross_validate, linear_prediction, prepare

__all__ = ["procrustes_predictivity"]


def procrustes_predictivity(
    x: object,
    y: object,
    groups: object,
    *,
    n_outer: int = 5,
    seed: int = 0,
    folds: object = None,
    return_prediction: bool = False,
) -> Predictivity:
    r"""Predict responses by the best orthogonal map and scale of the features, on held-out conditions.

    .. math:: \hat Q, \hat s = \arg\min_{s,\,Q} \lVert Y - s X Q \rVert^2 ,
        \quad \hat Q = U V^\top \text{ for } X^\top Y = U \Sigma V^\top

    with X and Y centred by their training means. Nothing is stretched, so it asks for the same geometry, not
    only for the same information. With more features than targets Q has orthonormal columns; it then is the
    map of the largest covariance with the responses, and s the best scale for it.

    Parameters
    ----------
    x, y, groups, n_outer, seed, folds, return_prediction
        As in `ridge_predictivity`. One map serves all targets.

    Returns
    -------
    predictivity : Predictivity
        Result with `alpha` None.

    Raises
    ------
    InvalidArgumentError
        If an argument is not as described.

    References
    ----------
    Schönemann (1966), Psychometrika 31:1. Gower (1975), Psychometrika 40:33.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(200, 4))
    >>> rotation = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    >>> procrustes_predictivity(x, 3 * x @ rotation, np.repeat(np.arange(20), 10)).score.round(6)
    array([1., 1., 1., 1.])
    """
    problem = prepare(x, y, groups, n_outer=n_outer, seed=seed, folds=folds)
    features = ordinary(problem.x, dim=(0, 1))
    targets, unit = ordinary_with_exponent(problem.y, dim=(0, 1))

    def fit(fold: Fold) -> HeldOut:
        prediction = linear_prediction(features, targets, fold, lambda *pair: (scaled_rotation(*pair),))
        return HeldOut(in_unit_of(prediction, unit))

    return cross_validate(problem, fit, return_prediction=return_prediction)


def scaled_rotation(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The map s Q of centred features onto centred responses, (n_features, n_targets)."""
    left, values, right = torch.linalg.svd(x.T @ y, full_matrices=False)
    # The least-squares scale is sum(sigma) over the squared norm of what is rotated, X projected on U.
    power = (x @ left).square().sum()
    scale = values.sum() / power.clamp(min=torch.finfo(x.dtype).tiny)
    weights: torch.Tensor = scale * (left @ right)
    return weights
