"""Arranging records as a board: candidates by benchmarks, with the ranks that the tests leave open.

See :mod:`.cells` for what a board is made of, :mod:`.order` for the tests behind ranks and tie groups, and
:mod:`.win_rate` for the aggregate of a section.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TypeAlias

from ..core.cards import BenchmarkCard, CandidateCard
from ..core.records import NO_STIMULI, ResultRecord
from ..core.resamples import Resamples
from .cells import (
    Board,
    Bundle,
    Cell,
    CellState,
    Column,
    ColumnKey,
    Earlier,
    PairTests,
    Row,
    Section,
)
from .ranking import ALPHA, Comparison, Quantity, RankInterval, compare, mean_of
from .win_rate import compare_wins, mean_win_rates

__all__ = [
    "Board",
    "Cell",
    "CellState",
    "Column",
    "ColumnKey",
    "Quantity",
    "ResamplesOf",
    "Row",
    "Section",
    "column_keys",
    "make_board",
]

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
        Records in the order in which they were added. One whose numbers no board can hold, from a version that did
        not refuse it, is left out.
    candidates, benchmarks : mapping of str to card
        Registered cards by name; also candidates without any record are shown, and benchmarks if there is no record
        at all.
    resamples : callable, optional
        Gives the resamples of records by record hash, as :meth:`.store.Store.resamples` does; without it no
        two candidates are significantly different.
    quantity : {"normalised", "raw", "ceiling"}, default="normalised"
        Quantity that cells show and columns rank. Rows are always ordered by the win rate of normalised values.
    alpha : float, default=0.05
        Probability of finding any two equal candidates significantly different, for one column or one section's
        win rate.

    Returns
    -------
    board : Board
    """
    known = list(records)
    arrange = partial(
        _arranged,
        candidates=candidates,
        benchmarks=benchmarks,
        resamples=resamples,
        quantity=quantity,
        alpha=alpha,
    )
    try:
        return arrange(known)
    except _BEYOND:
        return arrange([one for one in known if _can_be_arranged(one, arrange)])


# What numbers raise that no newer version would store.
_BEYOND = (ArithmeticError, ValueError, TypeError)


def _can_be_arranged(record: ResultRecord, arrange: Callable[[list[ResultRecord]], Board]) -> bool:
    try:
        arrange([record])
    except _BEYOND:
        return False
    return True


def _arranged(
    records: list[ResultRecord],
    candidates: Mapping[str, CandidateCard],
    benchmarks: Mapping[str, BenchmarkCard],
    resamples: ResamplesOf | None,
    quantity: Quantity,
    alpha: float,
) -> Board:
    shown = _Shown.of(records)
    columns = _columns(shown, benchmarks)
    names = sorted({*candidates, *shown.bundles})
    known = {} if resamples is None else resamples(shown.present)
    sections = []
    # An aggregate over recorded and simulated data would mean nothing.
    for part in dict.fromkeys((column.system, column.simulated) for column in columns):
        every = tuple(column for column in columns if (column.system, column.simulated) == part)
        chosen = tuple(column for column in every if column.key in shown.keys)
        chosen = chosen or every
        rows = [_row(name, candidates.get(name), chosen, every, shown, quantity) for name in names]
        rows, tests = _ranked(rows, chosen, known, alpha)
        sections.append(Section(part[0], chosen, tuple(sorted(rows, key=_place_in_section)), tests))
    return Board(tuple(sections), quantity, alpha)


def column_keys(records: Iterable[ResultRecord]) -> dict[str, ColumnKey]:
    """The column of each record, by record hash.

    A file of answers was shown no stimuli: it joins the column of those that were, on the same data under the same
    card; where there are several, the fullest.
    """
    known = list(records)
    counts: dict[ColumnKey, int] = {}
    for record in known:
        key = _own_key(record)
        counts[key] = counts.get(key, 0) + 1
    joined = {
        key: max(
            (other for other in counts if other._replace(stimuli_sha256=NO_STIMULI) == key),
            key=lambda other: (other.stimuli_sha256 != NO_STIMULI, counts[other], other),
        )
        for key in counts
        if key.stimuli_sha256 == NO_STIMULI
    }
    return {record.record_sha256: joined.get(key := _own_key(record), key) for record in known}


