"""Places of scores on the board, by its own paired tests, and the time that the rest of a command will take."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .. import candidates
from ..core.identity import PACKAGE_ROOT
from ..core.records import ResultRecord
from ..core.settings import Settings
from ..leaderboard.board import Board, Cell, Column, Section, make_board
from ..leaderboard.placement import Place, places_on
from ..leaderboard.store import Store

__all__ = ["Place", "Remaining", "apart", "cautions", "earlier_code", "other_bytes", "places"]


def places(records: Sequence[ResultRecord], store: Store) -> Mapping[str, Place]:
    """Where stored records stand among all that the store has for the same columns.

    Parameters
    ----------
    records : sequence of ResultRecord
        Those that have no value stand nowhere.
    store : Store
        With the records in it.

    Returns
    -------
    places : mapping of str to Place
        By record hash. A record that the board does not show, as a newer one of its place is there, has none.
    """
    asked = {record.record_sha256 for record in records if record.score is not None}
    if not asked:
        return {}
    return places_on(make_board(_rivals(records, store), {}, {}, resamples=store.resamples), asked)


def apart(records: Sequence[ResultRecord], store: Store) -> list[str]:
    """A sentence for each stored record that stands in another column than most of its benchmark's."""
    asked = {record.record_sha256 for record in records if record.score is not None}
    board = make_board(_rivals(records, store), {}, {}) if asked else Board(())
    return [
        f"{row.candidate} on {column.benchmark} stands in the column '{column.label}', and {n_others} other "
        f"candidate{'' if n_others == 1 else 's'} in '{main.label}': scores of the two are not compared, and only "
        "the latter column is in the win rate"
        for section in board.sections
        for row in section.rows
        for column, cell in zip(section.columns, row.cells, strict=True)
        if cell.record is not None and cell.record.record_sha256 in asked and not column.counted
        for main, n_others in _main(section, column, row.candidate)
    ]


def earlier_code(records: Sequence[ResultRecord], store: Store) -> list[str]:
    """A sentence for each column of stored records that has scores made by earlier code."""
    asked = {record.record_sha256 for record in records if record.score is not None}
    board = make_board(_rivals(records, store), {}, {}) if asked else Board(())
    marked = {
        column: sum(cell.earlier_code for cell in cells)
        for section in board.sections
        for column, cells in _by_column(section)
        if any(cell.record is not None and cell.record.record_sha256 in asked for cell in cells)
    }
    return [
        f"{n_earlier} of the scores on {column.benchmark} {column.label} {'was' if n_earlier == 1 else 'were'} "
        "made by earlier code and may not compare: score these candidates again"
        for column, n_earlier in marked.items()
        if n_earlier
    ]


def _by_column(section: Section) -> Iterator[tuple[Column, list[Cell]]]:
    for place, column in enumerate(section.columns):
        yield column, [row.cells[place] for row in section.rows]


def _main(section: Section, column: Column, candidate: str) -> list[tuple[Column, int]]:
    """The column of the same benchmark that is in the win rate, with how many others have a value there."""
    return [
        (
            other,
            sum(
                row.candidate != candidate and row.cells[index].normalised is not None for row in section.rows
            ),
        )
        for index, other in enumerate(section.columns)
        if other.counted and other.benchmark == column.benchmark
    ]


def other_bytes(records: Sequence[ResultRecord], store: Store, *, built_in: Collection[str]) -> list[str]:
    """A sentence for each candidate that has a value under the same version with other bytes.

    Those that come with innerscore have its version, and share their code with each other.
    """
    found = {}
    for record in records:
        whose = record.inputs.candidate
        if whose.identifier in built_in:
            continue
        others = {
            other.bundle_sha256
            for one in store.records(candidate=whose.identifier)
            if one.score is not None
            and (other := one.inputs.candidate).version == whose.version
            and other.bundle_sha256 != whose.bundle_sha256
        }
        remedy = "raise 'version' in candidate.yaml" if record.card_sha256 else "give the file another name"
        for sha256 in sorted(others):
            found[whose, sha256] = (
                f"version {whose.version} of '{whose.identifier}' is on the board as other bytes, too (bundle "
                f"{sha256[:12]}, now {whose.bundle_sha256[:12]}): {remedy}. Its row shows one bundle, the newest"
            )
    return list(found.values())


def cautions(records: Sequence[ResultRecord], store: Store, settings: Settings) -> list[str]:
    """Sentences on what a reader of the board would take wrongly in stored records."""
    registered = candidates.registry(settings).entries().items()
    built_in = {name for name, entry in registered if entry.path.is_relative_to(PACKAGE_ROOT)}
    return [
        *apart(records, store),
        *earlier_code(records, store),
        *other_bytes(records, store, built_in=built_in),
    ]


def _rivals(records: Sequence[ResultRecord], store: Store) -> list[ResultRecord]:
    """All that the store has to show on the benchmarks of some records."""
    benchmarks = {record.inputs.benchmark.identifier for record in records}
    return [record for record in store.latest() if record.inputs.benchmark.identifier in benchmarks]


@dataclass
class Remaining:
    """The time that the rest takes, at the pace so far.

    Parameters
    ----------
    of : int
        Number of pairs.
    clock : callable
        Gives the time in s.
    """

    of: int
    clock: Callable[[], float] = time.monotonic
    done: int = 0
    _began: float = field(init=False)
    _said: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self._said = self.clock()

    @property
    def seconds(self) -> float:
        """Estimate of what is left, in s; NaN before anything is done."""
        if not self.done:
            return float("nan")
        return (self.clock() - self._began) / self.done * (self.of - self.done)

    def step(self, every_s: float = 10.0) -> str | None:
        """Count one as done; what to say of the rest, if it is time to say something again."""
        self.done += 1
        now = self.clock()
        if now - self._said < every_s or self.done >= self.of:
            return None
        self._said = now
        return f"{self.done} of {self.of} pairs, about {_duration(self.seconds)} left"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
