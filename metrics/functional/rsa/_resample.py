"""Resamples of conditions and RDMs, as weights of pairs, and the sums over weighted pairs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy.typing as npt
import torch

from ....core.errors import InvalidArgumentError
from .._resample import child_generators, resample_counts
from .._splits import condition_codes
from ._rank import sort_stably, tie_bounds
from ._rdm_checks import n_states_of, pair_states

__all__ = ["OwnMoments", "Plan", "Presorted", "draw_plan", "presort", "sum_into_cells", "weighted_ranks"]

_PAIRS_AT_ONCE = 8192
# A spread that is this share of the sum of squares belongs to an RDM that is constant in a resample.
_ROUNDING = 1e-12
# Sums below this are exact in float32, halves included.
_EXACT_IN_FLOAT32 = 2**23


@dataclass(frozen=True)
class Plan:
    """The conditions and RDMs drawn in each resample.

    Parameters
    ----------
    condition_counts : tensor of shape (n_boot, n_conditions)
        Number of times that each condition was drawn.
    rdm_counts : tensor of shape (n_boot, n_rdms)
        Number of times that each RDM was drawn.
    left, right : tensor of shape (n_pairs,)
        The conditions of the two states of each pair.
    """

    condition_counts: torch.Tensor
    rdm_counts: torch.Tensor
    left: torch.Tensor
    right: torch.Tensor

    def pair_weights(self, resamples: slice, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        """Number of times that each pair occurs, (n_resamples, n_pairs).

        A pair of states of one condition occurs once in each copy of the condition; the pair of a state with
        a state in another copy of its own condition is dropped.
        """
        counts = self.condition_counts[resamples]
        weights = counts[:, left] * counts[:, right]
        same = left == right
        if bool(same.any()):
            weights[:, same] = counts[:, left[same]]
        return weights

    def weights_by_pair(self, resamples: slice) -> torch.Tensor:
        """Number of times that each pair occurs where each state is a condition, (n_pairs, n_resamples).

        Rows of counts are multiplied whole, instead of gathering the two counts of each pair.
        """
        n_states = self.condition_counts.shape[1]
        condition_of_state = torch.cat([self.left[:1], self.right[: n_states - 1]])
        counts = self.condition_counts[resamples].T[condition_of_state]
        weights = counts.new_empty(len(self.left), counts.shape[1])
        start = 0
        for state in range(n_states - 1):
            stop = start + n_states - 1 - state
            torch.mul(counts[state + 1 :], counts[state], out=weights[start:stop])
            start = stop
        return weights

    def one_state_a_condition(self) -> bool:
        """Whether every pair of states is a pair of conditions of its own."""
        n_conditions = self.condition_counts.shape[1]
        return len(self.left) == n_conditions * (n_conditions - 1) // 2

    def resampled_pairs(self, number: int) -> torch.Tensor:
        """The pairs of one resample, each as often as it occurs."""
        weights = self.pair_weights(slice(number, number + 1), self.left, self.right)[0]
        return torch.repeat_interleave(torch.arange(len(weights), device=weights.device), weights.long())

    def cells(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The different pairs of conditions (left, right), and which of them each pair of states is."""
        n_conditions = self.condition_counts.shape[1]
        low, high = torch.minimum(self.left, self.right), torch.maximum(self.left, self.right)
        codes, cell = torch.unique(low * n_conditions + high, return_inverse=True)
        return codes // n_conditions, codes % n_conditions, cell


@dataclass(frozen=True)
class Presorted:
    """Sorting of several RDMs from which their weighted ranks are found; made once, used in all resamples.

    Parameters
    ----------
    order : tensor of shape (n_rdms * (n_pairs + 1),)
        Pairs in ascending order of dissimilarity, after a pair of no weight (number n_pairs), for each RDM.
    before, upto : tensor of shape (n_rdms * n_pairs,)
        Indices of the running sum of weights before, and up to the end of, each pair's run of ties.
    """

    order: torch.Tensor
    before: torch.Tensor
    upto: torch.Tensor


def draw_plan(data: torch.Tensor, *, n_boot: int, over: str, groups: npt.ArrayLike | None, seed: int) -> Plan:
    """Draw the resamples; conditions and RDMs have generators of their own."""
    for_conditions, for_rdms = child_generators(seed, 2)
    conditions = data.new_zeros(0, dtype=torch.long)
    counts = torch.ones(n_boot, 0, dtype=torch.float64)
    if over != "rdms":
        conditions = _condition_codes(groups, n_states_of("data", data.shape[1]), data.device)
        n_conditions = int(conditions.max()) + 1
        _check_several("data" if groups is None else "groups", n_conditions, 3, "conditions")
        counts = resample_counts(for_conditions, n_conditions, n_boot)
    rdm_counts = torch.ones(n_boot, len(data), dtype=torch.float64)
    if over != "conditions":
        _check_several("data", len(data), 2, "RDMs")
        rdm_counts = resample_counts(for_rdms, len(data), n_boot)
    left, right = conditions[pair_states(len(conditions), data.device)]
    return Plan(counts.to(data.device), rdm_counts.to(data.device), left, right)