def _own_key(record: ResultRecord) -> ColumnKey:
    inputs = record.inputs
    benchmark = inputs.benchmark
    return ColumnKey(
        benchmark.identifier,
        benchmark.version,
        inputs.data.sha256,
        inputs.stimuli_sha256,
        benchmark.card_sha256,
    )


_Place: TypeAlias = tuple[str, str, ColumnKey]  # candidate, bundle, column


@dataclass(frozen=True, eq=False)
class _Shown:
    """The records that a board shows.

    Parameters
    ----------
    latest : mapping of place to ResultRecord
        The last made of each place's records that no other one supersedes; of equal times the last added.
    bundles : mapping of str to list of Bundle
        Bundles of each candidate, newest first.
    """

    latest: Mapping[_Place, ResultRecord]
    bundles: Mapping[str, list[Bundle]]

    @classmethod
    def of(cls, records: Iterable[ResultRecord]) -> _Shown:
        known = list(records)
        superseded = {record.supersedes for record in known}
        current = [record for record in known if record.record_sha256 not in superseded]
        keys = column_keys(current)
        latest = {
            _place(record, keys[record.record_sha256]): record
            for record in sorted(current, key=lambda record: record.created)
        }
        return cls(latest, _bundles(known))

    @cached_property
    def present(self) -> list[ResultRecord]:
        """The records of each candidate's newest bundle."""
        return [record for place, record in self.latest.items() if self._is_present(place)]

    @cached_property
    def keys(self) -> dict[ColumnKey, list[ResultRecord]]:
        """The columns in which a newest bundle has records, with these."""
        found: dict[ColumnKey, list[ResultRecord]] = {}
        for place, record in self.latest.items():
            if self._is_present(place):
                found.setdefault(place[2], []).append(record)
        return found

    @cached_property
    def code(self) -> dict[ColumnKey, str]:
        """The hash of the code that made each column's newest record."""
        records = sorted(self.latest.items(), key=lambda item: item[1].created)
        return {key: record.inputs.code_sha256 for (_, _, key), record in records}

    def cell(self, name: str, bundle: Bundle, key: ColumnKey, quantity: Quantity) -> Cell:
        """The cell of a candidate's bundle on a column."""
        record = self.latest.get((name, bundle.sha256, key))
        if record is None:
            return Cell("not run", None, quantity)
        earlier_code = record.inputs.code_sha256 != self.code[key]
        return Cell(record.status, record, quantity, earlier_code=earlier_code)

    def _is_present(self, place: _Place) -> bool:
        return self.bundles[place[0]][0].sha256 == place[1]


def _place(record: ResultRecord, key: ColumnKey) -> _Place:
    whose = record.inputs.candidate
    return whose.identifier, whose.bundle_sha256, key


def _bundles(records: Sequence[ResultRecord]) -> dict[str, list[Bundle]]:
    """The bundles of each candidate, newest first: by version, then by the time of the first record."""
    first: dict[str, dict[Bundle, str]] = {}
    for record in records:
        whose = record.inputs.candidate
        times = first.setdefault(whose.identifier, {})
        bundle = Bundle(whose.version, whose.bundle_sha256)
        times[bundle] = min(times.get(bundle, record.created), record.created)
    return {
        name: sorted(times, key=lambda one: (one.version, times[one], one.sha256), reverse=True)
        for name, times in first.items()
    }


