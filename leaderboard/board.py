"""The board: records arranged as candidates by benchmarks, with the four states of a cell."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ..core.cards import BenchmarkCard, CandidateCard
from ..core.records import EstimateRecord, ResultRecord

__all__ = ["Board", "Cell", "CellState", "Column", "Row", "Section", "make_board"]

CellState: TypeAlias = Literal["value", "failed", "not applicable", "not run"]


@dataclass(frozen=True)
class Column:
    """One benchmark in one version on one state of its data: scores in a column are comparable.

    Parameters
    ----------
    benchmark : str
        Its name.
    version : int
        Its version.
    data_sha256 : str
        Hash of the scored data; empty where nothing was run yet.
    system, title : str
        From its card; the name again where the card is not at hand.
    simulated : bool
        Whether its data are simulated.
    """

    benchmark: str
    version: int
    data_sha256: str
    system: str
    title: str
    simulated: bool


@dataclass(frozen=True)
class Cell:
    """What is known of one candidate on one column."""

    state: CellState
    record: ResultRecord | None = None

    @property
    def normalised(self) -> EstimateRecord | None:
        """The value relative to the ceiling, with its interval."""
        return None if self.record is None or self.record.score is None else self.record.score.normalised

    @property
    def value(self) -> float:
        """The normalised value; NaN where there is none."""
        estimate = self.normalised
        return math.nan if estimate is None or estimate.value is None else estimate.value

    @property
    def note(self) -> str:
        """The state in a few words, with the reason of a failure."""
        failure = None if self.record is None else self.record.failure
        return f"failed at {failure.stage}: {failure.reason}" if failure else self.state


@dataclass(frozen=True)
class Row:
    """One candidate's cells, in the order of the section's columns."""

    candidate: str
    title: str
    model_class: str
    cells: tuple[Cell, ...]

    @property
    def coverage(self) -> int:
        """Number of cells with a value."""
        return sum(not math.isnan(cell.value) for cell in self.cells)

    @property
    def was_tried(self) -> bool:
        """Whether a cell has a value or a failure."""
        return any(cell.state in ("value", "failed") for cell in self.cells)

    @property
    def mean(self) -> float:
        """Mean over the section's columns; NaN unless every one has a value."""
        if self.coverage < len(self.cells) or not self.cells:
            return math.nan
        return sum(cell.value for cell in self.cells) / len(self.cells)


@dataclass(frozen=True)
class Section:
    """The part of the board about one system; rows with full coverage first, best mean first."""

    system: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    @property
    def tried(self) -> tuple[Row, ...]:
        """The rows in which something ran."""
        return tuple(row for row in self.rows if row.was_tried)

    @property
    def untried(self) -> dict[str, tuple[str, ...]]:
        """The other candidates' names by state: not applicable to all columns, or not run on some."""
        rest = [row for row in self.rows if not row.was_tried]
        closed = tuple(row.candidate for row in rest if all(c.state == "not applicable" for c in row.cells))
        open_ = tuple(row.candidate for row in rest if row.candidate not in closed)
        return {state: names for state, names in (("not applicable", closed), ("not run", open_)) if names}

    def ceiling(self, column: Column) -> EstimateRecord | None:
        """The ceiling of a column, from the first row that has a score there; None if none has."""
        index = self.columns.index(column)
        records = [row.cells[index].record for row in self.rows]
        return next((record.score.ceiling for record in records if record is not None and record.score), None)


@dataclass(frozen=True)
class Board:
    """All sections."""

    sections: tuple[Section, ...]


def make_board(
    records: Iterable[ResultRecord],
    candidates: Mapping[str, CandidateCard],
    benchmarks: Mapping[str, BenchmarkCard],
) -> Board:
    """Arrange records.

    Parameters
    ----------
    records : iterable of ResultRecord
        In the order in which they were added.
    candidates, benchmarks : mapping of str to card
        What is registered, by name; also candidates and benchmarks without any record are shown.

    Returns
    -------
    board : Board
    """
    latest = _latest(records)
    columns = _columns(latest, benchmarks)
    names = sorted({*candidates, *(record.inputs.candidate.identifier for record in latest.values())})
    sections = []
    for system in dict.fromkeys(column.system for column in columns):
        chosen = tuple(column for column in columns if column.system == system)
        rows = [_row(name, candidates.get(name), chosen, latest) for name in names]
        sections.append(Section(system, chosen, tuple(sorted(rows, key=_standing))))
    return Board(tuple(sections))


_Place: TypeAlias = tuple[str, str, int, str]


def _latest(records: Iterable[ResultRecord]) -> dict[_Place, ResultRecord]:
    """The last record of each cell that no other one supersedes."""
    known = list(records)
    superseded = {record.supersedes for record in known}
    current = [record for record in known if record.record_sha256 not in superseded]
    return {_place(record): record for record in current}


def _place(record: ResultRecord) -> _Place:
    inputs = record.inputs
    benchmark = inputs.benchmark
    return inputs.candidate.identifier, benchmark.identifier, benchmark.version, inputs.data.sha256


def _columns(
    latest: Mapping[_Place, ResultRecord], benchmarks: Mapping[str, BenchmarkCard]
) -> tuple[Column, ...]:
    """One column for each benchmark, version and state of the data that has records; one for each without."""
    columns = dict.fromkeys(
        Column(
            benchmark=name,
            version=version,
            data_sha256=data,
            system=benchmarks[name].system if name in benchmarks else name.partition(".")[0],
            title=benchmarks[name].title if name in benchmarks else name,
            simulated=record.inputs.data.simulated,
        )
        for (_, name, version, data), record in latest.items()
    )
    seen = {(column.benchmark, column.version) for column in columns}
    unseen = [
        Column(name, card.version, "", card.system, card.title, name.startswith("Simulated"))
        for name, card in benchmarks.items()
        if (name, card.version) not in seen
    ]
    return tuple(sorted([*columns, *unseen], key=lambda c: (c.simulated, c.system, c.benchmark, c.version)))


def _row(
    name: str, card: CandidateCard | None, columns: Sequence[Column], latest: Mapping[_Place, ResultRecord]
) -> Row:
    cells = tuple(_cell(latest.get((name, c.benchmark, c.version, c.data_sha256))) for c in columns)
    return Row(name, card.title if card else name, card.model_class if card else "", cells)


def _cell(record: ResultRecord | None) -> Cell:
    return Cell("not run") if record is None else Cell(record.status, record)


def _standing(row: Row) -> tuple[float, int, bool, str]:
    """Full coverage by mean, then by the number of values, then those that ran, then by name."""
    mean = row.mean
    return math.inf if math.isnan(mean) else -mean, -row.coverage, not row.was_tried, row.candidate
