"""Arranging records as a board: candidates by benchmarks, with the ranks that the tests leave open.

See :mod:`.cells` for what a board is made of, and :mod:`.order` for the tests behind ranks and tie groups.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from ..core.cards import BenchmarkCard, CandidateCard
from ..core.records import ResultRecord
from ..core.resamples import Resamples
from .cells import Board, Cell, CellState, Column, Row, Section
from .order import ALPHA, Comparison, Quantity, Standing, compare, mean_of

__all__ = ["Board", "Cell", "CellState", "Column", "Quantity", "ResamplesOf", "Row", "Section", "make_board"]

ResamplesOf: TypeAlias = Callable[[Sequence[ResultRecord]], Mapping[str, Resamples]]


def make_board(
    records: Iterable[ResultRecord],
    candidates: Mapping[str, CandidateCard],
    benchmarks: Mapping[str, BenchmarkCard],
    *,
    resamples: ResamplesOf | None = None,
    quantity: Quantity = "normalised",
    alpha: float = ALPHA,
) -> Board:
    """Arrange records.

    Parameters
    ----------
    records : iterable of ResultRecord
        In the order in which they were added.
    candidates, benchmarks : mapping of str to card
        What is registered, by name; also candidates without any record are shown, and benchmarks if there is
        no record at all.
    resamples : callable, optional
        Gives the resamples of records by record hash, as :meth:`.store.Store.resamples` does; without it no
        two candidates are told apart.
    quantity : {"normalised", "raw", "ceiling"}, default="normalised"
        What cells show and columns rank. Rows stand by the mean normalised value in any case.
    alpha : float, default=0.05
        For one column, or one section's mean: the probability of telling any two equal candidates apart.

    Returns
    -------
    board : Board
    """
    latest = _latest(records)
    columns = _columns(latest, benchmarks)
    names = sorted({*candidates, *(record.inputs.candidate.identifier for record in latest.values())})
    known = {} if resamples is None else resamples(list(latest.values()))
    sections = []
    # A mean over recorded and simulated data would mean nothing.
    for part in dict.fromkeys((column.system, column.simulated) for column in columns):
        chosen = tuple(column for column in columns if (column.system, column.simulated) == part)
        rows = [_row(name, candidates.get(name), chosen, latest, quantity) for name in names]
        ranked = _ranked(rows, chosen, known, alpha)
        sections.append(Section(part[0], chosen, tuple(sorted(ranked, key=_place_in_section))))
    return Board(tuple(sections), quantity, alpha)


_Place: TypeAlias = tuple[str, str, int, str]


def _latest(records: Iterable[ResultRecord]) -> dict[_Place, ResultRecord]:
    """The last made of each cell's records that no other one supersedes; of equal times the last added."""
    known = list(records)
    superseded = {record.supersedes for record in known}
    current = [record for record in known if record.record_sha256 not in superseded]
    return {_place(record): record for record in sorted(current, key=lambda record: record.created)}


def _place(record: ResultRecord) -> _Place:
    inputs = record.inputs
    benchmark = inputs.benchmark
    return inputs.candidate.identifier, benchmark.identifier, benchmark.version, inputs.data.sha256


def _columns(
    latest: Mapping[_Place, ResultRecord], benchmarks: Mapping[str, BenchmarkCard]
) -> tuple[Column, ...]:
    """One column for each benchmark, version and state of the data that has records.

    A benchmark on which nothing was run is no column: nobody's mean can wait for data that are not here. Where
    nothing was run at all, every benchmark is one.
    """
    columns = dict.fromkeys(
        Column(
            benchmark=name,
            version=version,
            data_sha256=data,
            system=benchmarks[name].system if name in benchmarks else name.partition(".")[0],
            title=benchmarks[name].title if name in benchmarks else name,
            simulated=record.inputs.data.simulated,
            region=benchmarks[name].region if name in benchmarks else "",
            metric=record.inputs.benchmark.metric,
            dataset=record.inputs.data.dataset,
        )
        for (_, name, version, data), record in latest.items()
    )
    unseen = [
        Column(
            benchmark=name,
            version=card.version,
            data_sha256="",
            system=card.system,
            title=card.title,
            simulated=name.startswith("Simulated"),
            region=card.region,
            metric=card.metric,
            dataset=card.dataset,
        )
        for name, card in benchmarks.items()
        if not columns
    ]
    return tuple(sorted([*columns, *unseen], key=lambda c: (c.simulated, c.system, c.benchmark, c.version)))