def _columns(shown: _Shown, benchmarks: Mapping[str, BenchmarkCard]) -> tuple[Column, ...]:
    """One column for each benchmark, version and state of data, stimuli and card that has records.

    A benchmark on which nothing was run is no column: nobody's aggregate can wait for data that are not here. Where
    nothing was run at all, every benchmark is one.
    """
    records = {key: record for (_, _, key), record in shown.latest.items()}
    counted = _counted(shown)
    columns = [
        replace(_column(key, record, benchmarks), mark=_mark(key, records), counted=key in counted)
        for key, record in records.items()
    ]
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
    return tuple(sorted([*columns, *unseen], key=lambda c: (c.simulated, c.system, c.key)))


def _column(key: ColumnKey, record: ResultRecord, benchmarks: Mapping[str, BenchmarkCard]) -> Column:
    card = benchmarks.get(key.benchmark)
    return Column(
        **key._asdict(),
        system=card.system if card else key.benchmark.partition(".")[0],
        title=card.title if card else key.benchmark,
        simulated=record.inputs.data.simulated,
        region=card.region if card else "",
        metric=record.inputs.benchmark.metric,
        dataset=record.inputs.data.dataset,
    )


def _counted(shown: _Shown) -> set[ColumnKey]:
    """For each benchmark, the column in which most candidates have a value; of equally many the newest.

    One candidate scored on another state of the data must not take everybody's aggregate away.
    """
    best: dict[str, tuple[int, int, str, ColumnKey]] = {}
    for key, records in shown.keys.items():
        n_values = sum(_has_value(record) for record in records)
        newest = max(record.created for record in records)
        best[key.benchmark] = max(
            best.get(key.benchmark, (-1, 0, "", key)), (n_values, key.version, newest, key)
        )
    return {key for *_, key in best.values()}


def _has_value(record: ResultRecord) -> bool:
    return record.score is not None and record.score.normalised.value is not None


_STATES = {"data_sha256": "data", "stimuli_sha256": "stimuli", "card_sha256": "card"}
_MARK_DIGITS = 6


def _mark(key: ColumnKey, others: Iterable[ColumnKey]) -> str:
    """Text that tells a column from the others of its benchmark and version; empty if there are none."""
    alike = [other for other in others if other[:2] == key[:2]]
    differing = [name for name in _STATES if len({getattr(other, name) for other in alike}) > 1]
    return ", ".join(f"{_STATES[name]} {getattr(key, name)[:_MARK_DIGITS]}" for name in differing)


def _row(
    name: str,
    card: CandidateCard | None,
    columns: Sequence[Column],
    every: Sequence[Column],
    shown: _Shown,
    quantity: Quantity,
) -> Row:
    bundles = shown.bundles.get(name, [])
    present = bundles[0] if bundles else None
    cells = _cells(name, present, columns, shown, quantity)
    earlier = (Earlier(one, _records_of(name, one, every, shown, quantity)) for one in bundles[1:])
    return Row(
        name,
        card.title if card else name,
        card.model_class if card else "",
        cells,
        tuple(place for place, column in enumerate(columns) if column.counted),
        present,
        tuple(one for one in earlier if one.cells),
    )


def _records_of(
    name: str, bundle: Bundle, columns: Sequence[Column], shown: _Shown, quantity: Quantity
) -> tuple[tuple[Column, Cell], ...]:
    cells = _cells(name, bundle, columns, shown, quantity)
    return tuple((column, cell) for column, cell in zip(columns, cells, strict=True) if cell.record)


def _cells(
    name: str, bundle: Bundle | None, columns: Sequence[Column], shown: _Shown, quantity: Quantity
) -> tuple[Cell, ...]:
    if bundle is None:
        return tuple(Cell("not run", None, quantity) for _ in columns)
    return tuple(shown.cell(name, bundle, column.key, quantity) for column in columns)


