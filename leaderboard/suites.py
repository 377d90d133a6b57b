"""The board of a suite: its benchmarks alone, in the versions that it names, as one section with one win rate."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

from ..core.cards import BenchmarkCard, CandidateCard, SuiteCard
from ..core.records import ResultRecord
from .board import Board, ResamplesOf, make_board

__all__ = ["missing_from", "suite_board"]


def suite_board(
    suite: SuiteCard,
    records: Iterable[ResultRecord],
    candidates: Mapping[str, CandidateCard],
    benchmarks: Mapping[str, BenchmarkCard],
    resamples: ResamplesOf,
) -> Board:
    """Arrange the records of a suite's benchmarks.

    Parameters
    ----------
    suite : SuiteCard
    records : iterable of ResultRecord
        Records of a board; those of other benchmarks or versions are left out.
    candidates, benchmarks : mapping of str to card
        Cards by name.
    resamples : callable
        Gives the resamples of records, as for :func:`.board.make_board`.

    Returns
    -------
    board : Board
        One section, with win rates if every benchmark of the suite has a record; without a section if none has.
    """
    known = [record for record in records if _is_of(record, suite)]
    cards = {
        name: card.model_copy(update={"system": suite.label})
        for name, card in benchmarks.items()
        if name in suite.benchmarks
    }
    if not known:
        return Board(())
    board = make_board(known, candidates, cards, resamples=resamples)
    # A benchmark that is not registered here falls into a section of its own.
    is_whole = not missing_from(suite, board) and len(board.sections) == 1
    return board if is_whole else _without_win_rates(board)


def missing_from(suite: SuiteCard, board: Board) -> tuple[str, ...]:
    """Benchmarks of a suite, as ``NAME v1``, without a column on its board."""
    having = {column.benchmark for section in board.sections for column in section.columns}
    return tuple(f"{name} v{version}" for name, version in suite.benchmarks.items() if name not in having)


def _without_win_rates(board: Board) -> Board:
    """The board without win rates: over a part of a suite they would be quoted under the name of the whole."""
    sections = tuple(
        replace(section, rows=tuple(replace(row, win_rate=math.nan, standing=None) for row in section.rows))
        for section in board.sections
    )
    return replace(board, sections=sections)


def _is_of(record: ResultRecord, suite: SuiteCard) -> bool:
    benchmark = record.inputs.benchmark
    return suite.benchmarks.get(benchmark.identifier) == benchmark.version
