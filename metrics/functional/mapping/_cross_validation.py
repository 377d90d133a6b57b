"""One driver for all mappings: hold out whole conditions, fit on the rest, correlate on the held-out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from .._arrays import Array, as_tensor, check_same_length, like
from .._correlation import centred, column_correlation, is_constant, is_flat
from .._splits import (
    Ints,
    check_integer,
    condition_codes,
    given_folds,
    inner_folds,
    outer_folds,
    portions,
)

_FEATURES_LOOKED_AT = 256  # at a time: the first ones nearly always do


@dataclass(frozen=True, eq=False)
class Predictivity:
    """Accuracy of a mapping's predictions of held-out responses, per target.

    Attributes
    ----------
    score : array of shape (n_targets,)
        Pearson r of prediction and response over the held-out samples of a fold, averaged over the outer
        folds; in [-1, 1]. A fold in which the prediction does not vary counts as 0, the chance value. NaN for a
        target that does not vary in some fold: whether it has a score depends on the recording alone.
    fold_scores : array of shape (n_outer, n_targets)
        The r of each outer fold.
    alpha : array of shape (n_outer, n_targets) or None
        The penalty chosen on the inner folds, float64, in absolute units: the one for scikit-learn's Ridge on
        the features as given. None for mappings without one.
    at_grid_end : float
        Share of the (fold, target) pairs whose penalty is the weakest or strongest of the grid while the inner
        score still rises towards it, in [0, 1]: a wider grid might do better. NaN for mappings without
        penalties, or with a single one.
    prediction : array of shape (n_samples, n_targets) or None
        The prediction of each sample by the mapping that did not see its condition, NaN where held out in no
        fold; on request.
    folds : array of int, shape (n_samples,)
        The outer fold in which each sample was held out; -1 where in none.
    n_degenerate : int
        Targets without a score, as they do not vary within some fold.
    n_constant_features : int
        Features that are the same in all samples and carry nothing.
    """

    score: Array
    fold_scores: Array
    alpha: Array | None
    at_grid_end: float
    prediction: Array | None
    folds: Array
    n_degenerate: int
    n_constant_features: int


@dataclass(frozen=True, eq=False)
class Problem:
    """Checked arguments of a cross-validated mapping."""

    x: torch.Tensor
    y: torch.Tensor
    codes: Ints
    folds: Ints
    n_inner: int
    seed: int
    original: object

    @property
    def n_outer(self) -> int:
        """Number of outer folds."""
        return int(self.folds.max()) + 1

    @property
    def smallest_training(self) -> int:
        """Number of samples that the fold with the fewest trains on."""
        return len(self.x) - int(np.bincount(self.folds[self.folds >= 0]).max())


@dataclass(frozen=True, eq=False)
class Fold:
    """One outer fold: the rows to fit on and the rows held out."""

    index: int
    train: torch.Tensor
    test: torch.Tensor


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Result of a mapping for one outer fold.

    Attributes
    ----------
    prediction : tensor of shape (n_test, n_targets)
    alpha : tensor of shape (n_targets,), float64, or None
        The penalties, if it has any.
    at_grid_end : tensor of bool, shape (n_targets,), or None
        Whether a penalty lies at an end of the grid, if it was chosen from several.
    deviation : tensor of shape (n_test, n_targets) or None
        The prediction less the training means (each target in any unit), where it is kept separately: next to a
        large mean the rounding of the prediction is no longer small compared with its variation.
    """

    prediction: torch.Tensor
    alpha: torch.Tensor | None = None
    at_grid_end: torch.Tensor | None = None
    deviation: torch.Tensor | None = None

    @property
    def to_correlate(self) -> torch.Tensor:
        """The values that r is computed from: the prediction, or its deviation."""
        return self.prediction if self.deviation is None else self.deviation


def chosen(held_out: HeldOut) -> torch.Tensor:
    """The penalties of a mapping that has them; NaN for one that has none."""
    if held_out.alpha is None:
        return held_out.prediction.new_full((held_out.prediction.shape[1],), torch.nan)
    return held_out.alpha


def chosen_at_end(held_out: HeldOut) -> torch.Tensor:
    """Whether the penalties of a mapping lie at an end of the grid, as 0 and 1; NaN where there was no choice."""
    if held_out.at_grid_end is None:
        return held_out.prediction.new_full((held_out.prediction.shape[1],), torch.nan, dtype=torch.float64)
    return held_out.at_grid_end.double()


def prepare(
    x: object,
    y: object,
    groups: object,
    *,
    n_outer: int = 5,
    n_inner: int = 5,
    seed: int = 0,
    folds: object = None,
) -> Problem:
    """Check the arguments that all mappings share and lay out the outer folds, unless `folds` gives them."""
    features, targets = as_tensor("x", x, ndim=2), as_tensor("y", y, ndim=2)
    check_same_length(("x", "y"), (len(features), len(targets)), "samples")
    codes = condition_codes(groups, len(features))
    seed = check_integer("seed", seed, least=0)
    n_outer = check_integer("n_outer", n_outer, least=2)
    laid_out = outer_folds(codes, n_outer, seed) if folds is None else given_folds(folds, len(features))
    dtype = torch.promote_types(features.dtype, targets.dtype)
    return Problem(
        x=features.to(dtype),
        y=targets.to(features.device, dtype),
        codes=codes,
        folds=laid_out,
        n_inner=check_integer("n_inner", n_inner, least=2),
        seed=seed,
        original=y,
    )


