"""Discrimination: how many pairs of candidates a column's tests find significantly different."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..board import Column, Section

__all__ = ["Separation", "separation", "smallest_apart"]


@dataclass(frozen=True)
class Separation:
    """The number of pairs of candidates that are significantly different in a column."""

    column: Column
    n_candidates: int
    n_tested: int
    n_pairs: int
    n_apart: int

    @property
    def share(self) -> float:
        """Share of the pairs that are significantly different; 0 without a pair."""
        return self.n_apart / self.n_pairs if self.n_pairs else 0.0


def separation(section: Section, column: Column) -> Separation:
    """Count the pairs that share no tie group."""
    index = section.columns.index(column)
    rank_intervals = [row.cells[index].standing for row in section.rows]
    groups = [one.tie_groups for one in rank_intervals if one is not None]
    n = len(groups)
    member = np.zeros((n, 1 + max((max(some) for some in groups), default=0)))
    for place, some in enumerate(groups):
        member[place, list(some)] = 1
    apart = int((member @ member.T == 0).sum()) // 2
    return Separation(column, n, sum(s.tested for s in rank_intervals if s), n * (n - 1) // 2, apart)


def smallest_apart(section: Section, column: Column, alpha: float) -> float | None:
    """The smallest difference of two candidates that is significant in a column; None where none is."""
    index = section.columns.index(column)
    tests = section.tests[index] if section.tests else None
    if tests is None:
        return None
    by_name = {row.candidate: row.cells[index].value for row in section.rows}
    values = np.asarray([by_name[name] for name in tests.names])
    gaps = np.abs(values[:, None] - values)[np.triu(tests.corrected <= alpha, 1)]
    return float(gaps.min()) if len(gaps) else None
