"""Inter-animal consistency: how well one animal's neurons are predicted by those of all the others.

It is the ceiling that a model-to-brain mapping can be expected to reach: another brain as the model, under the
same mapping, splits and noise correction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ....core.errors import InvalidArgumentError
from .._arrays import Array, as_tensor
from .._correlation import centred, column_correlation
from .._halves import Halves, fixed_halves, random_halves
from .._splits import Ints, condition_codes, n_conditions
from ..statistics.reliability import check_halves, check_trials
from ._corrected import FoldResult, ResultConverter, fold_averages
from ._cross_validation import Fold, HeldOut, Problem, chosen, chosen_at_end, fold_score, folds_of, prepare
from ._ridge import predict, prepared
from ._ridge_penalties import Alphas
from .ridge import Inner, RidgeMapping, check_inner

__all__ = ["Consistency", "inter_animal_consistency", "inter_animal_consistency_from_halves"]


@dataclass(frozen=True, eq=False)
class Consistency:
    """Predictivity of each animal's targets from all other animals' pooled.

    Attributes
    ----------
    score : array of shape (n_targets,)
        Noise-corrected r; not clipped. NaN for a target that the recording cannot carry, 0 where the map fails,
        as in `NoiseCorrectedPredictivity`.
    raw : array of shape (n_targets,)
        r of prediction and trial average, averaged over folds.
    prediction_reliability, neural_reliability, ceiling, defined : array of shape (n_targets,)
        As in `NoiseCorrectedPredictivity`.
    n_splits : int
        Number of split halves.
    halves : str
        "random" for splits of trials, "given" for one given pair.
    n_degenerate : int
        Targets without a `score`.
    """

    score: Array
    raw: Array
    prediction_reliability: Array
    neural_reliability: Array
    ceiling: Array
    defined: Array
    n_splits: int
    halves: str
    n_degenerate: int


def inter_animal_consistency(
    trials: object,
    target_groups: object,
    groups: object,
    *,
    alphas: Alphas = None,
    n_outer: int = 5,
    n_inner: int = 5,
    n_splits: int = 10,
    seed: int = 0,
    inner: Inner = "grouped",
    relative: bool = False,
) -> Consistency:
    r"""Predict each animal's neurons from those of all other animals pooled, corrected for noise.

    The formula of `noise_corrected_predictivity`, with the source's trial average X, and its half averages
    in the maps of the halves; r is averaged over splits and folds first:

    .. math:: \frac{\bar r(M(X), Y)}{\sqrt{SB(\bar r(M_1(X_1), M_2(X_2)))\; SB(\bar r(Y_1, Y_2))}}

    Parameters
    ----------
    trials : array of shape (n_trials, n_samples, n_targets)
        Single-trial responses of all animals' neurons, finite, at least 2 trials.
    target_groups : array of shape (n_targets,)
        The animal of each target, at least 2 animals.
    groups, alphas, n_outer, n_inner, seed, inner, relative
        As in `ridge_predictivity`.
    n_splits : int, default=10
        Number of random splits. The source changes with the split, so each costs two fits per fold.

    Returns
    -------
    consistency : Consistency

    Raises
    ------
    InvalidArgumentError
        If an argument is not as described, or there is one animal only.

    References
    ----------
    Nayebi et al. (2021), NeurIPS, section 3; Nayebi, Rajalingham, Jazayeri & Yang (2023), NeurIPS.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> latent = rng.normal(size=(400, 3))
    >>> trials = latent @ rng.normal(size=(3, 20)) + rng.normal(size=(8, 400, 20))
    >>> animals, groups = np.repeat(["a", "b"], 10), np.repeat(np.arange(40), 10)
    >>> result = inter_animal_consistency(trials, animals, groups, n_splits=2)
    >>> bool(abs(np.median(result.score) - 1) < 0.05)
    True
    """
    values = check_trials(trials)
    halves = random_halves(len(values), n_splits, seed, values.device)
    options = _Options(alphas, n_outer, n_inner, seed, check_inner(inner), relative)
    recording = _Recording(values.mean(0), values, halves, groups)
    return _consistency(recording, target_groups, options, trials, "random")


def inter_animal_consistency_from_halves(
    y: object,
    halves: object,
    target_groups: object,
    groups: object,
    *,
    alphas: Alphas = None,
    n_outer: int = 5,
    n_inner: int = 5,
    seed: int = 0,
    inner: Inner = "grouped",
    relative: bool = False,
) -> Consistency:
    """`inter_animal_consistency` where the data give one fixed pair of half averages.

    Parameters
    ----------
    y, halves
        As in `noise_corrected_predictivity_from_halves`.
    target_groups, groups, alphas, n_outer, n_inner, seed, inner, relative
        As in `inter_animal_consistency`.

    Returns
    -------
    consistency : Consistency
        Result with `halves` "given" and `n_splits` 1.

    Raises
    ------
    InvalidArgumentError
        If an argument is not as described, or there is one animal only.
    """
    average = as_tensor("y", y, ndim=2)
    pair = check_halves(halves, tuple(average.shape))
    options = _Options(alphas, n_outer, n_inner, seed, check_inner(inner), relative)
    recording = _Recording(average, pair.to(average), fixed_halves(average.device), groups)
    return _consistency(recording, target_groups, options, y, "given")


@dataclass(frozen=True, eq=False)
class _Recording:
    average: torch.Tensor
    trials: torch.Tensor
    halves: Halves
    groups: object


@dataclass(frozen=True, eq=False)
class _Options:
    alphas: Alphas
    n_outer: int
    n_inner: int
    seed: int
    inner: Inner
    relative: bool


@dataclass(frozen=True, eq=False)
class _HalfFit:
    """A fold's map of one half: its predictions and responses on the held-out rows."""

    prediction: torch.Tensor
    response: torch.Tensor


