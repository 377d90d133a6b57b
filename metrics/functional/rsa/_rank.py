"""Ranks and concordance of long vectors, exact with ties."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import torch

__all__ = [
    "DenseRanks",
    "count_inversions",
    "count_tied",
    "count_within_runs",
    "each_row",
    "midranks",
    "sort_stably",
    "stable_order",
    "tie_bounds",
]

Result = TypeVar("Result")

_DIRECT = 32
_WORTH_A_THREAD = 100_000


def stable_order(values: torch.Tensor) -> torch.Tensor:
    """Indices that sort a vector ascending, equal values in their order of appearance."""
    return sort_stably(values)[1]


def sort_stably(values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """A vector in ascending order, and the indices that sort it; equals in their order of appearance."""
    ordered, order = torch.sort(values, stable=True)
    return ordered, order


def _run_starts(ordered: torch.Tensor) -> torch.Tensor:
    """Mask of the entries at which a sorted vector takes a new value."""
    starts = torch.ones(len(ordered), dtype=torch.bool, device=ordered.device)
    torch.ne(ordered[1:], ordered[:-1], out=starts[1:])
    return starts


def _runs(ordered: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """First position and position after the last of each run of equals, and the run of each position."""
    starts = _run_starts(ordered)
    first = torch.nonzero(starts)[:, 0]
    after = torch.cat([first[1:], first.new_tensor([len(ordered)])])
    return first, after, torch.cumsum(starts, 0, dtype=torch.int32).sub_(1)


def tie_bounds(ordered: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """First position and position after the last of each entry's run of equals, in a sorted vector."""
    first, after, run = _runs(ordered)
    return first.index_select(0, run), after.index_select(0, run)


def _has_ties(ordered: torch.Tensor) -> bool:
    return bool((ordered[1:] == ordered[:-1]).any())


def midranks(values: torch.Tensor) -> torch.Tensor:
    """Ranks 1..n in float64, ties at the mean of the ranks they span."""
    ordered, order = sort_stably(values)
    in_order = torch.arange(1, len(order) + 1, dtype=torch.float64, device=order.device)
    if _has_ties(ordered):
        first, after, run = _runs(ordered)
        in_order = (first + after + 1).double().div_(2).index_select(0, run)
    return torch.empty_like(in_order).index_copy_(0, order, in_order)


@dataclass(frozen=True)
class DenseRanks:
    """The different values of a vector numbered in ascending order.

    Parameters
    ----------
    ranks : tensor of shape (n,), int32
        Number of the different values below; equal values have one rank.
    order : tensor of shape (n,)
        Indices that sort the vector.
    n_tied : int
        Number of pairs of equal entries.
    longest_run : int
        Number of occurrences of the most frequent value.
    """

    ranks: torch.Tensor
    order: torch.Tensor
    n_tied: int
    longest_run: int

    @classmethod
    def of(cls, values: torch.Tensor) -> DenseRanks:
        """Rank a vector."""
        ordered, order = sort_stably(values)
        in_order = torch.arange(len(order), dtype=torch.int32, device=order.device)
        n_tied, longest = 0, 1
        if _has_ties(ordered):
            in_order = torch.cumsum(_run_starts(ordered), 0, dtype=torch.int32).sub_(1)
            lengths = torch.bincount(in_order)
            n_tied, longest = _pairs_within(lengths), int(lengths.max())
        ranks = torch.empty_like(in_order).index_copy_(0, order, in_order)
        # Half the memory, as long as the places fit.
        return cls(ranks, order.int() if len(order) < 2**31 else order, n_tied, longest)


def count_tied(*ordered: torch.Tensor) -> int:
    """Number of pairs of entries equal in all vectors, given in an order in which equals are neighbours."""
    starts = _run_starts(ordered[0])
    for further in ordered[1:]:
        starts |= _run_starts(further)
    first = torch.nonzero(starts)[:, 0]
    return _pairs_within(torch.cat([first, first.new_tensor([len(starts)])]).diff())


