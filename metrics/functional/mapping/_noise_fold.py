"""One outer fold of noise-corrected predictivity: the held-out predictions of every trial, and their halves.

A map is linear in the trials, so the predictions of all trials by one matrix hold those of every half average,
and the correlations of any number of halves need the inner products of the trials alone (`_halves`). Targets
are taken some at a time, and laid out by target, (n_targets, n_trials, n_samples): the trials of all targets are
never copied, and their predictions never held.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from .._arrays import like
from .._halves import Halves, gram_by_target, half_correlations
from .._splits import n_conditions, portions
from ._condition_sums import ConditionSums, indicator, sums_by_condition
from ._corrected import FoldResult, ResultConverter
from ._cross_validation import Fold, Problem, chosen, chosen_at_end, fold_score, folds_of
from .ridge import Maps, RidgeMapping

__all__ = ["ConditionSumsAccumulator", "CorrectionPlan", "fold_result"]

_BYTES_AT_ONCE = 16 * 2**20
# Maps of different penalties held at a time: what bounds the memory where every penalty is chosen by some target.
_PENALTIES_AT_ONCE = 8


@dataclass(frozen=True, eq=False)
class CorrectionPlan:
    """A problem with its trials (or its pair of halves) and the splits of them; sums are kept of `n_kept`."""

    problem: Problem
    trials: torch.Tensor
    halves: Halves
    mapping: RidgeMapping
    n_kept: int


@dataclass(frozen=True, eq=False)
class _Block:
    """Some targets of one penalty: predictions and responses on the held-out rows, (n_some, n_trials, n_test).

    The half correlations of the responses, (n_some, n_splits), are made before targets are grouped by penalty: how
    many are taken at a time decides the last bit, and a ceiling must not depend on the candidate.
    """

    targets: torch.Tensor
    predicted: torch.Tensor
    responses: torch.Tensor
    response_r: torch.Tensor


def fold_result(
    study: CorrectionPlan, fold: Fold, prediction: torch.Tensor | None, sums: ConditionSumsAccumulator | None
) -> FoldResult:
    """Score one fold; its held-out rows of `prediction` are filled in, its sums are added to `sums`."""
    maps, held_out = study.mapping.fit(fold)
    raw = fold_score(held_out.to_correlate, study.problem.y, fold)
    alpha, at_end = chosen(held_out), chosen_at_end(held_out)
    if prediction is not None:
        prediction[fold.test] = held_out.prediction
    pieces, targets = [], []
    for block in _blocks(study, fold, maps, alpha):
        pieces.append(_piece(block, study.halves, alpha, at_end, raw))
        targets.append(block.targets)
        if sums is not None:
            sums.add(fold, block.targets, block.predicted, block.responses)
    return FoldResult.joined(pieces, targets)


def _piece(
    block: _Block, halves: Halves, alpha: torch.Tensor, at_end: torch.Tensor, raw: torch.Tensor
) -> FoldResult:
    targets, prediction_r = block.targets, half_correlations(gram_by_target(block.predicted), halves)
    return FoldResult.of_splits(alpha[targets], at_end[targets], raw[targets], prediction_r, block.response_r)


def _blocks(study: CorrectionPlan, fold: Fold, maps: Maps, alpha: torch.Tensor) -> Iterator[_Block]:
    """All targets: some neighbours at a time, grouped by penalty."""
    penalties = sorted(set(alpha.tolist()))
    which = torch.searchsorted(alpha.new_tensor(penalties), alpha.contiguous())
    n_columns = (torch.bincount(which, minlength=len(penalties)) * len(study.trials)).tolist()
    for some in portions(len(penalties), _PENALTIES_AT_ONCE):
        factors = {
            number: _centred_over_test(maps(penalties[number], n_columns[number]))
            for number in range(some.start, some.stop)
        }
        for targets in portions(len(alpha), _targets_at_once(study.trials)):
            yield from _blocks_of_neighbours(study, fold, factors, which[targets], targets.start)


def _blocks_of_neighbours(
    study: CorrectionPlan,
    fold: Fold,
    factors: dict[int, tuple[torch.Tensor, ...]],
    which: torch.Tensor,
    first: int,
) -> Iterator[_Block]:
    numbers = [number for number in sorted(set(which.tolist())) if number in factors]
    if not numbers:
        return
    near = study.trials[:, :, first : first + len(which)]
    fitted, responses = _by_target(near, fold.train), _centred_by_target(near, fold.test)
    response_r = half_correlations(gram_by_target(responses), study.halves)
    for number in numbers:
        own = torch.nonzero(which == number)[:, 0]
        mapped = fitted if len(own) == len(which) else fitted[own]
        for factor in reversed(factors[number]):
            mapped = mapped @ factor.T
        yield _Block(own + first, mapped, responses[own], response_r[own])


def _centred_over_test(factors: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    """Factors whose predictions have no mean over the held-out rows."""
    return (factors[0] - factors[0].mean(0), *factors[1:])


def _by_target(trials: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """Rows of trials, each trial from its first row on, (n_targets, n_trials, n_rows).

    The maps do not see a level. A trial that does not vary (a silent cell) is exactly zero, and so are its
    predictions; about its mean it would be rounding, whose correlations look like those of responses.
    """
    chosen_rows = trials.index_select(1, rows).permute(2, 0, 1)
    laid_out = trials.new_empty(chosen_rows.shape)
    return torch.sub(chosen_rows, chosen_rows[:, :, :1], out=laid_out)


def _centred_by_target(trials: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """The same about their mean over the rows."""
    laid_out = _by_target(trials, rows)
    return laid_out.sub_(laid_out.mean(2, keepdim=True))


def _targets_at_once(trials: torch.Tensor) -> int:
    return max(1, _BYTES_AT_ONCE // (trials.element_size() * trials[..., 0].numel()))


class ConditionSumsAccumulator:
    """Collects the sums per condition fold by fold, for the first few of the splits."""

    def __init__(self, study: CorrectionPlan) -> None:
        problem, n_kept = study.problem, study.n_kept
        self._study = study
        self._codes = torch.from_numpy(problem.codes).to(problem.x.device)
        self._n_codes = n_conditions(problem.codes)
        self._halves = (study.halves.first[:n_kept], study.halves.second[:n_kept])
        shape = (1 + 2 * n_kept, self._n_codes, 6, problem.y.shape[1])
        self._values = torch.zeros(shape, dtype=torch.float64, device=problem.x.device)

    def add(
        self, fold: Fold, targets: torch.Tensor, predicted: torch.Tensor, responses: torch.Tensor
    ) -> None:
        """Add the half averages of some targets on a fold's held-out rows, both (n_some, n_trials, n_test)."""
        membership = indicator(self._codes[fold.test], self._n_codes)
        for first_pair, trials in ((1, predicted), (1 + self._study.n_kept, responses)):
            first, second = (torch.einsum("st,ctn->snc", half, trials.double()) for half in self._halves)
            pairs = slice(first_pair, first_pair + self._study.n_kept)
            self._values[pairs, :, :, targets] += sums_by_condition(first, second, membership)

    def finish(self, prediction: torch.Tensor, hand_back: ResultConverter) -> ConditionSums:
        """Add prediction and response of every fold, and hand all back."""
        problem = self._study.problem
        for fold in folds_of(problem):
            membership = indicator(self._codes[fold.test], self._n_codes)
            self._values[0] += sums_by_condition(prediction[fold.test], problem.y[fold.test], membership)
        fold_of_condition = torch.from_numpy(problem.folds[np.unique(problem.codes, return_index=True)[1]])
        original = hand_back.original
        return ConditionSums(
            like(self._values, original), like(fold_of_condition.to(self._values.device), original)
        )
