"""Predictivity corrected for noise, from single trials or from one pair of halves."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .._arrays import Array, like
from .._halves import fixed_halves, random_halves
from .._splits import check_integer
from ..statistics.reliability import check_halves, check_trials
from ._condition_sums import ConditionSums
from ._corrected import Correction, ResultConverter, check_correction, fold_averages
from ._cross_validation import count_constant_features, folds_of, prepare
from ._noise_fold import ConditionSumsAccumulator, CorrectionPlan, fold_result
from ._ridge_penalties import Alphas
from .ridge import Inner, RidgeMapping, check_inner

__all__ = [
    "NoiseCorrectedPredictivity",
    "noise_corrected_predictivity",
    "noise_corrected_predictivity_from_halves",
]


@dataclass(frozen=True, eq=False)
class NoiseCorrectedPredictivity:
    """Held-out predictivity over its noise limit, with every quantity of the formula given separately.

    Attributes
    ----------
    score : array of shape (n_targets,)
        Corrected score; not clipped, above 1 by noise. NaN for a target that the recording cannot carry: `raw` or
        `ceiling` is NaN. 0, the chance value, where the recording carries it and the map fails: the predictions
        from two halves of the trials do not agree.
    raw : array of shape (n_targets,)
        r of prediction and trial average, averaged over folds.
    prediction_reliability, neural_reliability : array of shape (n_targets,)
        Half correlations of predictions and of responses on held-out samples, averaged over splits and folds,
        then corrected to full length (Spearman-Brown).
    ceiling : array of shape (n_targets,)
        Square root of `neural_reliability`, NaN where that is negative: the highest `raw` that noise allows.
    defined : array of shape (n_targets,)
        Part of the (split, fold) pairs in which the published formula is defined, in [0, 1].
    fold_scores : array of shape (n_outer, n_targets)
        The published formula in each fold, averaged over its splits.
    alpha : array of shape (n_outer, n_targets)
        The penalties chosen for the map of the trial average, used for those of the halves too.
    at_grid_end : float
        Share of them that are the weakest or the strongest of the grid; NaN where there was no choice.
    prediction : array of shape (n_samples, n_targets) or None
        Held-out predictions of the map of the trial average; on request.
    sums : ConditionSums or None
        Sums that `bootstrap_noise_corrected_predictivity` resamples; on request.
    folds : array of int, shape (n_samples,)
        The outer fold in which each sample was held out.
    n_splits : int
        Number of split halves.
    halves : str
        "random" for splits of trials, "given" for one given pair.
    n_degenerate : int
        Targets without a `score`.
    n_constant_features : int
        Features that are the same in all samples.
    """

    score: Array
    raw: Array
    prediction_reliability: Array
    neural_reliability: Array
    ceiling: Array
    defined: Array
    fold_scores: Array
    alpha: Array
    at_grid_end: float
    prediction: Array | None
    sums: ConditionSums | None
    folds: Array
    n_splits: int
    halves: str
    n_degenerate: int
    n_constant_features: int


def noise_corrected_predictivity(
    x: object,
    trials: object,
    groups: object,
    *,
    alphas: Alphas = None,
    n_outer: int = 5,
    n_inner: int = 5,
    n_splits: int = 100,
    seed: int = 0,
    inner: Inner = "grouped",
    correction: Correction = "averaged",
    folds: object = None,
    relative: bool = False,
    return_prediction: bool = False,
    return_sums: int = 0,
) -> NoiseCorrectedPredictivity:
    r"""Ridge predictivity corrected for the noise of responses and of mappings, from single trials.

    .. math:: \frac{\bar r(M(X), Y)}{\sqrt{SB(\bar r(M_1(X), M_2(X)))\; SB(\bar r(Y_1, Y_2))}} ,
        \quad SB(r) = 2r / (1 + r)

    with Y the trial average, :math:`Y_1, Y_2` the averages of the halves of a random split of the trials, and
    :math:`M, M_1, M_2` the ridge maps fitted to the training samples of each. r is over the held-out samples of an
    outer fold, :math:`\bar r` its average over the splits and the folds. The penalty is chosen once, for M (see
    `ridge_predictivity`). The score estimates the correlation that the map would have with the responses if both
    were free of noise: 1 for the true model, less where the penalty holds the map back
    (docs/studies/noise-correction.md).

    Parameters
    ----------
    trials : array of shape (n_trials, n_samples, n_targets)
        Single-trial responses, at least 2 trials, finite: every trial has every sample. With missing
        trials, make two half averages and use `noise_corrected_predictivity_from_halves`.
    x, groups, alphas, n_outer, n_inner, seed, inner, folds, relative, return_prediction
        As in `ridge_predictivity`. A single penalty is taken as given: there are no inner folds then, and one
        Cholesky factor an outer fold.
    correction : {"averaged", "published"}, default="averaged"
        ``"published"`` is the formula of Nayebi et al.: the ratio is formed in each split and fold and averaged
        where it is defined (a negative product of reliabilities has no square root). A ratio of noisy parts is too
        large on average, the more so the less reliable the responses: the true model gets up to 1.2 at a
        reliability of 0.2, and comes out right from 0.9.
    n_splits : int, default=100
        Number of random splits; the maps are linear in the trials, so more splits cost next to nothing.
    return_sums : int, default=0
        Number of splits of which to keep the sums per condition, for a bootstrap (10 suffice).

    Returns
    -------
    result : NoiseCorrectedPredictivity

    Raises
    ------
    InvalidArgumentError
        If an argument is not as described.

    Notes
    -----
    All trials are predicted by one product with the held-out rows of the hat matrix, in the dtype of the
    arguments; float32 changes r by less than 1e-5. Targets are taken some at a time, so that memory grows with
    neither trials nor splits.

    References
    ----------
    Nayebi, Rajalingham, Jazayeri & Yang (2023), NeurIPS; Nayebi et al. (2021), NeurIPS, appendix.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(400, 5))
    >>> trials = x @ rng.normal(size=(5, 2)) + 3 * rng.normal(size=(10, 400, 2))
    >>> result = noise_corrected_predictivity(x, trials, np.repeat(np.arange(40), 10))
    >>> bool((abs(result.score - 1) < 0.1).all() and (result.raw < 0.98).all())
    True
    """
    values = check_trials(trials)
    problem = prepare(x, values.mean(0), groups, n_outer=n_outer, n_inner=n_inner, seed=seed, folds=folds)
    halves = random_halves(len(values), n_splits, problem.seed, problem.x.device)
    mapping = RidgeMapping(problem, alphas, check_inner(inner), relative=relative)
    kept = check_integer("return_sums", int(return_sums), least=0)
    study = CorrectionPlan(problem, values.to(problem.y), halves, mapping, min(kept, len(halves)))
    return _run(study, trials, "random", check_correction(correction), return_prediction=return_prediction)


def noise_corrected_predictivity_from_halves(
    x: object,
    y: object,
    halves: object,
    groups: object,
    *,
    alphas: Alphas = None,
    n_outer: int = 5,
    n_inner: int = 5,
    seed: int = 0,
    inner: Inner = "grouped",
    correction: Correction = "averaged",
    folds: object = None,
    relative: bool = False,
    return_prediction: bool = False,
    return_sums: bool = False,
) -> NoiseCorrectedPredictivity:
    """Ridge predictivity corrected for noise, where the data give one fixed pair of half averages.

    The formula of `noise_corrected_predictivity` with the one split given.

    Parameters
    ----------
    y : array of shape (n_samples, n_targets)
        Average of all trials.
    halves : array of shape (2, n_samples, n_targets)
        Averages of the two halves of the trials.
    x, groups, alphas, n_outer, n_inner, seed, inner, correction, folds, relative, return_prediction
        As in `noise_corrected_predictivity`.
    return_sums : bool, default=False
        Whether to keep the sums per condition, for a bootstrap.

    Returns
    -------
    result : NoiseCorrectedPredictivity
        Result with `halves` "given" and `n_splits` 1.

    Raises
    ------
    InvalidArgumentError
        If an argument is not as described.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(400, 5))
    >>> halves = x @ rng.normal(size=(5, 2)) + rng.normal(size=(2, 400, 2))
    >>> groups = np.repeat(np.arange(40), 10)
    >>> result = noise_corrected_predictivity_from_halves(x, halves.mean(0), halves, groups)
    >>> bool((abs(result.score - 1) < 0.1).all())
    True
    """
    problem = prepare(x, y, groups, n_outer=n_outer, n_inner=n_inner, seed=seed, folds=folds)
    pair = check_halves(halves, tuple(problem.y.shape))
    mapping = RidgeMapping(problem, alphas, check_inner(inner), relative=relative)
    study = CorrectionPlan(problem, pair.to(problem.y), fixed_halves(pair.device), mapping, int(return_sums))
    return _run(study, y, "given", check_correction(correction), return_prediction=return_prediction)


def _run(
    study: CorrectionPlan, original: object, kind: str, correction: Correction, *, return_prediction: bool
) -> NoiseCorrectedPredictivity:
    problem = study.problem
    sums = ConditionSumsAccumulator(study) if study.n_kept else None
    prediction = torch.empty_like(problem.y) if return_prediction or sums else None
    results = [fold_result(study, fold, prediction, sums) for fold in folds_of(problem)]
    hand_back = ResultConverter(problem.y.dtype, original)
    return NoiseCorrectedPredictivity(
        **fold_averages(results, hand_back, correction),
        prediction=hand_back(prediction) if return_prediction and prediction is not None else None,
        sums=None if sums is None or prediction is None else sums.finish(prediction, hand_back),
        folds=like(torch.from_numpy(problem.folds).to(problem.y.device), original),
        n_splits=len(study.halves),
        halves=kind,
        n_constant_features=count_constant_features(problem.x),
    )
