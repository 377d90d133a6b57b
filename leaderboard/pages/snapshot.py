"""The board at one position of the store, from which all pages of one moment are made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any, Protocol, TypeVar

from ...core.cards import CandidateCard
from ...core.records import ResultRecord
from ...core.resamples import Resamples
from ..board import Board, Column, Quantity, Row, Section, make_board
from ..hiding import Hiding
from .contents import BoardContents
from .names import named
from .topics import Topic, topics

__all__ = ["QUANTITIES", "Records", "Snapshot", "take_snapshot"]

_T = TypeVar("_T")

QUANTITIES: tuple[Quantity, ...] = ("normalised", "raw", "ceiling")


class Records(Protocol):
    """The parts of a store that pages use."""

    @property
    def day(self) -> date | None:
        """Last day whose records are read; None for all."""

    @property
    def edition(self) -> tuple[int, int]:
        """Numbers with which alone the board changes."""

    def hidden(self) -> list[Hiding]:
        """The lines that hid the records which are hidden."""

    def latest(self) -> list[ResultRecord]:
        """The records that a board shows."""

    def records(
        self, *, candidate: str | None = None, benchmark: str | None = None, after: int = 0
    ) -> list[ResultRecord]:
        """All records, or those of a name."""

    def raw_records(self) -> Iterator[Mapping[str, Any]]:
        """Rows with the columns candidate and benchmark, one a record."""

    def attachments(self, hashes: Sequence[str]) -> dict[str, bytes]:
        """Files by their hashes, but for withheld ones."""

    def withheld(self, hashes: Iterable[str]) -> set[str]:
        """Those of the hashes whose files did not come with their records."""

    def resamples(self, records: Sequence[ResultRecord]) -> dict[str, Resamples]:
        """Resamples by record hash."""

    def origins(self, records: Sequence[ResultRecord]) -> dict[str, str]:
        """Where the board has records from, by record hash."""

    def cards(self, records: Sequence[ResultRecord]) -> dict[str, CandidateCard]:
        """Cards of candidates that came with their records, by name."""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A board in its three quantities, with what is registered.

    Parameters
    ----------
    edition : tuple of int
        Edition of the store when the records were read.
    taken : str
        Time of reading, ISO 8601 in UTC.
    boards : mapping of str to Board
        Boards by quantity: "normalised", "raw", "ceiling".
    contents : BoardContents
        Contents with the cards that came with records, where the candidate is not registered.
    hidden : tuple of Hiding
        Lines that hid the records which are not shown.
    day : date or None
        The day at whose end the board was so; None for the present one.
    """

    edition: tuple[int, int]
    taken: str
    boards: Mapping[Quantity, Board]
    contents: BoardContents
    hidden: tuple[Hiding, ...] = ()
    day: date | None = None

    @property
    def board(self) -> Board:
        """The board of normalised values."""
        return self.boards["normalised"]

    @cached_property
    def topics(self) -> dict[str, Topic]:
        """The topics of the board by slug, that with the surest answer first."""
        return {topic.slug: topic for topic in topics(self.board)}

    @cached_property
    def rows(self) -> dict[str, list[tuple[Section, Row]]]:
        """Rows of each candidate, one in every section."""
        return _grouped(
            (row.candidate, (section, row)) for section in self.board.sections for row in section.rows
        )

    @cached_property
    def chains(self) -> list[list[str]]:
        """Candidates in the order of the first section where something of theirs ran, a chain a section."""
        seen: set[str] = set()
        found = []
        for section in self.board.sections:
            chain = [row.candidate for row in section.tried if row.candidate not in seen]
            seen.update(chain)
            found.append(chain)
        return found

    @cached_property
    def columns(self) -> dict[str, list[tuple[Section, Column]]]:
        """The columns of each benchmark, each with its section; of the newest version last."""
        return _grouped(
            (one.benchmark, (section, one)) for section in self.board.sections for one in section.columns
        )

    @cached_property
    def candidates(self) -> dict[str, str]:
        """Names of all candidates by slug."""
        return named(sorted({*self.rows, *self.contents.candidates}))

    @cached_property
    def benchmarks(self) -> dict[str, str]:
        """Names of all benchmarks by slug."""
        return named(self.columns)

    @cached_property
    def datasets(self) -> dict[str, str]:
        """Names of all data sets by slug."""
        used = {
            column.dataset for several in self.columns.values() for _, column in several if column.dataset
        }
        return named(sorted({*self.contents.datasets, *used}))


def take_snapshot(store: Records, contents: BoardContents) -> Snapshot:
    """Read the records that a board shows, and rank them in each quantity."""
    edition = store.edition
    hidden = tuple(store.hidden())
    records = store.latest()
    resamples = store.resamples(records)
    contents = replace(contents, candidates={**store.cards(records), **contents.candidates})
    boards = {
        quantity: make_board(
            records,
            contents.candidates,
            contents.benchmarks,
            resamples=lambda _: resamples,
            quantity=quantity,
        )
        for quantity in QUANTITIES
    }
    return Snapshot(
        edition, datetime.now(UTC).isoformat(timespec="seconds"), boards, contents, hidden, store.day
    )


def _grouped(pairs: Iterable[tuple[str, _T]]) -> dict[str, list[_T]]:
    """Things by name, in their order."""
    found: dict[str, list[_T]] = {}
    for name, one in pairs:
        found.setdefault(name, []).append(one)
    return found
