"""Intervals of predictivity: a bootstrap over conditions and over targets within animals.

Predictions are those of the maps as fitted: what is resampled is where and on whom they are tested.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ....core.errors import InvalidArgumentError
from .._arrays import Array, as_tensor, like
from .._halves import corrected_to_full_length
from .._splits import Ints, condition_codes, n_conditions
from ..rsa.two_factor import two_factor_error
from ..statistics.interval import Interval, percentile_interval
from ._condition_sums import ConditionSums, indicator, sums_by_condition
from ._corrected import corrected
from ._resample import Resampling, Statistic, linear_scores, mean_of_medians, resampled_scores

__all__ = [
    "BootstrapResult",
    "bootstrap_neural_ceiling",
    "bootstrap_noise_corrected_predictivity",
    "bootstrap_predictivity",
]

_UNIT = "conditions; targets within animals"


@dataclass(frozen=True, eq=False)
class BootstrapResult:
    """Values of a score over resamples.

    Attributes
    ----------
    values : array of shape (n_boot,)
        The score of each resample.
    interval : Interval
        Percentile interval of the values.
    n_undefined : int
        Resamples without a score, left out of the interval.
    """

    values: Array
    interval: Interval
    n_undefined: int


def bootstrap_predictivity(
    prediction: object,
    y: object,
    groups: object,
    folds: object,
    target_groups: object,
    *,
    n_boot: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> BootstrapResult:
    """Bootstrap of the mean over animals of the median over targets of held-out r.

    Each resample draws the conditions with replacement, and the targets within each animal with
    replacement. r is computed within an outer fold and averaged over the folds that are present; then the
    median over an animal's targets, then the mean over animals, each weighted by its number of targets. The same
    seed draws the same resamples for any prediction of the same data, so the values of two candidates can be
    subtracted.

    Parameters
    ----------
    prediction, y : array of shape (n_samples, n_targets)
        Held-out predictions (see `ridge_predictivity`) and responses; NaN where a target was not recorded.
    groups : array of shape (n_samples,)
        The condition of each sample.
    folds : array of int, shape (n_samples,)
        The outer fold in which each sample was held out.
    target_groups : array of shape (n_targets,)
        The animal of each target.
    n_boot : int, default=1000
        Number of resamples.
    level : float, default=0.95
        Probability of the interval, in (0, 1).
    seed : int, default=0
        Seed of the resamples.

    Returns
    -------
    result : BootstrapResult

    Raises
    ------
    InvalidArgumentError
        If an argument is not as described, or a condition lies in two folds.

    References
    ----------
    Efron & Tibshirani (1993), An Introduction to the Bootstrap, chapter 13.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> y = rng.normal(size=(200, 4))
    >>> groups, folds = np.repeat(np.arange(20), 10), np.repeat(np.arange(20) % 5, 10)
    >>> result = bootstrap_predictivity(y + rng.normal(size=y.shape), y, groups, folds, ["a", "a", "b", "b"])
    >>> result.interval.low < 0.71 < result.interval.high
    True
    """
    predicted, responses = (
        as_tensor(name, values, ndim=2, finite=False)
        for name, values in (("prediction", prediction), ("y", y))
    )
    if predicted.shape != responses.shape:
        raise InvalidArgumentError(
            "The 'prediction' parameter",
            got=f"shape {tuple(predicted.shape)}",
            needed=f"shaped as 'y', {tuple(responses.shape)}",
        )
    codes = condition_codes(groups, len(predicted))
    fold_codes = condition_codes(folds, len(predicted), name="folds")
    fold_of_condition = _fold_of_condition(codes, fold_codes)
    membership = indicator(torch.from_numpy(codes).to(predicted.device), n_conditions(codes))
    values = _sums_within_folds(predicted, responses, membership, fold_codes)[None]
    resampling = Resampling(fold_of_condition, target_groups, values.shape[-1], n_boot, seed)
    per_target = resampled_scores(values, resampling, Statistic(_raw_score, _as_it_is))
    return _result(mean_of_medians(per_target, resampling.target_draws()), level, y)


def bootstrap_noise_corrected_predictivity(
    sums: ConditionSums,
    target_groups: object,
    *,
    n_boot: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> BootstrapResult:
    """Bootstrap of the mean over animals of the median over targets of the noise-corrected score.

    As `bootstrap_predictivity`, with the whole formula (the raw r and both reliabilities) computed anew in
    each resample.

    Parameters
    ----------
    sums : ConditionSums
        Sums from `noise_corrected_predictivity(..., return_sums=10)`.
    target_groups, n_boot, level, seed
        As in `bootstrap_predictivity`.

    Returns
    -------
    result : BootstrapResult

    Raises
    ------
    InvalidArgumentError
        If an argument is not as described.

    Examples
    --------
    >>> import numpy as np
    >>> from innerscore.metrics.functional.mapping.noise_correction import noise_corrected_predictivity
    >>> rng = np.random.default_rng(0)
    >>> x, groups = rng.normal(size=(400, 5)), np.repeat(np.arange(40), 10)
    >>> trials = x @ rng.normal(size=(5, 4)) + 3 * rng.normal(size=(10, 400, 4))
    >>> result = noise_corrected_predictivity(x, trials, groups, return_sums=5)
    >>> interval = bootstrap_noise_corrected_predictivity(result.sums, ["a", "a", "b", "b"]).interval
    >>> interval.low < 1 < interval.high
    True
    """
    values, resampling = _opened(sums, target_groups, n_boot, seed)
    per_target = resampled_scores(values, resampling, Statistic(_parts_of_correction, _corrected_score))
    return _result(mean_of_medians(per_target, resampling.target_draws()), level, sums.values)


def bootstrap_neural_ceiling(
    sums: ConditionSums,
    target_groups: object,
    *,
    n_boot: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> BootstrapResult:
    """Bootstrap of the mean over animals of the median over targets of the noise ceiling of raw r.

    The ceiling of a target is the square root of its reliability on held-out samples. The resamples are those
    of `bootstrap_noise_corrected_predictivity` with the same seed, but for two changes without which the
    interval is half as wide again as the ceiling scatters (docs/studies/ridge-interval.md):

    - A target's reliability in a resample is taken linear in the count of each condition (the
      infinitesimal jackknife): reliability within the few distinct conditions of a fold's resample is lower and
      scatters more than within as many conditions that are all distinct.
    - Its noise is counted once: the spread of the values is that of two factors, conditions and targets, see
      `two_factor_error`.

    Parameters
    ----------
    sums : ConditionSums
        Sums of half responses: from `half_response_sums`, or `of_responses` of those of
        `noise_corrected_predictivity(..., return_sums=10)`.
    target_groups, n_boot, level, seed
        As in `bootstrap_predictivity`.

    Returns
    -------
    result : BootstrapResult

    Raises
    ------
    InvalidArgumentError
        If an argument is not as described.
    """
    values, resampling = _opened(sums, target_groups, n_boot, seed)
    per_target = linear_scores(values, resampling, Statistic(_neural_r, _ceiling))
    return _result(_noise_counted_once(per_target, resampling), level, sums.values)


def _noise_counted_once(per_target: torch.Tensor, resampling: Resampling) -> torch.Tensor:
    """Means of medians over resamples of both factors, with the spread of `two_factor_error`."""
    as_measured = per_target.mean(0, keepdim=True).expand_as(per_target)
    both = mean_of_medians(per_target, resampling.target_draws())
    by_conditions = mean_of_medians(per_target, resampling.each_target_once())
    by_targets = mean_of_medians(as_measured, resampling.target_draws())
    error = two_factor_error(
        both,
        by_conditions,
        by_targets,
        n_first=max(2, len(resampling.folds)),
        n_second=max(2, min(len(members) for members in resampling.animals)),
    )
    centre, spread = both.nanmean(), np.nanstd(both.cpu().numpy())
    return both if spread == 0 else centre + (both - centre) * float(error / spread)


def _opened(
    sums: ConditionSums, target_groups: object, n_boot: int, seed: int
) -> tuple[torch.Tensor, Resampling]:
    values = as_tensor("sums", sums.values, ndim=4)
    folds = np.asarray(torch.as_tensor(sums.folds).cpu(), dtype=np.int64)
    return values, Resampling(folds, target_groups, values.shape[-1], n_boot, seed)


def _result(values: torch.Tensor, level: float, original: object) -> BootstrapResult:
    return BootstrapResult(
        values=like(values, original),
        interval=percentile_interval(values, level=level, unit=_UNIT),
        n_undefined=int(values.isnan().sum()),
    )


def _fold_of_condition(codes: Ints, fold_codes: Ints) -> Ints:
    first = np.unique(codes, return_index=True)[1]
    of_condition = fold_codes[first]
    if (of_condition[codes] != fold_codes).any():
        raise InvalidArgumentError(
            "The 'folds' parameter", got="a condition in two folds", needed="one fold per condition"
        )
    return of_condition


def _sums_within_folds(
    predicted: torch.Tensor, responses: torch.Tensor, membership: torch.Tensor, fold_codes: Ints
) -> torch.Tensor:
    # Centred fold by fold, so that rounding stays small where folds differ in their means.
    total = torch.zeros(len(membership), 6, predicted.shape[1], dtype=torch.float64, device=predicted.device)
    for fold in range(n_conditions(fold_codes)):
        rows = torch.from_numpy(np.flatnonzero(fold_codes == fold)).to(predicted.device)
        total += sums_by_condition(predicted[rows], responses[rows], membership[:, rows])
    return total


def _raw_score(r: torch.Tensor) -> torch.Tensor:
    return r[0]


def _parts_of_correction(r: torch.Tensor) -> torch.Tensor:
    """Raw r and the mean half correlations of predictions and of responses, (3, n_boot, n_targets)."""
    of_predictions, of_responses = r[1:].chunk(2)
    # A half prediction that does not vary agrees with nothing; a fold of which nothing was drawn says nothing.
    agreement = torch.where(r[0].isnan(), torch.nan, of_predictions.nan_to_num(nan=0.0).mean(0))
    return torch.stack([r[0], agreement, of_responses.nanmean(0)])


def _corrected_score(parts: torch.Tensor) -> torch.Tensor:
    return corrected(*parts)


def _neural_r(r: torch.Tensor) -> torch.Tensor:
    """Half correlation of the responses, mean over splits."""
    return r.nanmean(0)


def _as_it_is(values: torch.Tensor) -> torch.Tensor:
    return values


def _ceiling(half_r: torch.Tensor) -> torch.Tensor:
    reliability = corrected_to_full_length(half_r)
    return torch.where(reliability >= 0, reliability, torch.nan).sqrt()
