"""Whether the pages of a record can be drawn, asked before it is stored: by drawing them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..core.cards import CandidateCard
from ..core.errors import InvalidDataError, InvalidRecordError, foreign_errors
from ..core.records import CARD_FILE, ResultRecord, read_candidate_card
from ..core.resamples import RESAMPLES_FILE, Resamples, read_resamples
from .hiding import Hiding
from .inserting import Entry
from .pages import BoardContents, Site, take_snapshot
from .pages.downloads import DOWNLOADS
from .pages.drawing import fault_of
from .pages.names import slug
from .pages.render import render
from .parquet import parquet_bytes
from .record_table import RECORD_COLUMNS, record_rows

__all__ = ["check_drawable"]

_NEEDED = "one that pages and tables can show"
_MOST = 1e30


def check_drawable(entry: Entry) -> None:
    """Draw every page and table that a record alone gives, with its figures.

    Raises
    ------
    InvalidRecordError
        If a number of it is too large.
    InvalidDataError
        If one of them cannot be drawn.
    """
    _check_numbers(entry.record.model_dump(mode="json"))
    source = _Alone(entry)
    with foreign_errors(InvalidDataError, "The record", needed=_NEEDED):
        site = Site(take_snapshot(source, BoardContents()), source, live=True)
        if not any(cell.record for _, row in site.snapshot.rows[_name(entry)] for cell in row.cells):
            raise InvalidDataError("The record", got="numbers that no board can hold", needed=_NEEDED)
        parquet_bytes(RECORD_COLUMNS, record_rows([entry.record]))
        for path in _pages(site, entry.record):
            _draw(site, path)
        for suffix in DOWNLOADS:
            site.document(f"board.{suffix}")


def _check_numbers(value: object, place: str = "The record") -> None:
    """Numbers that pages and tables can work with: squared and added up, they stay numbers."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            _check_numbers(part, f"The record's '{name}'")
    elif isinstance(value, list):
        for part in value:
            _check_numbers(part, place)
    elif isinstance(value, int | float) and not abs(value) < (_MOST if isinstance(value, float) else 2**63):
        raise InvalidRecordError(
            place, got=str(value)[:40], needed=f"below {_MOST:g}, or 2^63 if it is whole"
        )


def _name(entry: Entry) -> str:
    return entry.record.inputs.candidate.identifier


def _pages(site: Site, record: ResultRecord) -> Iterator[str]:
    inputs = record.inputs
    yield from site.paths()
    yield f"cells/{slug(inputs.candidate.identifier)}/{slug(inputs.benchmark.identifier)}.html"


def _draw(site: Site, path: str) -> None:
    content = site.content(path)
    if content is None:
        return
    for figure in content.figures.values():
        if fault := fault_of(figure):
            raise InvalidDataError(f"The figure '{figure.title}'", got=fault, needed="drawn")
    render(content, path, live=True)


@dataclass(frozen=True, eq=False)
class _Alone:
    """A store of one record."""

    entry: Entry

    @property
    def day(self) -> None:
        """No day: all of it is read."""

    @property
    def edition(self) -> tuple[int, int]:
        """The only one."""
        return 1, 0

    def hidden(self) -> list[Hiding]:
        """None."""
        return []

    def latest(self) -> list[ResultRecord]:
        """The record."""
        return [self.entry.record]

    def records(
        self,
        *,
        candidate: str | None = None,  # noqa: ARG002  (named by the protocol)
        benchmark: str | None = None,  # noqa: ARG002
        after: int = 0,  # noqa: ARG002
    ) -> list[ResultRecord]:
        """The record."""
        return [self.entry.record]

    def raw_records(self) -> Iterator[Mapping[str, Any]]:
        """No rows: nothing is counted."""
        return iter(())

    def attachments(self, hashes: Sequence[str]) -> dict[str, bytes]:
        """Its files."""
        named = self.entry.record.files
        by_hash = {named[name]: body for name, body in self.entry.files.items()}
        return {sha256: by_hash[sha256] for sha256 in hashes}

    def withheld(self, _: Iterable[str]) -> set[str]:
        """None: what is sent comes with its files."""
        return set()

    def origins(self, _: Sequence[ResultRecord]) -> dict[str, str]:
        """The origin of the record."""
        return {self.entry.record.record_sha256: self.entry.origin}

    def resamples(self, records: Sequence[ResultRecord]) -> dict[str, Resamples]:
        """Its resamples, if it has some."""
        return {
            one.record_sha256: read_resamples(
                self.entry.files[RESAMPLES_FILE],
                kind=one.score.resampling.kind,
                n_units=one.score.resampling.n_units,
            )
            for one in records
            if one.score and one.score.resampling
        }

    def cards(self, records: Sequence[ResultRecord]) -> dict[str, CandidateCard]:
        """Its candidate's card, if it came with one."""
        return {
            one.inputs.candidate.identifier: read_candidate_card(self.entry.files[CARD_FILE])
            for one in records
            if one.card_sha256
        }
