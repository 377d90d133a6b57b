"""Ridge predictivity: linear mappings with a penalty per target, chosen and tested on held-out conditions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from ...core.errors import InvalidArgumentError
from ._correlation import centred
from ._cross_validation import Fold, HeldOut, Predictivity, Problem, cross_validate, inner_rows, pose
from ._ridge import check_alphas, decompose, hat_matrix, map_factors, predict, sample_gram
from ._ridge_choice import choose_alphas

__all__ = ["Inner", "Predictivity", "ridge_predictivity"]

Inner = Literal["grouped", "leave-one-out"]
#: From a penalty and a number of columns to the factors of the map of that penalty; see `map_factors`.
Maps: TypeAlias = Callable[[float, int], tuple[torch.Tensor, ...]]


def ridge_predictivity(
    x: object,
    y: object,
    groups: object,
    *,
    alphas: npt.ArrayLike | None = None,
    relative: bool = False,
    n_outer: int = 5,
    n_inner: int = 5,
    seed: int = 0,
    inner: Inner = "grouped",
    folds: object = None,
    return_prediction: bool = False,
) -> Predictivity:
    r"""Predict responses from features by ridge regression, tested on held-out conditions.

    In each outer fold, with features and responses centred by their training means,

    .. math:: \hat w_t = \arg\min_w \lVert y_t - X w \rVert^2 + \alpha_t \lVert w \rVert^2 ,

    and the score is Pearson r of prediction and response over the held-out samples, averaged over the outer
    folds. The penalty of each target is the one with the best r on inner folds, which hold out whole
    conditions of the training set as well (r within an inner fold, averaged over them); penalties whose inner
    scores are within 1e-6 of the best count as equal and the strongest of them is taken.

    Parameters
    ----------
    x : array of shape (n_samples, n_features)
        Features, such as a model's activations; float32 or float64, finite.
    y : array of shape (n_samples, n_targets)
        Responses; float32 or float64, finite.
    groups : array of shape (n_samples,)
        The condition of each sample; a condition is held out as a whole.
    alphas : array of shape (n_alphas,), optional
        Penalties to choose from, above 0; by default the 24 of Nayebi et al. 2023, 1e-9 to 1e5.
    n_outer, n_inner : int, default=5
        Numbers of folds, at least 2 and at most the number of conditions to split.
    seed : int, default=0
        Seeds the assignment of conditions to folds.
    inner : {"grouped", "leave-one-out"}, default="grouped"
        How the penalty is chosen. "leave-one-out" leaves out single samples: faster, but the neighbouring
        time bins of a sample stay in the fit, so its choice is too weak a penalty where noise is slow
        (docs/studies/inner-folds.md).
    folds : array of int, shape (n_samples,), optional
        Outer folds of one's own instead: the fold in which a sample is held out, -1 where in none (it is then
        trained on in all). `groups` still says what inner folds keep together.
    return_prediction : bool, default=False
        Whether the result keeps the held-out predictions.

    Returns
    -------
    predictivity : Predictivity

    Raises
    ------
    InvalidArgumentError
        If an argument is not as described; the message names it, what it was and what it must be.

    Notes
    -----
    float32 input is computed in float32, float64 in float64. Penalties below 8 eps times the largest
    eigenvalue of the training Gram matrix (1e-6 of it in float32) cannot be told apart and act alike.

    References
    ----------
    Hoerl & Kennard (1970), Technometrics 12:55. Nayebi, Rajalingham, Jazayeri & Yang (2023), NeurIPS.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(200, 10))
    >>> y = x @ rng.normal(size=(10, 3))
    >>> result = ridge_predictivity(x, y, np.repeat(np.arange(20), 10))
    >>> result.score.round(3)
    array([1., 1., 1.])
    """
    problem = pose(x, y, groups, n_outer=n_outer, n_inner=n_inner, seed=seed, folds=folds)
    mapping = RidgeMapping(problem, alphas, check_inner(inner))
    return cross_validate(problem, mapping, return_prediction=return_prediction)


class RidgeMapping:
    """Fits one outer fold after the other, sharing one Gram matrix."""

    def __init__(self, problem: Problem, alphas: object, inner: Inner, *, relative: bool = False) -> None:
        self._problem = problem
        self._alphas = check_alphas(alphas)
        self._inner = inner
        largest_fold = int(np.bincount(problem.folds[problem.folds >= 0]).max())
        self._gram = sample_gram(problem.x, len(problem.x) - largest_fold)

    def __call__(self, fold: Fold) -> HeldOut:
        """Choose penalties and predict the held-out rows."""
        return self.fit(fold)[1]

    def fit(self, fold: Fold) -> tuple[Maps, HeldOut]:
        """The same, with the maps of the penalties chosen, for other responses to the training samples."""
        y_train = self._problem.y[fold.train]
        mean, y_centred = y_train.mean(0), centred(y_train)
        if len(self._alphas) == 1:
            at_once = self._fit_given(fold, mean, y_centred)
            if at_once is not None:
                return at_once
        return self._fit_chosen(fold, mean, y_centred)

    def _fit_given(self, fold: Fold, mean: torch.Tensor, y: torch.Tensor) -> tuple[Maps, HeldOut] | None:
        """With one penalty to choose from: no inner folds and no decomposition."""
        penalty = float(self._alphas[0])
        hat = hat_matrix(self._problem.x, self._gram, fold.train, fold.test, penalty)
        if hat is None:
            return None
        return lambda _penalty, _n: (hat,), HeldOut(torch.addmm(mean, hat, y), torch.full_like(mean, penalty))

    def _fit_chosen(self, fold: Fold, mean: torch.Tensor, y: torch.Tensor) -> tuple[Maps, HeldOut]:
        problem = self._problem
        spectrum = decompose(problem.x, self._gram, fold.train, fold.test)
        projected = spectrum.left.T @ y
        rows = inner_rows(problem, fold) if self._inner == "grouped" else None
        alpha = choose_alphas(spectrum, y, projected, self._alphas, rows)
        held_out = HeldOut(predict(spectrum, projected, mean, alpha), alpha)
        return partial(map_factors, spectrum), held_out


def check_inner(inner: object) -> Inner:
    """Refuse anything but the two ways of choosing a penalty."""
    if inner not in ("grouped", "leave-one-out"):
        raise InvalidArgumentError(
            "The 'inner' parameter", got=repr(inner), needed="'grouped' or 'leave-one-out'"
        )
    return inner