def _condition_codes(groups: npt.ArrayLike | None, n_states: int, device: torch.device) -> torch.Tensor:
    if groups is None:
        return torch.arange(n_states, device=device)
    return torch.from_numpy(condition_codes(groups, n_states)).to(device)


def _check_several(name: str, got: int, needed: int, what: str) -> None:
    if got < needed:
        raise InvalidArgumentError(
            f"The '{name}' parameter", got=f"{got} {what}", needed=f"of at least {needed} {what}"
        )


def sum_into_cells(
    columns: Callable[[slice], torch.Tensor], cell: torch.Tensor, n_cells: int
) -> torch.Tensor:
    """Sum columns over the pairs of states in each pair of conditions, (n_cells, n_columns).

    `columns` gives the rows of a slice of pairs, so that the whole is never held at once.
    """
    if n_cells == len(cell):
        return columns(slice(None))[torch.argsort(cell)]
    total: torch.Tensor | None = None
    for start in range(0, len(cell), _PAIRS_AT_ONCE):
        pairs = slice(start, start + _PAIRS_AT_ONCE)
        rows = columns(pairs)
        total = rows.new_zeros((n_cells, rows.shape[1])) if total is None else total
        total.index_add_(0, cell[pairs], rows)
    return columns(slice(0, 0)) if total is None else total


@dataclass(frozen=True)
class OwnMoments:
    """Moments of single RDMs in each resample.

    Parameters
    ----------
    total : tensor of shape (n_resamples, 1)
        Number of pairs.
    means : tensor of shape (n_resamples, n_rdms)
        Mean of each RDM; 0 where the mean is not to be taken away.
    lengths : tensor of shape (n_resamples, n_rdms)
        Root of the sum of squared deviations from the mean; NaN where that is nothing but rounding.
    """

    total: torch.Tensor
    means: torch.Tensor
    lengths: torch.Tensor

    @classmethod
    def of(cls, sums: torch.Tensor, centre: bool) -> OwnMoments:
        """From the sums of 1, of the values and of the squares, (n_resamples, 1 + 2 n_rdms)."""
        n_rdms = (sums.shape[1] - 1) // 2
        total, values, squares = sums[:, :1], sums[:, 1 : 1 + n_rdms], sums[:, 1 + n_rdms :]
        means = values / total if centre else torch.zeros_like(values)
        spread = squares - means.square() * total
        return cls(total, means, torch.where(spread > _ROUNDING * squares, spread, torch.nan).sqrt())


def presort(rdms: torch.Tensor) -> Presorted:
    """Sort each RDM once."""
    orders, before, upto = [], [], []
    for number, rdm in enumerate(rdms):
        ordered, order = sort_stably(rdm)
        first, after = tie_bounds(ordered)
        places = torch.empty_like(order)
        offset = number * (len(rdm) + 1)
        orders.append(torch.cat([order.new_tensor([len(rdm)]), order]))
        places[order] = first
        before.append(places + offset)
        places[order] = after
        upto.append(places + offset)
    return Presorted(torch.cat(orders), torch.cat(before), torch.cat(upto))


def weighted_ranks(presorted: Presorted, weights: torch.Tensor) -> torch.Tensor:
    """Centred midranks of all RDMs in a resample, (n_resamples, n_rdms, n_pairs).

    A run of ties of total weight t after weight s has the midrank s + (t + 1) / 2, as if each pair stood
    there as often as it was drawn; the mean of all is (n + 1) / 2 with n the total weight.
    """
    n_resamples, n_pairs = weights.shape
    total = weights.sum(1, keepdim=True)
    # Whole numbers: float32 holds them exactly, and is gathered several times as fast.
    exact = torch.float32 if float(total.max()) < _EXACT_IN_FLOAT32 else torch.float64
    padded = torch.cat([weights, weights.new_zeros(n_resamples, 1)], dim=1).to(exact)
    ordered = padded.index_select(1, presorted.order).reshape(n_resamples, -1, n_pairs + 1)
    running = ordered.cumsum(2).reshape(n_resamples, -1)
    ranks = running.index_select(1, presorted.before).add_(running.index_select(1, presorted.upto))
    return ranks.sub_(total).reshape(n_resamples, -1, n_pairs).double().mul_(0.5)
