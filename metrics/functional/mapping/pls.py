"""Predictivity by partial least squares: a few directions of the features that covary with the responses."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ....core.errors import InvalidArgumentError
from .._scale import in_unit_of, ordinary, ordinary_with_exponent
from .._splits import check_integer
from ._cross_validation import (
    Fold,
    HeldOut,
    Predictivity,
    Problem,
    cross_validate,
    linear_prediction,
    prepare,
)

__all__ = ["pls_predictivity"]

# Up to this size a few dozen squarings are faster than a decomposition.
_FEW = 512
_MOST_SQUARINGS = 60


def pls_predictivity(
    x: object,
    y: object,
    groups: object,
    *,
    n_components: int = 25,
    n_outer: int = 5,
    seed: int = 0,
    folds: object = None,
    return_prediction: bool = False,
) -> Predictivity:
    r"""Predict responses from features by partial least squares, tested on held-out conditions.

    With centred features and responses, each component takes the direction w of the features whose
    covariance with all targets together, :math:`\lVert Y^\top X w \rVert`, is largest, regresses both on the
    score t = X w, and goes on with what is left (PLS2). The predictions are those of scikit-learn's
    ``PLSRegression(n_components, scale=False)`` iterated to convergence.

    Parameters
    ----------
    x, y, groups
        As in `ridge_predictivity`. All targets share the components: the score of one depends on which others
        are there.
    n_components : int, default=25
        Number of components, at most the number of features and of training samples less 1. Components
        beyond the rank of what is left are not taken.
    n_outer, seed, folds, return_prediction
        As in `ridge_predictivity`.

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
    Dayal & MacGregor (1997), Journal of Chemometrics 11:73, modified kernel algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(200, 10))
    >>> y = x @ rng.normal(size=(10, 3))
    >>> result = pls_predictivity(x, y, np.repeat(np.arange(20), 10), n_components=10)
    >>> result.score.round(3)
    array([1., 1., 1.])
    """
    problem = prepare(x, y, groups, n_outer=n_outer, seed=seed, folds=folds)
    n_components = check_integer("n_components", n_components, least=1)
    _check_enough(problem, n_components)

    features = ordinary(problem.x, dim=(0, 1))
    targets, unit = ordinary_with_exponent(problem.y, dim=(0, 1))

    def components(x_train: torch.Tensor, y_train: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        parts = pls_parts(x_train, y_train, n_components)
        return parts.rotations, parts.y_loadings.T

    def fit(fold: Fold) -> HeldOut:
        return HeldOut(in_unit_of(linear_prediction(features, targets, fold, components), unit))

    return cross_validate(problem, fit, return_prediction=return_prediction)


@dataclass(frozen=True, eq=False)
class PlsParts:
    """Components of a fit: scores are X @ rotations, predictions scores @ y_loadings.T.

    Attributes
    ----------
    rotations : tensor of shape (n_features, n_components)
    y_loadings : tensor of shape (n_targets, n_components)
    """

    rotations: torch.Tensor
    y_loadings: torch.Tensor


def pls_parts(x: torch.Tensor, y: torch.Tensor, n_components: int) -> PlsParts:
    """Fit PLS2 to centred features and responses.

    Only X'Y is deflated, never X: X'Y <- X'Y - p q' (t't), with p and q the loadings of a component.
    """
    cross = x.T @ y
    rounding = 10 * torch.finfo(x.dtype).eps * float(cross.norm())
    rotations: list[torch.Tensor] = []
    x_loadings: list[torch.Tensor] = []
    y_loadings: list[torch.Tensor] = []
    for _ in range(n_components):
        if float(cross.norm()) <= rounding:
            break
        rotation = _rotated(_leading_left(cross), x_loadings, rotations)
        score = x @ rotation
        power = score @ score
        x_loading, y_loading = (x.T @ score) / power, (cross.T @ rotation) / power
        cross.addr_(x_loading * power, y_loading, alpha=-1)
        rotations.append(rotation)
        x_loadings.append(x_loading)
        y_loadings.append(y_loading)
    return _stacked(rotations, y_loadings, x, y)


def _leading_left(cross: torch.Tensor) -> torch.Tensor:
    """Leading left singular vector, through the smaller Gram matrix."""
    if cross.shape[1] <= cross.shape[0]:
        weight: torch.Tensor = cross @ _leading_eigenvector(cross.T @ cross)
        return weight.div_(weight.norm())
    return _leading_eigenvector(cross @ cross.T)


def _leading_eigenvector(symmetric: torch.Tensor) -> torch.Tensor:
    exact = symmetric.double()
    leading = torch.linalg.eigh(exact).eigenvectors[:, -1] if len(exact) > _FEW else _by_squaring(exact)
    return leading.to(symmetric.dtype)


def _by_squaring(symmetric: torch.Tensor) -> torch.Tensor:
    """Leading eigenvector of a non-negative matrix: its power 2^k is all but of rank one."""
    for _ in range(_MOST_SQUARINGS):
        symmetric = symmetric / symmetric.trace()
        squared = symmetric @ symmetric
        # With eigenvalues that sum to 1, their squares do so only if one is left.
        if float(squared.trace()) >= 1 - 1e-15:
            break
        symmetric = squared
    column = symmetric[:, symmetric.diagonal().argmax()]
    unit: torch.Tensor = column / column.norm()
    return unit


def _rotated(
    weight: torch.Tensor, x_loadings: list[torch.Tensor], rotations: list[torch.Tensor]
) -> torch.Tensor:
    """The direction in the features themselves whose score is that of `weight` in the deflated ones."""
    rotation = weight.clone()
    for loading, earlier in zip(x_loadings, rotations, strict=True):
        rotation -= (loading @ weight) * earlier
    return rotation


def _stacked(
    rotations: list[torch.Tensor], y_loadings: list[torch.Tensor], x: torch.Tensor, y: torch.Tensor
) -> PlsParts:
    if not rotations:
        return PlsParts(x.new_zeros(x.shape[1], 1), y.new_zeros(y.shape[1], 1))
    return PlsParts(torch.stack(rotations, 1), torch.stack(y_loadings, 1))


def _check_enough(problem: Problem, n_components: int) -> None:
    n_train, n_features = problem.smallest_training, problem.x.shape[1]
    most = min(n_train - 1, n_features)
    if n_components > most:
        raise InvalidArgumentError(
            "The 'n_components' parameter",
            got=f"{n_components} for {n_features} features and {n_train} training samples",
            needed=f"at most {most}",
        )