@dataclass(frozen=True, eq=False)
class _Contest:
    """The candidates of a column that have a value, by their number among the rows, and their comparison."""

    members: list[int]
    comparison: Comparison

    def among(self, chosen: Sequence[int]) -> Comparison:
        """The comparison of some of the members."""
        places = {number: place for place, number in enumerate(self.members)}
        return self.comparison.among([places[number] for number in chosen])

    def rank_intervals(self, alpha: float) -> dict[int, RankInterval]:
        return dict(zip(self.members, self.comparison.rank_intervals(alpha), strict=True))

    def tests(self, rows: Sequence[Row]) -> PairTests:
        return PairTests(tuple(rows[number].candidate for number in self.members), self.comparison.corrected)


def _ranked(
    rows: Sequence[Row], columns: Sequence[Column], resamples: Mapping[str, Resamples], alpha: float
) -> tuple[list[Row], tuple[PairTests, ...]]:
    """The rows with the standing of each cell in its column, and of each row that has a win rate."""
    contests = [_contest([row.cells[i] for row in rows], resamples) for i in range(len(columns))]
    by_column = [contest.rank_intervals(alpha) for contest in contests]
    tests = tuple(contest.tests(rows) for contest in contests)
    if any(cell.quantity != "normalised" for row in rows for cell in row.cells):
        contests = [
            _contest([replace(row.cells[i], quantity="normalised") for row in rows], resamples)
            for i in range(len(columns))
        ]
    counted = [place for place, column in enumerate(columns) if column.counted]
    rates = mean_win_rates([[row.cells[place].value for place in counted] for row in rows])
    rows = [replace(row, win_rate=float(rate)) for row, rate in zip(rows, rates, strict=True)]
    by_wins = _standings_by_wins(rows, columns, contests, resamples, alpha)
    ranked = [
        replace(row, cells=_standing(row, number, by_column), standing=by_wins.get(number))
        for number, row in enumerate(rows)
    ]
    return ranked, tests


def _standing(row: Row, number: int, by_column: Sequence[Mapping[int, RankInterval]]) -> tuple[Cell, ...]:
    return tuple(
        replace(cell, standing=rank_intervals.get(number))
        for cell, rank_intervals in zip(row.cells, by_column, strict=True)
    )


def _contest(cells: Sequence[Cell], resamples: Mapping[str, Resamples]) -> _Contest:
    """Compare cells of one column by the part of the score that they show; ceilings are not compared."""
    members = [
        number
        for number, cell in enumerate(cells)
        if cell.quantity != "ceiling" and not math.isnan(cell.shown_value)
    ]
    chosen = [cells[number] for number in members]
    quantity = chosen[0].quantity if chosen else "normalised"
    return _Contest(
        members, compare([cell.shown_value for cell in chosen], _known(chosen, resamples), quantity)
    )


def _known(cells: Sequence[Cell], resamples: Mapping[str, Resamples]) -> list[Resamples | None]:
    return [resamples.get(cell.record.record_sha256) if cell.record else None for cell in cells]


def _standings_by_wins(
    rows: Sequence[Row],
    columns: Sequence[Column],
    contests: Sequence[_Contest],
    resamples: Mapping[str, Resamples],
    alpha: float,
) -> dict[int, RankInterval]:
    """Compare rows of full coverage by their win rate."""
    full = [number for number, row in enumerate(rows) if row.is_full]
    if not full:
        return {}
    by_dataset: dict[str, list[Comparison]] = {}
    for place in rows[0].counted:
        known = _known([rows[number].cells[place] for number in full], resamples)
        wins = compare_wins(contests[place].among(full), known, "normalised")
        by_dataset.setdefault(columns[place].dataset, []).append(wins)
    return _Contest(full, mean_of(by_dataset)).rank_intervals(alpha)


def _place_in_section(row: Row) -> tuple[bool, float, int, bool, str]:
    """Full coverage by win rate, then by the number of values, then those that ran, then by name."""
    rate = 0.0 if math.isnan(row.win_rate) else row.win_rate
    return not row.is_full, -rate, -row.coverage, not row.was_tried, row.candidate
