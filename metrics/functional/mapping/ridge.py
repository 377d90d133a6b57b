"""Ridge predictivity: linear mappings with a penalty per target, chosen and tested on held-out conditions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from ....core.errors import InvalidArgumentError
from .._correlation import centred
from .._scale import unit_of
from ._cross_validation import (
    Fold,
    HeldOut,
    Predictivity,
    Problem,
    cross_validate,
    has_nothing_to_say,
    inner_fold_of,
    inner_rows,
    prepare,
)
from ._ridge import FeatureRows, Spectrum, cheaper_factors, deviations, map_factors, prepared
from ._ridge_choice import Choice, best_penalties, inner_scores
from ._ridge_moments import fits_of_folds, moment_scores
from ._ridge_penalties import Alphas, check_alphas

__all__ = ["Inner", "Predictivity", "ridge_predictivity"]

Inner = Literal["grouped", "leave-one-out"]
# Feature space is the less work up to so many features for each sample of an inner fold (measured).
_FEATURES_PER_SAMPLE = 1.0
#: From a penalty and a number of columns to the factors of the map of that penalty; see `map_factors`.
Maps: TypeAlias = Callable[[float, int], tuple[torch.Tensor, ...]]


def ridge_predictivity(
    x: object,
    y: object,
    groups: object,
    *,
    alphas: Alphas = None,
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
    alphas : array of shape (n_alphas,), "published" or None, default=None
        Penalties to choose from, above 0. An array is absolute, as scikit-learn's are, unless `relative`. None is
        the relative grid 1e-10, 3.2e-10, ..., 10 (23 penalties in half decades; see Notes). "published" is the
        absolute grid of Nayebi et al. 2023 (24 penalties from 1e-9 to 1e5): scores then depend on the unit of x.
    relative : bool, default=False
        Whether an array of `alphas` is in units of the sum of squares of the fold's centred training features.
    n_outer, n_inner : int, default=5
        Numbers of folds, at least 2 and at most the number of conditions to split.
    seed : int, default=0
        Seed of the assignment of conditions to folds.
    inner : {"grouped", "leave-one-out"}, default="grouped"
        Cross-validation that chooses the penalty. "leave-one-out" leaves out single samples: faster, but the
        neighbouring time bins of a sample stay in the fit, so its choice is too weak a penalty where noise is slow
        (docs/studies/inner-folds.md).
    folds : array of int, shape (n_samples,), optional
        Outer folds of one's own instead: the fold in which a sample is held out, -1 where in none (it is then
        trained on in all). `groups` still defines the conditions that inner folds keep together.
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
    A relative penalty is a multiple of the sum of squares of the centred training features of the fold (n_train
    times their total variance), which is the sum of the eigenvalues s of X'X. It does not change with the unit of
    x, constant units, a rotation, or a copy of all units. At 10 every component keeps less than s / (10 s + s), a
    part nearly proportional to s (full shrinkage) with any number of samples and features; 1e-10 takes at most
    1e-6 from the components of 10,000 white features. `alpha` of the result is always absolute.

    Features as a whole, and each target, are brought to about 1 by a power of two before anything is computed:
    scores do not change by a factor of such a power, and by rounding with any other.

    Penalties below 8 eps times the largest eigenvalue of the training Gram matrix (2e-15 of it in float64, 1e-6
    in float32) cannot be distinguished and act alike. float32 arguments of no more features than an inner fold has
    samples are computed in float64, and r is that of the same numbers in float64 to 1e-6. With more features they
    are computed in float32: inner scores are then met to about 1e-5, and where two penalties are that close the
    choice may differ from float64's: for 6 of 3,200 folds and targets tried, whose r changed by up to 0.018.

    Folds follow the sorted order of the labels in `groups`, and the seed: with other names for the same
    conditions the folds are others, and scores of single targets differ as they do with another seed.

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
    problem = prepare(x, y, groups, n_outer=n_outer, n_inner=n_inner, seed=seed, folds=folds)
    mapping = RidgeMapping(problem, alphas, check_inner(inner), relative=relative)
    return cross_validate(problem, mapping, return_prediction=return_prediction)


class RidgeMapping:
    """Fits one outer fold after the other, sharing one Gram matrix.

    Features as a whole, and each target, are brought to about 1 by powers of two first; predictions and penalties
    are handed back in the units given.
    """

    def __init__(self, problem: Problem, alphas: object, inner: Inner, *, relative: bool = False) -> None:
        self._problem = problem
        self._penalties = check_alphas(alphas, relative=relative)
        self._inner = inner
        few = _few_features(problem)
        self._by_features = few and inner == "grouped"
        self._features = prepared(problem.x, problem.smallest_training, exact=few)
        self._y_unit = unit_of(problem.y, by_column=True)
        self._y = problem.y * self._y_unit

    def __call__(self, fold: Fold) -> HeldOut:
        """Choose penalties and predict the held-out rows."""
        return self.fit(fold)[1]

    def fit(self, fold: Fold) -> tuple[Maps, HeldOut]:
        """The same, with the maps of the penalties chosen, for other responses to the training samples."""
        maps, held_out = self._fit(fold)
        if not has_nothing_to_say(self._problem.x, fold):
            return maps, held_out
        still = held_out.prediction.new_zeros(len(fold.test), len(fold.train))
        same = held_out.prediction[:1].expand_as(held_out.prediction)
        flat = replace(held_out, prediction=same, deviation=torch.zeros_like(held_out.prediction))
        return lambda _penalty, _n: (still,), flat

    def _fit(self, fold: Fold) -> tuple[Maps, HeldOut]:
        if len(self._penalties) == 1:
            at_once = self._fit_given(fold)
            if at_once is not None:
                return at_once
        elif self._by_features and isinstance(self._features, FeatureRows):
            return self._fit_in_feature_space(fold, self._features.rows)
        return self._fit_chosen(fold)

    def _fit_given(self, fold: Fold) -> tuple[Maps, HeldOut] | None:
        """With one penalty to choose from: no inner folds and no decomposition."""
        penalty = float(self._grid(lambda: self._features.sum_of_squares(fold.train))[0])
        factors = self._features.factors(fold.train, fold.test, penalty)
        if factors is None:
            return None
        factors = tuple(factor.to(self._y) for factor in factors)
        y = self._y[fold.train]
        mean, deviation = y.mean(0), centred(y)
        for factor in reversed(cheaper_factors(factors, y.shape[1])):
            deviation = factor @ deviation
        alpha = torch.full_like(mean, penalty, dtype=torch.float64)
        return lambda _penalty, n: cheaper_factors(factors, n), self._held_out(mean, deviation, alpha, None)

    def _fit_in_feature_space(self, fold: Fold, rows: torch.Tensor) -> tuple[Maps, HeldOut]:
        """Without a matrix of samples by samples."""
        y = self._y[fold.train]
        fits = fits_of_folds(rows[fold.train], y, inner_fold_of(self._problem, fold))
        grid = self._grid(lambda: fits.sum_of_squares)
        choice = best_penalties(moment_scores(fits, grid))
        alpha = torch.from_numpy(grid).to(y.device)[choice.index]
        deviation = fits.deviations(rows[fold.test], alpha)
        spectrum = cache(lambda: self._features.decompose(fold.train, fold.test))
        return self._maps(spectrum), self._held_out(y.mean(0), deviation, alpha, choice.at_grid_end)

    def _fit_chosen(self, fold: Fold) -> tuple[Maps, HeldOut]:
        spectrum = self._features.decompose(fold.train, fold.test)
        y = self._y[fold.train].to(spectrum.left)
        mean, y = y.mean(0), centred(y)
        projected = spectrum.left.T @ y
        grid = self._grid(lambda: self._features.sum_of_squares(fold.train))
        choice = self._choose(spectrum, y, projected, grid, fold)
        alpha = torch.from_numpy(grid).to(y.device)[choice.index]
        deviation = deviations(spectrum, projected, alpha)
        at_end = choice.at_grid_end if len(grid) > 1 else None
        return self._maps(lambda: spectrum), self._held_out(mean, deviation, alpha, at_end)

    def _choose(
        self,
        spectrum: Spectrum,
        y: torch.Tensor,
        projected: torch.Tensor,
        grid: npt.NDArray[np.float64],
        fold: Fold,
    ) -> Choice:
        if len(grid) == 1:
            only = torch.zeros(y.shape[1], dtype=torch.int64, device=y.device)
            return Choice(only, only.bool())
        rows = inner_rows(self._problem, fold) if self._inner == "grouped" else None
        return best_penalties(inner_scores(spectrum, y, projected, grid, rows))

    def _maps(self, spectrum: Callable[[], Spectrum]) -> Maps:
        """Maps in the dtype of the responses; their penalties are in the units given."""

        def factors(penalty: float, n_columns: int) -> tuple[torch.Tensor, ...]:
            found = map_factors(spectrum(), self._features.penalty_here(penalty), n_columns)
            return tuple(factor.to(self._y) for factor in found)

        return factors

    def _grid(self, sum_of_squares: Callable[[], float]) -> npt.NDArray[np.float64]:
        """The penalties for the features as prepared."""
        values = self._penalties.values
        return values * sum_of_squares() if self._penalties.relative else self._features.penalty_here(values)

    def _held_out(
        self,
        mean: torch.Tensor,
        deviation: torch.Tensor,
        alpha: torch.Tensor,
        at_grid_end: torch.Tensor | None,
    ) -> HeldOut:
        prediction = ((mean + deviation) / self._y_unit).to(self._y)
        return HeldOut(prediction, self._features.penalty_given(alpha), at_grid_end, deviation.to(self._y))


def _few_features(problem: Problem) -> bool:
    """Whether sums over inner folds are the least work: features are no more than an inner fold has samples."""
    in_inner_fold = len(problem.x) * (1 - 1 / problem.n_outer) / problem.n_inner
    return problem.x.shape[1] <= _FEATURES_PER_SAMPLE * in_inner_fold


def check_inner(inner: object) -> Inner:
    """Refuse anything but the two ways of choosing a penalty."""
    if inner not in ("grouped", "leave-one-out"):
        raise InvalidArgumentError(
            "The 'inner' parameter", got=repr(inner), needed="'grouped' or 'leave-one-out'"
        )
    return inner