def folds_of(problem: Problem) -> Iterator[Fold]:
    """The outer folds, one after the other."""
    for index in range(problem.n_outer):
        held_out = problem.folds == index
        yield Fold(index, _rows(np.flatnonzero(~held_out), problem), _rows(np.flatnonzero(held_out), problem))


def inner_fold_of(problem: Problem, fold: Fold) -> Ints:
    """For each position within `fold.train`, the inner fold that holds it out."""
    codes = problem.codes[problem.folds != fold.index]
    return inner_folds(codes, problem.n_inner, problem.seed, fold.index)


def inner_rows(problem: Problem, fold: Fold) -> list[torch.Tensor]:
    """For each inner fold, the positions within `fold.train` that it holds out."""
    inner = inner_fold_of(problem, fold)
    return [_rows(np.flatnonzero(inner == index), problem) for index in range(problem.n_inner)]


def cross_validate(
    problem: Problem, fit: Callable[[Fold], HeldOut], *, return_prediction: bool = False
) -> Predictivity:
    """Fit and predict in every outer fold, and score the predictions.

    Parameters
    ----------
    problem : Problem
    fit : callable
        Takes a `Fold`, returns the `HeldOut` prediction of its held-out rows.
    return_prediction : bool, default=False
        Whether the result keeps the predictions.

    Returns
    -------
    predictivity : Predictivity
    """
    scores, alphas, at_end = [], [], []
    kept = torch.full_like(problem.y, torch.nan) if return_prediction else None
    for fold in folds_of(problem):
        held_out = fit(fold)
        scores.append(fold_score(held_out.to_correlate, problem.y, fold))
        if held_out.alpha is not None:
            alphas.append(held_out.alpha)
        if held_out.at_grid_end is not None:
            at_end.append(held_out.at_grid_end)
        if kept is not None:
            kept[fold.test] = held_out.prediction
    return _assemble(problem, torch.stack(scores), alphas, at_end, kept)


def has_nothing_to_say(x: torch.Tensor, fold: Fold) -> bool:
    """Whether no feature varies both over the training rows and over the held-out ones.

    A linear map then predicts one value for all held-out rows, and whatever varies in it is rounding: a table of
    moments, for one, knows nothing of the contexts held out.
    """
    some = portions(x.shape[1], _FEATURES_LOOKED_AT)
    return all(_vary_apart(x[:, features], fold) for features in some)


def _vary_apart(x: torch.Tensor, fold: Fold) -> bool:
    return bool((is_constant(x[fold.train]) | is_constant(x[fold.test])).all())


def linear_prediction(
    x: torch.Tensor,
    y: torch.Tensor,
    fold: Fold,
    factors: Callable[[torch.Tensor, torch.Tensor], tuple[torch.Tensor, ...]],
) -> torch.Tensor:
    """Predict held-out rows by a linear map with intercept, (n_test, n_targets).

    Parameters
    ----------
    x, y : tensor of shape (n_samples, n_features), (n_samples, n_targets)
        Features and responses of all samples.
    fold : Fold
    factors : callable
        Takes centred training features and responses, returns the matrices whose product is the map.
    """
    x_train, y_train = x[fold.train], y[fold.train]
    mean = x_train.mean(0)
    *first, last = factors(x_train - mean, centred(y_train))
    held_out = x[fold.test] - mean
    for factor in first:
        held_out = held_out @ factor
    prediction = torch.addmm(y_train.mean(0), held_out, last)
    return prediction[:1].expand_as(prediction) if has_nothing_to_say(x, fold) else prediction


def fold_score(prediction: torch.Tensor, y: torch.Tensor, fold: Fold) -> torch.Tensor:
    """Pearson r per target over the held-out rows: 0 where only the prediction does not vary, NaN where the target.

    What a model fails on counts as chance; what the recording cannot carry is left out for all models.
    """
    held_out = y[fold.test]
    carried = ~(is_flat(held_out) | is_constant(y[fold.train]))
    return torch.where(carried, column_correlation(prediction, held_out).nan_to_num(nan=0.0), torch.nan)


def count_constant_features(x: torch.Tensor) -> int:
    """Number of features that have one value only."""
    return int(is_constant(x).sum())


def _rows(indices: Ints, problem: Problem) -> torch.Tensor:
    return torch.from_numpy(indices).to(problem.x.device)


def _assemble(
    problem: Problem,
    scores: torch.Tensor,
    alphas: list[torch.Tensor],
    at_end: list[torch.Tensor],
    prediction: torch.Tensor | None,
) -> Predictivity:
    score = scores.mean(0)
    original, dtype = problem.original, problem.y.dtype
    return Predictivity(
        score=like(score.to(dtype), original),
        fold_scores=like(scores.to(dtype), original),
        alpha=like(torch.stack(alphas), original) if alphas else None,
        at_grid_end=float(torch.stack(at_end).double().mean()) if at_end else math.nan,
        prediction=None if prediction is None else like(prediction, original),
        folds=like(torch.from_numpy(problem.folds).to(score.device), original),
        n_degenerate=int(score.isnan().sum()),
        n_constant_features=count_constant_features(problem.x),
    )
