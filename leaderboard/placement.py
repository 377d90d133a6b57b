"""Places of scores on a board, by its own paired tests."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .cells import Board, Cell, Column, Section

__all__ = ["Place", "places_on"]


@dataclass(frozen=True)
class Place:
    """Place of a score in its column of the board.

    Parameters
    ----------
    rank_low, rank_high : int
        Best and worst rank that the tests leave open; 1 is best.
    n_compared : int
        Number of candidates with a value there.
    tested : bool
        Whether it shares resamples with another one; if not, it is significantly different from none.
    tie_group : int
        Number of its best tie group, from 1 for the board's best.
    tied_with : tuple of str
        The others of that group, best first.
    """

    rank_low: int
    rank_high: int
    n_compared: int
    tested: bool
    tie_group: int
    tied_with: tuple[str, ...]

    @property
    def text(self) -> str:
        """``rank 2-4 of 12, tied with b, c``."""
        rank = f"{self.rank_low}" if self.rank_low == self.rank_high else f"{self.rank_low}-{self.rank_high}"
        tied = "" if not self.tied_with else f", not significantly different from {_listed(self.tied_with)}"
        return f"rank {rank} of {self.n_compared}{tied}"

    def to_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "rank_low": self.rank_low,
            "rank_high": self.rank_high,
            "n_compared": self.n_compared,
            "tested": self.tested,
            "tie_group": self.tie_group,
            "tied_with": list(self.tied_with),
        }


def places_on(board: Board, asked: Collection[str]) -> Mapping[str, Place]:
    """Where records stand on a board.

    Parameters
    ----------
    board : Board
    asked : collection of str
        Hashes of the records.

    Returns
    -------
    places : mapping of str to Place
        By record hash. A record without a value, or that the board does not show, as a newer one of its place is
        there, has none.
    """
    return {
        cell.record.record_sha256: _place(section, column, row.candidate, cell)
        for section in board.sections
        for row in section.rows
        for column, cell in zip(section.columns, row.cells, strict=True)
        if cell.record is not None and cell.record.record_sha256 in asked and cell.standing is not None
    }


def _place(section: Section, column: Column, candidate: str, cell: Cell) -> Place:
    standing = cell.standing
    if standing is None:
        raise ValueError("only a cell with a standing has a place")
    group = section.tie_groups(column)[standing.tie_group]
    index = section.columns.index(column)
    values = {row.candidate: row.cells[index].value for row in section.rows}
    others = sorted((name for name in group if name != candidate), key=lambda name: -values[name])
    return Place(
        standing.rank_low,
        standing.rank_high,
        standing.n_compared,
        standing.tested,
        standing.tie_group + 1,
        tuple(others),
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
