"""Resamples of conditions and of targets within animals, and the scores in them from sums per condition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from .._resample import check_n_resamples, resample_counts
from .._splits import Ints, check_integer, condition_codes, n_conditions, portions
from ._condition_sums import correlation_from_sums

__all__ = ["Resampling", "Statistic", "linear_scores", "mean_of_medians", "resampled_scores"]

_BYTES_AT_ONCE = 64 * 2**20
# How far counts are drawn in for a derivative: small for linearity, large against rounding.
_STEP = 0.1


class Resampling:
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
        """Number of times that each condition is drawn, (n_boot, n_conditions), float64."""
        generator = np.random.default_rng((self._seed, 11))
        return resample_counts(generator, len(self.folds), self.n_boot)

    def fold_weights(self, counts: torch.Tensor) -> torch.Tensor:
        """Weight of each fold in the mean over folds, (n_folds, n_boot, 1).

        r within a fold of one condition is the same however often the condition is drawn: there the fold counts so
        often instead. Other folds count alike.
        """
        folds, sizes = np.unique(self.folds, return_counts=True)
        if (sizes > 1).any():
            return counts.new_ones(len(folds), len(counts), 1)
        return counts[:, torch.from_numpy(np.argsort(self.folds)).to(counts.device)].T[..., None]

    def target_draws(self) -> Iterator[torch.Tensor]:
        """Per animal, the targets drawn, (n_boot, n_targets_of_animal)."""
        for number, members in enumerate(self.animals):
            rng = np.random.default_rng((self._seed, 13, number))
            yield torch.from_numpy(members[rng.integers(len(members), size=(self.n_boot, len(members)))])

    def each_target_once(self) -> Iterator[torch.Tensor]:
        """Per animal, all its targets in every resample."""
        for members in self.animals:
            yield torch.from_numpy(members).expand(self.n_boot, -1)


@dataclass(frozen=True)
class Statistic:
    """From the r of all pairs, (n_pairs, n_boot, n_targets), to quantities of a fold; and of the folds' mean.

    What a fold gives is (n_boot, n_targets), or several such; what comes of the mean is one.
    """

    within_fold: Callable[[torch.Tensor], torch.Tensor]
    of_mean: Callable[[torch.Tensor], torch.Tensor]


def mean_of_medians(per_target: torch.Tensor, draws: Iterable[torch.Tensor]) -> torch.Tensor:
    """Mean over animals of the median over an animal's drawn targets, (n_boot,).

    An animal counts by its number of targets: one of a single cell is no match for one of eight.
    """
    drawn = [one.to(per_target.device) for one in draws]
    medians = torch.stack([_median(per_target.gather(1, one)) for one in drawn])
    weights = medians.new_tensor([one.shape[1] for one in drawn])
    return (weights / weights.sum()) @ medians


def _median(values: torch.Tensor) -> torch.Tensor:
    """Median of each row without its NaN, the mean of the middle two where their number is even."""
    ordered, present = values.sort(1).values, values.isfinite().sum(1, keepdim=True)
    middle = torch.cat([present - 1, present], 1).clamp(min=0) // 2
    return ordered.gather(1, middle).mean(1)


def resampled_scores(sums: torch.Tensor, resampling: Resampling, statistic: Statistic) -> torch.Tensor:
    """Score of each target in each resample of the conditions, (n_boot, n_targets)."""
    return _scores(sums, resampling, statistic, resampling.condition_counts())


def linear_scores(sums: torch.Tensor, resampling: Resampling, statistic: Statistic) -> torch.Tensor:
    """The same, each score as if it were linear in the numbers of times that conditions are drawn.

    The infinitesimal jackknife (Jaeckel 1972; Efron 1982, The Jackknife, the Bootstrap and Other Resampling
    Plans, chapter 6): the counts c are drawn in to 1 + h (c - 1), and the change of the score stretched by 1 / h.
    """
    counts = resampling.condition_counts()
    as_measured = _scores(sums, resampling, statistic, torch.ones_like(counts[:1]))
    drawn_in = _scores(sums, resampling, statistic, 1 + _STEP * (counts - 1))
    return as_measured + (drawn_in - as_measured) / _STEP


def _scores(
    sums: torch.Tensor, resampling: Resampling, statistic: Statistic, counts: torch.Tensor
) -> torch.Tensor:
    counts = counts.to(sums.device)
    weights = resampling.fold_weights(counts)
    n_targets = sums.shape[-1]
    result = sums.new_empty(len(counts), n_targets)
    at_once = max(1, _BYTES_AT_ONCE // (8 * 6 * len(counts) * len(sums)))
    for targets in portions(n_targets, at_once):
        some = sums[..., targets]
        per_fold = [
            statistic.within_fold(_resampled_correlations(some, counts, resampling.folds == fold))
            for fold in np.unique(resampling.folds)
        ]
        result[:, targets] = statistic.of_mean(_weighted_mean(torch.stack(per_fold), weights))
    return result


def _weighted_mean(per_fold: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Mean over folds of what is not NaN; `per_fold` is (n_folds, ..., n_boot, n_targets)."""
    by_fold = weights.reshape(len(weights), *[1] * (per_fold.ndim - 3), *weights.shape[1:])
    present = torch.where(per_fold.isnan(), 0.0, by_fold)
    return (per_fold.nan_to_num(nan=0.0) * present).sum(0) / present.sum(0)


def _resampled_correlations(
    sums: torch.Tensor, counts: torch.Tensor, in_fold: npt.NDArray[np.bool_]
) -> torch.Tensor:
    """r of all pairs within one fold, by weighted sums over its conditions, (n_pairs, n_boot, n_targets)."""
    conditions = torch.from_numpy(np.flatnonzero(in_fold)).to(sums.device)
    weighted = counts[:, conditions] @ sums[:, conditions].flatten(2)
    return correlation_from_sums(weighted.reshape(len(sums), len(counts), *sums.shape[2:]), flat_first=0.0)