def _pairs_within(lengths: torch.Tensor) -> int:
    return int((lengths * (lengths - 1) // 2).sum())


def each_row(function: Callable[[torch.Tensor], Result], *stacks: torch.Tensor) -> list[Result]:
    """Apply a function of a vector to each row; long rows side by side, as many as torch has threads."""
    rows = [row for stack in stacks for row in stack]
    if stacks[0].device.type != "cpu" or len(rows) == 1 or stacks[0].shape[1] < _WORTH_A_THREAD:
        return [function(row) for row in rows]
    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        return list(pool.map(function, rows))


def count_inversions(ranks: torch.Tensor) -> int:
    """Number of pairs in which the earlier entry is strictly the larger; by merging, n log n.

    Ranks are non-negative integers below 2**30.
    """
    rows = _in_rows(ranks)
    total = _inversions_within(rows)
    rows = _sort_rows(rows).mul_(2)
    while len(rows) > 1:
        rows, crossing = _merge(rows)
        total += crossing
    return total


def count_within_runs(runs: torch.Tensor, ranks: torch.Tensor, longest: int) -> tuple[int, int]:
    """Number of pairs of falling ranks, and of equal ranks, within runs of a sorted vector."""
    tied = _beside_an_equal(runs)
    runs, ranks = runs[tied], ranks[tied]
    falling = equal = 0
    for lag in range(1, longest):
        same = runs[lag:] == runs[:-lag]
        earlier, later = ranks[:-lag], ranks[lag:]
        falling += int(torch.count_nonzero((earlier > later).logical_and_(same)))
        equal += int(torch.count_nonzero((earlier == later).logical_and_(same)))
    return falling, equal


def _beside_an_equal(ordered: torch.Tensor) -> torch.Tensor:
    """Mask of the entries of a sorted vector that have an equal neighbour."""
    starts = _run_starts(ordered)
    beside = ~starts
    beside[:-1] |= ~starts[1:]
    return beside


def _in_rows(ranks: torch.Tensor) -> torch.Tensor:
    """Cut into a power of two of short rows; what is added at the end is larger than all before it."""
    n_rows = 8
    while n_rows * _DIRECT < len(ranks):
        n_rows *= 2
    width = -(-len(ranks) // n_rows)
    rows = ranks.new_full((n_rows * width,), int(ranks.max()) + 1, dtype=torch.int32)
    rows[: len(ranks)] = ranks
    return rows.reshape(n_rows, width)


def _inversions_within(rows: torch.Tensor) -> int:
    """Count in each row by comparing it with itself at every lag."""
    columns = rows.T.contiguous()
    return sum(int(torch.count_nonzero(columns[:-lag] > columns[lag:])) for lag in range(1, len(columns)))


def _merge(doubled: torch.Tensor) -> tuple[torch.Tensor, int]:
    """Merge neighbouring sorted rows of even numbers; count the pairs whose left entry is the larger."""
    width = doubled.shape[1]
    doubled[1::2] |= 1  # the last bit says that an entry comes from the right; equals stay left before right
    merged = _sort_rows(doubled.reshape(-1, 2 * width))
    # An entry from the right stands behind all from the right before it and all from the left not above it.
    n_rows = len(merged)
    row_starts = width * width * n_rows * (n_rows - 1)
    not_above = _sum_of_odd_places(merged.reshape(-1)) - row_starts - n_rows * (width * (width - 1) // 2)
    return merged.bitwise_and_(-2), n_rows * width * width - not_above


def _sum_of_odd_places(values: torch.Tensor) -> int:
    """Sum of the indices of the odd entries; eight at a time, as the bytes of one integer."""
    odd = values.to(torch.uint8).bitwise_and_(1).view(torch.int64)
    eights = torch.arange(0, len(values), 8, dtype=torch.float64, device=values.device)
    # The top byte of the product with 01 01 .. 01 is the sum of the bytes; with 00 01 .. 07, of their places.
    counts = (odd * 0x0101010101010101) >> 56
    places = (odd * 0x0001020304050607) >> 56
    return int(torch.dot(counts.double(), eights)) + int(places.sum())


def _sort_rows(rows: torch.Tensor) -> torch.Tensor:
    """Sort each row, in place on a CPU: numpy's stable sort merges sorted runs in one pass."""
    if rows.device.type != "cpu":
        return rows.sort(dim=1).values
    halves = rows.tensor_split(2 if len(rows) > 1 and rows.numel() > _WORTH_A_THREAD else 1)
    with ThreadPoolExecutor(len(halves)) as pool:
        list(pool.map(lambda half: half.numpy().sort(axis=1, kind="stable"), halves))
    return rows