def _consistency(
    recording: _Recording, target_groups: object, options: _Options, original: object, kind: str
) -> Consistency:
    animals = _check_animals(target_groups, recording.average.shape[1])
    hand_back = ResultConverter(recording.average.dtype, recording.average)
    fields = ("score", "raw", "prediction_reliability", "neural_reliability", "ceiling", "defined")
    pooled = {name: recording.average.new_empty(len(animals)) for name in fields}
    for animal in range(n_conditions(animals)):
        own = torch.from_numpy(animals == animal).to(recording.average.device)
        averages = fold_averages(_predict_animal(recording, own, options), hand_back, "averaged")
        for name in fields:
            pooled[name][own] = averages[name]
    to_caller = ResultConverter(recording.average.dtype, original)
    return Consistency(
        **{name: to_caller(values) for name, values in pooled.items()},
        n_splits=len(recording.halves),
        halves=kind,
        n_degenerate=int(pooled["score"].isnan().sum()),
    )


def _predict_animal(recording: _Recording, own: torch.Tensor, options: _Options) -> list[FoldResult]:
    """All folds of one animal's targets predicted from the other animals' neurons."""
    problem = prepare(
        recording.average[:, ~own],
        recording.average[:, own],
        recording.groups,
        n_outer=options.n_outer,
        n_inner=options.n_inner,
        seed=options.seed,
    )
    mapping = RidgeMapping(problem, options.alphas, options.inner, relative=options.relative)
    return [_fold_result(recording, own, problem, fold, mapping(fold)) for fold in folds_of(problem)]


def _fold_result(
    recording: _Recording, own: torch.Tensor, problem: Problem, fold: Fold, held_out: HeldOut
) -> FoldResult:
    alpha = chosen(held_out)
    of_predictions, of_responses = [], []
    for pair in zip(recording.halves.first, recording.halves.second, strict=True):
        first, second = (_fit_half(recording, own, fold, weights, alpha) for weights in pair)
        of_predictions.append(column_correlation(first.prediction, second.prediction))
        of_responses.append(column_correlation(first.response, second.response))
    return FoldResult.of_splits(
        alpha=alpha,
        at_grid_end=chosen_at_end(held_out),
        raw=fold_score(held_out.to_correlate, problem.y, fold),
        prediction_r=torch.stack(of_predictions, 1),
        neural_r=torch.stack(of_responses, 1),
    )


def _fit_half(
    recording: _Recording, own: torch.Tensor, fold: Fold, weights: torch.Tensor, alpha: torch.Tensor
) -> _HalfFit:
    """Fit the sources' half average to the targets' half average, at the penalties of the full map."""
    half = torch.tensordot(weights.to(recording.trials.dtype), recording.trials, 1)
    x, y = half[:, ~own], half[:, own]
    features = prepared(x, len(fold.train))
    spectrum = features.decompose(fold.train, fold.test)
    y_train = y[fold.train]
    projected = spectrum.left.T @ centred(y_train)
    prediction = predict(spectrum, projected, y_train.mean(0), features.penalty_here(alpha))
    return _HalfFit(prediction, y[fold.test])


def _check_animals(target_groups: object, n_targets: int) -> Ints:
    animals = condition_codes(target_groups, n_targets, name="target_groups")
    if n_conditions(animals) < 2:
        raise InvalidArgumentError(
            "The 'target_groups' parameter", got="one animal", needed="of at least 2 animals"
        )
    return np.asarray(animals)
