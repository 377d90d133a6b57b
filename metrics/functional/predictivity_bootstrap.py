"""Intervals of predictivity: a bootstrap over conditions and over targets within animals.

Predictions are those of the maps as fitted: what is resampled is where and on whom they are tested.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from ...core.errors import InvalidArgumentError
from ._arrays import Array, as_tensor, like
from ._condition_sums import ConditionSums, correlation_from_sums, indicator, sums_by_condition
from ._halves import corrected_to_full_length
from ._resample import check_n_resamples, resample_counts
from ._splits import Ints, check_integer, condition_codes, n_conditions, portions
from .interval import Interval, percentile_interval

__all__ = [
    "BootstrapResult",
    "bootstrap_neural_ceiling",
    "bootstrap_noise_corrected_predictivity",
    "bootstrap_predictivity",
]

_UNIT = "conditions; targets within animals"
_BYTES_AT_ONCE = 64 * 2**20


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
    median over an animal's targets, then the mean over animals. The same seed draws the same resamples for
    any prediction of the same data, so the values of two candidates can be subtracted.

    Parameters
    ----------
    prediction, y : array of shape (n_samples, n_targets)
        Held-out predictions (see `ridge_predictivity`) and responses.
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
        Seeds the resamples.

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
    predicted, responses = as_tensor("prediction", prediction, ndim=2), as_tensor("y", y, ndim=2)
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
    resampling = _Resampling(fold_of_condition, target_groups, values.shape[-1], n_boot, seed)
    return _bootstrap(values, resampling, _Statistic(_raw_score, _as_it_is), level, y)


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
        From `noise_corrected_predictivity(..., return_sums=10)`.
    target_groups : array of shape (n_targets,)
        The animal of each target.
    n_boot, level, seed
        As in `bootstrap_predictivity`.

    Returns
    -------
    result : BootstrapResult

    Raises
    ------
    InvalidArgumentError
        If an argument is not as described.

    Notes
    -----
    The formula divides by the root of two estimated reliabilities, so noise in them raises its mean. With
    few samples and a reliability of 0.5, values lie some hundredths above the score, and their interval can
    miss the true value from above; leave out unreliable targets first.

    Examples
    --------
    >>> import numpy as np
    >>> from innerscore.metrics.functional.noise_correction import noise_corrected_predictivity
    >>> rng = np.random.default_rng(0)
    >>> x, groups = rng.normal(size=(400, 5)), np.repeat(np.arange(40), 10)
    >>> trials = x @ rng.normal(size=(5, 4)) + 3 * rng.normal(size=(10, 400, 4))
    >>> result = noise_corrected_predictivity(x, trials, groups, return_sums=5)
    >>> interval = bootstrap_noise_corrected_predictivity(result.sums, ["a", "a", "b", "b"]).interval
    >>> interval.low < 1 < interval.high
    True
    """
    statistic = _Statistic(_corrected_score, _as_it_is)
    return _bootstrap_sums(sums, target_groups, statistic, n_boot=n_boot, level=level, seed=seed)


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
    of `bootstrap_noise_corrected_predictivity` with the same seed.

    Parameters
    ----------
    sums : ConditionSums
        From `noise_corrected_predictivity(..., return_sums=10)`.
    target_groups : array of shape (n_targets,)
        The animal of each target.
    n_boot, level, seed
        As in `bootstrap_predictivity`.

    Returns
    -------
    result : BootstrapResult

    Raises
    ------
    InvalidArgumentError
        If an argument is not as described.
    """
    statistic = _Statistic(_neural_reliability, _root)
    return _bootstrap_sums(sums, target_groups, statistic, n_boot=n_boot, level=level, seed=seed)


class _Resampling:
    """Draws of conditions and of targets within animals, the same for the same seed."""

    def __init__(
        self, fold_of_condition: Ints, target_groups: object, n_targets: int, n_boot: int, seed: int
    ) -> None:
        animals = condition_codes(target_groups, n_targets, name="target_groups")
        self.folds = fold_of_condition
        self.animals = [np.flatnonzero(animals == animal) for animal in range(n_conditions(animals))]
        self.n_targets = n_targets
        check_n_resamples("n_boot", n_boot)
        self.n_boot = n_boot
        self._seed = check_integer("seed", seed, least=0)

    def condition_counts(self) -> torch.Tensor:
        """How often each condition is drawn, (n_boot, n_conditions), float64."""
        generator = np.random.default_rng((self._seed, 11))
        return resample_counts(generator, len(self.folds), self.n_boot)

    def target_draws(self) -> Iterator[torch.Tensor]:
        """Per animal, the targets drawn, (n_boot, n_targets_of_animal)."""
        for number, members in enumerate(self.animals):
            rng = np.random.default_rng((self._seed, 13, number))
            yield torch.from_numpy(members[rng.integers(len(members), size=(self.n_boot, len(members)))])


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


@dataclass(frozen=True)
class _Statistic:
    """From the r of all pairs, (n_pairs, n_boot, n_targets), to a value of a fold; and of the folds' mean."""

    within_fold: Callable[[torch.Tensor], torch.Tensor]
    of_mean: Callable[[torch.Tensor], torch.Tensor]