def _row(
    name: str,
    card: CandidateCard | None,
    columns: Sequence[Column],
    latest: Mapping[_Place, ResultRecord],
    quantity: Quantity,
) -> Row:
    cells = tuple(_cell(latest.get((name, c.benchmark, c.version, c.data_sha256)), quantity) for c in columns)
    return Row(name, card.title if card else name, card.model_class if card else "", cells)


def _cell(record: ResultRecord | None, quantity: Quantity) -> Cell:
    return Cell("not run" if record is None else record.status, record, quantity)


@dataclass(frozen=True, eq=False)
class _Contest:
    """Those candidates of a column that have a value, by their number among the rows, and how they compare."""

    members: list[int]
    comparison: Comparison

    def among(self, chosen: Sequence[int]) -> Comparison:
        """The comparison of some of the members."""
        places = {number: place for place, number in enumerate(self.members)}
        return self.comparison.among([places[number] for number in chosen])

    def standings(self, alpha: float) -> dict[int, Standing]:
        return dict(zip(self.members, self.comparison.standings(alpha), strict=True))


def _ranked(
    rows: Sequence[Row], columns: Sequence[Column], resamples: Mapping[str, Resamples], alpha: float
) -> list[Row]:
    """The rows with the standing of each cell in its column, and of each row that has a mean."""
    contests = [_contest([row.cells[i] for row in rows], resamples) for i in range(len(columns))]
    by_column = [contest.standings(alpha) for contest in contests]
    if any(cell.quantity != "normalised" for row in rows for cell in row.cells):
        contests = [
            _contest([replace(row.cells[i], quantity="normalised") for row in rows], resamples)
            for i in range(len(columns))
        ]
    by_mean = _standings_by_mean(rows, columns, contests, alpha)
    return [
        replace(row, cells=_standing(row, number, by_column), standing=by_mean.get(number))
        for number, row in enumerate(rows)
    ]


def _standing(row: Row, number: int, by_column: Sequence[Mapping[int, Standing]]) -> tuple[Cell, ...]:
    return tuple(
        replace(cell, standing=standings.get(number))
        for cell, standings in zip(row.cells, by_column, strict=True)
    )


def _contest(cells: Sequence[Cell], resamples: Mapping[str, Resamples]) -> _Contest:
    """Compare cells of one column by the part of the score that they show; ceilings are not compared."""
    members = [
        number
        for number, cell in enumerate(cells)
        if cell.quantity != "ceiling" and not math.isnan(cell.shown)
    ]
    chosen = [cells[number] for number in members]
    known = [resamples.get(cell.record.record_sha256) if cell.record else None for cell in chosen]
    quantity = chosen[0].quantity if chosen else "normalised"
    return _Contest(members, compare([cell.shown for cell in chosen], known, quantity))


def _standings_by_mean(
    rows: Sequence[Row], columns: Sequence[Column], contests: Sequence[_Contest], alpha: float
) -> dict[int, Standing]:
    """Compare rows of full coverage by their mean normalised value."""
    full = [number for number, row in enumerate(rows) if not math.isnan(row.mean)]
    if not full:
        return {}
    by_dataset: dict[str, list[Comparison]] = {}
    for column, contest in zip(columns, contests, strict=True):
        by_dataset.setdefault(column.dataset, []).append(contest.among(full))
    return _Contest(full, mean_of(by_dataset)).standings(alpha)


def _place_in_section(row: Row) -> tuple[float, int, bool, str]:
    """Full coverage by mean, then by the number of values, then those that ran, then by name."""
    mean = row.mean
    return math.inf if math.isnan(mean) else -mean, -row.coverage, not row.was_tried, row.candidate