def _bootstrap_sums(
    sums: ConditionSums, target_groups: object, statistic: _Statistic, *, n_boot: int, level: float, seed: int
) -> BootstrapResult:
    values = as_tensor("sums", sums.values, ndim=4)
    folds = np.asarray(torch.as_tensor(sums.folds).cpu(), dtype=np.int64)
    resampling = _Resampling(folds, target_groups, values.shape[-1], n_boot, seed)
    return _bootstrap(values, resampling, statistic, level, sums.values)


def _bootstrap(
    sums: torch.Tensor, resampling: _Resampling, statistic: _Statistic, level: float, original: object
) -> BootstrapResult:
    per_target = _resampled_scores(sums, resampling, statistic)
    medians = [_median(per_target.gather(1, draws.to(sums.device))) for draws in resampling.target_draws()]
    values = torch.stack(medians).mean(0)
    return BootstrapResult(
        values=like(values, original),
        interval=percentile_interval(values, level=level, unit=_UNIT),
        n_undefined=int(values.isnan().sum()),
    )


def _median(values: torch.Tensor) -> torch.Tensor:
    """Median of each row without its NaN, the mean of the middle two where their number is even."""
    ordered, present = values.sort(1).values, values.isfinite().sum(1, keepdim=True)
    middle = torch.cat([present - 1, present], 1).clamp(min=0) // 2
    return ordered.gather(1, middle).mean(1)


def _resampled_scores(sums: torch.Tensor, resampling: _Resampling, statistic: _Statistic) -> torch.Tensor:
    """Score of each target in each resample of the conditions, (n_boot, n_targets)."""
    counts = resampling.condition_counts().to(sums.device)
    n_targets = sums.shape[-1]
    result = sums.new_empty(len(counts), n_targets)
    at_once = max(1, _BYTES_AT_ONCE // (8 * 6 * len(counts) * len(sums)))
    for targets in portions(n_targets, at_once):
        some = sums[..., targets]
        per_fold = [
            statistic.within_fold(_resampled_correlations(some, counts, resampling.folds == fold))
            for fold in np.unique(resampling.folds)
        ]
        result[:, targets] = statistic.of_mean(torch.stack(per_fold).nanmean(0))
    return result


def _resampled_correlations(
    sums: torch.Tensor, counts: torch.Tensor, in_fold: npt.NDArray[np.bool_]
) -> torch.Tensor:
    """r of all pairs within one fold, by weighted sums over its conditions, (n_pairs, n_boot, n_targets)."""
    conditions = torch.from_numpy(np.flatnonzero(in_fold)).to(sums.device)
    weighted = counts[:, conditions] @ sums[:, conditions].flatten(2)
    return correlation_from_sums(weighted.reshape(len(sums), len(counts), *sums.shape[2:]))


def _raw_score(r: torch.Tensor) -> torch.Tensor:
    return r[0]


def _corrected_score(r: torch.Tensor) -> torch.Tensor:
    """The noise-corrected score from the r of all pairs, (n_pairs, n_boot, n_targets); mean over splits."""
    of_predictions, of_responses = corrected_to_full_length(r[1:]).chunk(2)
    product = of_predictions * of_responses
    return (r[0] / torch.where(product > 0, product, torch.nan).sqrt()).nanmean(0)


def _neural_reliability(r: torch.Tensor) -> torch.Tensor:
    """Reliability of the responses from the r of all pairs; mean over splits."""
    return corrected_to_full_length(r[1:]).chunk(2)[1].nanmean(0)


def _as_it_is(values: torch.Tensor) -> torch.Tensor:
    return values


def _root(values: torch.Tensor) -> torch.Tensor:
    return torch.where(values >= 0, values, torch.nan).sqrt()
