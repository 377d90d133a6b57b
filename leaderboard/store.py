"""The store of results: records are added and superseded, never changed.

Tables, on SQLAlchemy so that the database behind the URL may differ:

- ``records``: one row a record, its canonical JSON, and the columns that look-ups need;
- ``attachments``: files that records name by hash (per-target values, resamples);
- ``origins``: where this board has a record from;
- ``hidings``: which records an operator hid, and why; see :mod:`.hiding`.

Triggers refuse every update and delete. A record that repeats a run already stored is not added twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import sqlalchemy as sa

from ..core.cards import CandidateCard
from ..core.errors import InvalidCardError, InvalidDataError, InvalidRecordError, StoreError
from ..core.hashing import sha256_of_bytes
from ..core.records import TARGETS_FILE, ResultRecord, read_candidate_card, read_record
from ..core.resamples import RESAMPLES_FILE, Resamples, read_resamples
from ..core.sqlite_urls import sqlite_url
from .database import open_engine, reading, safe_url, store_errors, writing
from .hiding import (
    SHOWN,
    Hiding,
    all_hidings,
    hidden_now,
    insert_hiding,
    insert_hidings,
    is_of_hidden_only,
)
from .inserting import BATCH, Entry, check_superseded, here, insert_new, insert_run, insert_told
from .schema import ATTACHMENTS, HIDINGS, ORIGINS, RECORDS, WITHHELD, was_told
from .triggers import broken_pages, missing_guards
from .upgrade import bring_up_to_date

__all__ = ["Entry", "Store"]

T = TypeVar("T")

Passing: TypeAlias = Callable[[Iterator[Entry]], Iterable[Entry]]

_WHOLE = 2**31 - 1


class Store:
    """An insert-only store.

    Parameters
    ----------
    url : str
        SQLAlchemy URL of an SQLite file, made if it does not exist, or of a PostgreSQL database. A store of an
        older version is migrated, after a backup.
    must_exist : bool, default=False
        Refuse an SQLite file that is not there.

    Attributes
    ----------
    url : str
    day : date or None
        Last day whose records are read; None for all.
    migrated_from : str or None
        Place where the store as it was is kept, if it was migrated when it was opened.

    Raises
    ------
    StoreError
        If the database cannot be opened, is not a store, or was written by a newer version.
    """

    def __init__(self, url: str, *, must_exist: bool = False) -> None:
        self.url = url
        self.day: date | None = None
        self._engine = open_engine(url, must_exist=must_exist)
        self.migrated_from = bring_up_to_date(self._engine, url)

    def __repr__(self) -> str:
        return f"Store({safe_url(self.url)!r})"

    def as_of(self, day: date) -> Store:
        """The same store, to be read as if nothing had been made after a day (UTC); what is hidden now stays so.

        Parameters
        ----------
        day : date
            The last day whose records are read.
        """
        past = copy(self)
        past.day = day
        return past

    def close(self) -> None:
        """Let go of the database; the store can still be used and connects anew then."""
        self._engine.dispose()

    def add(
        self,
        record: ResultRecord,
        targets_csv: bytes | None = None,
        files: Mapping[str, bytes] | None = None,
    ) -> bool:
        """Add a record and the files that it names, all or nothing.

        Parameters
        ----------
        record : ResultRecord
            The record to add.
        targets_csv : bytes or None
            The file of per-target values; needed if the record has a score.
        files : mapping of str to bytes, optional
            Further files that the record names, by name.

        Returns
        -------
        added : bool
            False if the same run is stored already; the store is then as before.

        Raises
        ------
        StoreError
            If a file is not the one that the record names, the record supersedes one that is not here, or the
            database refuses.
        """
        given = dict(files or {}) | ({} if targets_csv is None else {TARGETS_FILE: targets_csv})
        with store_errors(self.url), writing(self._engine) as connection:
            return insert_run(connection, Entry(record, given))

    def add_all(self, entries: Iterable[Entry], hidings: Iterable[Hiding] = ()) -> int:
        """Add records of another board, all or nothing.

        A record that is here already is passed over. One that repeats a run which was done here too is kept
        beside it: both were measured.

        Parameters
        ----------
        entries : iterable of Entry
            Records with their files.
        hidings : iterable of Hiding, optional
            Lines on hidden records of the other board; those on records of which this one knew are passed over.

        Returns
        -------
        added : int
            Number of records that were not here.

        Raises
        ------
        StoreError
            As :meth:`add`; then none is added.
        """
        added = 0
        superseded: set[str] = set()
        lines = list(hidings)
        with store_errors(self.url), writing(self._engine) as connection:
            before = here(connection, RECORDS.c.record_sha256, {one.record_sha256 for one in lines})
            for some in _batched(entries, BATCH):
                new = insert_new(connection, some)
                added += len(new)
                superseded |= {one.supersedes for one in new if one.supersedes is not None}
            insert_hidings(connection, lines, before)
            check_superseded(connection, superseded)
        return added

    def add_told(self, entry: Entry) -> bool:
        """Add a record that somebody sent, all or nothing; it may correct only what the same one sent.

        Returns
        -------
        added : bool
            False if it is here already.

        Raises
        ------
        StoreError
            As :meth:`add`, and if it corrects another's record.
        """
        with store_errors(self.url), writing(self._engine) as connection:
            return insert_told(connection, entry)

    def origins(self, records: Iterable[ResultRecord]) -> dict[str, str]:
        """Where this board has records from, by record hash; without those of which that was not noted."""
        wanted = [record.record_sha256 for record in records]
        found: dict[str, str] = {}
        with store_errors(self.url), reading(self._engine) as connection:
            for some in _batched(wanted, BATCH):
                rows = connection.execute(sa.select(ORIGINS).where(ORIGINS.c.record_sha256.in_(some)))
                found |= {row.record_sha256: row.origin for row in rows}
        return found

    def hide(self, record_sha256: str, reason: str) -> Hiding:
        """Hide a record: it is kept and verified, and the board is made as if it were not there.

        Raises
        ------
        UnknownNameError
            If there is no record of that hash.
        InvalidArgumentError
            If the reason is empty or too long.
        """
        return self._note_hiding(record_sha256, reason, hidden=True)

    def unhide(self, record_sha256: str, reason: str) -> Hiding:
        """Show a hidden record again.

        Raises
        ------
        UnknownNameError
            If there is no record of that hash.
        InvalidArgumentError
            If it is not hidden, or the reason is empty or too long.
        """
        return self._note_hiding(record_sha256, reason, hidden=False)

    def _note_hiding(self, record_sha256: str, reason: str, *, hidden: bool) -> Hiding:
        with store_errors(self.url), writing(self._engine) as connection:
            return insert_hiding(connection, record_sha256, reason, hidden=hidden)

    def hidden(self) -> list[Hiding]:
        """The line that hid each record which is hidden now, the oldest first."""
        with _hidings_errors(), store_errors(self.url), reading(self._engine) as connection:
            return hidden_now(connection)

    def hiding(self, record_sha256: str) -> Hiding | None:
        """The line that hid a record; None if it is not hidden."""
        with _hidings_errors(), store_errors(self.url), reading(self._engine) as connection:
            return next(iter(hidden_now(connection, record_sha256)), None)

    def hidings(self) -> list[Hiding]:
        """All lines on hidden records, and on those shown again, in the order in which they were added."""
        with _hidings_errors(), store_errors(self.url), reading(self._engine) as connection:
            return all_hidings(connection)

    def is_hidden_file(self, sha256: str) -> bool:
        """Whether a file is of hidden records only."""
        with store_errors(self.url), reading(self._engine) as connection:
            return is_of_hidden_only(connection, sha256)

    def records(
        self,
        *,
        candidate: str | None = None,
        benchmark: str | None = None,
        after: int = 0,
        with_hidden: bool = False,
    ) -> list[ResultRecord]:
        """Records in the order in which they were added, but for hidden ones.

        Parameters
        ----------
        candidate, benchmark : str, optional
            Only those of this name.
        after : int, default=0
            Only those added after this :attr:`position`.
        with_hidden : bool, default=False
            Give hidden records, too.

        Raises
        ------
        StoreError
            If a record's bytes do not have the hash under which they were stored.
        """
        wanted = {RECORDS.c.candidate: candidate, RECORDS.c.benchmark: benchmark}
        chosen = [column == name for column, name in wanted.items() if name is not None]
        return self._read(sa.and_(RECORDS.c.seq > after, self._shown(with_hidden=with_hidden), *chosen))

    def latest(self) -> list[ResultRecord]:
        """The records that a board shows; much less to read than :meth:`records` once a store is old.

        Of each candidate's bundle, benchmark, version and state of data, stimuli and card it is the last that no
        other supersedes. What was only told stands behind what this board has itself, and a failure behind a value:
        a later one takes a value's place only if it corrects it. Hidden ones are not there, nor do they supersede
        any.
        """
        shown = self._shown(with_hidden=False)
        newer = sa.select(RECORDS.c.supersedes).where(shown)
        superseded = RECORDS.c.record_sha256.in_(newer)
        place = (
            RECORDS.c.candidate,
            RECORDS.c.bundle_sha256,
            RECORDS.c.benchmark,
            RECORDS.c.benchmark_version,
            RECORDS.c.data_sha256,
            RECORDS.c.stimuli_sha256,
            RECORDS.c.benchmark_card_sha256,
        )
        behind = [sa.case((one, 1), else_=0) for one in (was_told(), RECORDS.c.status == "failed")]
        order = (*behind, RECORDS.c.created.desc(), RECORDS.c.seq.desc())
        number = sa.func.row_number().over(partition_by=place, order_by=order).label("number")
        ranked = sa.select(RECORDS.c.seq, number).where(shown, ~superseded).subquery()
        return self._read(RECORDS.c.seq.in_(sa.select(ranked.c.seq).where(ranked.c.number == 1)))

    def cards(self, records: Iterable[ResultRecord]) -> dict[str, CandidateCard]:
        """Cards of candidates by name, of those records that have one; of several the newest version's last.

        Raises
        ------
        StoreError
            If a file is not here, or is no card.
        """
        ordered = sorted(records, key=lambda one: (one.inputs.candidate.version, one.created))
        hashes = {one.inputs.candidate.identifier: one.card_sha256 for one in ordered if one.card_sha256}
        files = self.attachments(hashes.values())
        try:
            return {name: read_candidate_card(files[sha256]) for name, sha256 in hashes.items()}
        except InvalidCardError as error:
            raise damaged("A stored card of a candidate", str(error)) from error

    def record(self, record_sha256: str, *, with_hidden: bool = False) -> ResultRecord | None:
        """The record of a hash; None if it is not here, or hidden and hidden ones are not asked for."""
        where = sa.and_(RECORDS.c.record_sha256 == record_sha256, self._shown(with_hidden=with_hidden))
        return next(iter(self._read(where)), None)

    def current(self, run_sha256: str) -> ResultRecord | None:
        """The last record of a run that no other one supersedes; None if the run was never done, or only told.

        A hidden record counts: nobody gets past it by doing the same run again.
        """
        found = self._read((RECORDS.c.run_sha256 == run_sha256) & ~was_told())
        superseded = {record.supersedes for record in found}
        return next((one for one in reversed(found) if one.record_sha256 not in superseded), None)

    @property
    def position(self) -> int:
        """A number that grows with every record added; two equal positions mean equal contents. Cheap to ask."""
        with store_errors(self.url), reading(self._engine) as connection:
            return connection.execute(sa.select(sa.func.max(RECORDS.c.seq))).scalar() or 0

    @property
    def edition(self) -> tuple[int, int]:
        """Numbers of the last record and of the last line on a hidden one; the board changes only with them."""
        last = sa.select(sa.func.max(RECORDS.c.seq), sa.select(sa.func.max(HIDINGS.c.seq)).scalar_subquery())
        with store_errors(self.url), reading(self._engine) as connection:
            record, line = connection.execute(last).one()
        return record or 0, line or 0

    @property
    def count(self) -> int:
        """Number of records, hidden ones among them."""
        with store_errors(self.url), reading(self._engine) as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(RECORDS)).scalar_one()

    def entries(self, *, with_hidden: bool = False) -> Iterator[Entry]:
        """Records with their files, in the order in which they were added.

        Parameters
        ----------
        with_hidden : bool, default=False
            Give hidden records, too.

        Raises
        ------
        StoreError
            If a record or file is damaged.
        """
        for some in self._pages(self._shown(with_hidden=with_hidden)):
            files = self.attachments(sha256 for record in some for sha256 in record.files.values())
            origins = self.origins(some)
            for record in some:
                own = {name: files[sha256] for name, sha256 in record.files.items() if sha256 in files}
                withheld = frozenset(record.files) - own.keys()
                yield Entry(record, own, origins.get(record.record_sha256, ""), withheld)

    def copy_to(self, path: Path, passing: Passing = iter, *, with_hidden: bool = False) -> int:
        """Write an SQLite store of one file that holds the same.

        Without hidden records it holds their hashes and why they are hidden.

        Parameters
        ----------
        path : pathlib.Path
            Path of a file that is not there yet.
        passing : callable, optional
            Function that is given the entries and passes them on, so that they are read once even if used twice.
        with_hidden : bool, default=False
            Copy hidden records, too.

        Returns
        -------
        n_records : int
        """
        copy = Store(sqlite_url(path))
        lines = self.hidings() if with_hidden else self.hidden()
        n_records = copy.add_all(passing(self.entries(with_hidden=with_hidden)), lines)
        with store_errors(copy.url), copy._engine.connect() as connection:
            # One file, which opening for reading does not touch.
            connection.connection.cursor().execute("PRAGMA journal_mode = DELETE")
        copy.close()
        return n_records

    def attachment(self, sha256: str) -> bytes:
        """The bytes of a file that a record names.

        Raises
        ------
        StoreError
            If it is not here, withheld, or its bytes have changed.
        """
        found = self.attachments([sha256])
        _check_bytes(sha256, found.get(sha256))
        return found[sha256]

    def attachments(self, hashes: Iterable[str]) -> dict[str, bytes]:
        """The bytes of several files, by hash, but for withheld ones.

        Raises
        ------
        StoreError
            If one is not here or its bytes have changed.
        """
        wanted = list(dict.fromkeys(hashes))
        found: dict[str, bytes] = {}
        with store_errors(self.url), reading(self._engine) as connection:
            for some in _batched(wanted, BATCH):
                query = sa.select(ATTACHMENTS).where(ATTACHMENTS.c.sha256.in_(some))
                found |= {sha256: bytes(body) for sha256, body in connection.execute(query)}
            withheld = here(connection, WITHHELD.c.sha256, set(wanted) - found.keys())
        for sha256 in wanted:
            if sha256 not in withheld:
                _check_bytes(sha256, found.get(sha256))
        return found

    def resamples(self, records: Sequence[ResultRecord]) -> dict[str, Resamples]:
        """The resamples of those records that have some, by record hash; what :func:`.board.make_board` asks for.

        Raises
        ------
        StoreError
            If a file is not here, or is not what its record says.
        """
        named = [(one, one.score.resampling) for one in records if one.score and one.score.resampling]
        files = self.attachments(record.files[RESAMPLES_FILE] for record, _ in named)
        try:
            return {
                record.record_sha256: read_resamples(
                    files[record.files[RESAMPLES_FILE]], kind=plan.kind, n_units=plan.n_units
                )
                for record, plan in named
            }
        except InvalidDataError as error:
            raise damaged("A stored file of resamples", str(error)) from error

    def raw_records(self) -> Iterator[dict[str, Any]]:
        """Every row of the records' table as it is, unchecked, in the order of its numbers."""
        yield from self._rows(sa.select(RECORDS).order_by(RECORDS.c.seq))

    def raw_attachments(self) -> Iterator[tuple[str, bytes]]:
        """Every file as it is, unchecked, with the hash under which it is stored."""
        for row in self._rows(sa.select(ATTACHMENTS)):
            yield row["sha256"], row["body"]

    def withheld(self, hashes: Iterable[str]) -> set[str]:
        """Those of the hashes whose files did not come with their records, nor with others."""
        with store_errors(self.url), reading(self._engine) as connection:
            named = here(connection, WITHHELD.c.sha256, set(hashes))
            return named - here(connection, ATTACHMENTS.c.sha256, named)

    def raw_hidings(self) -> Iterator[dict[str, Any]]:
        """Every line on hidden records as it is, unchecked, in the order of its numbers."""
        yield from self._rows(sa.select(HIDINGS).order_by(HIDINGS.c.seq))

    def faults(self) -> list[str]:
        """Faults of the database itself: broken pages, missing guards against change."""
        with store_errors(self.url), reading(self._engine) as connection:
            return [*broken_pages(connection), *missing_guards(connection)]

    def _rows(self, query: sa.Select[Any]) -> Iterator[dict[str, Any]]:
        with store_errors(self.url), reading(self._engine) as connection:
            for row in connection.execute(query, execution_options={"yield_per": BATCH}).mappings():
                yield {name: bytes(value) if name == "body" else value for name, value in row.items()}

    def _shown(self, *, with_hidden: bool) -> sa.ColumnElement[bool]:
        """The condition that a record is read: not hidden, or hidden ones are asked for, and made by the day."""
        shown = sa.true() if with_hidden else SHOWN
        if self.day is None:
            return shown
        # Times are ISO 8601 in UTC, and sort as text.
        return sa.and_(shown, RECORDS.c.created < f"{self.day}T24")

    def _read(self, where: sa.ColumnElement[bool]) -> list[ResultRecord]:
        return [record for page in self._pages(where, size=_WHOLE) for record in page]

    def _pages(self, where: sa.ColumnElement[bool], size: int = BATCH) -> Iterator[list[ResultRecord]]:
        """Records page by page, each read in a transaction of its own."""
        columns = (RECORDS.c.seq, RECORDS.c.record_sha256, RECORDS.c.body)
        last = 0
        while True:
            query = sa.select(*columns).where(where, RECORDS.c.seq > last).order_by(RECORDS.c.seq).limit(size)
            with store_errors(self.url), reading(self._engine) as connection:
                rows = connection.execute(query).all()
            yield [_record(row.record_sha256, row.body) for row in rows]
            if len(rows) < size:
                return
            last = rows[-1].seq


@contextmanager
def _hidings_errors() -> Iterator[None]:
    try:
        yield
    except InvalidDataError as error:
        raise damaged(error.subject, str(error.got)) from error


def damaged(subject: str, got: str) -> StoreError:
    """The error of something that is not as it was stored."""
    return StoreError(
        subject,
        got=got,
        needed="as it was stored",
        hint="The store was changed from outside; restore it from an export or a backup.",
    )


def _batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some


def _check_bytes(sha256: str, body: bytes | None) -> None:
    if body is None:
        raise damaged(f"The file {sha256}", "nothing")
    if sha256_of_bytes(body) != sha256:
        raise damaged(f"The file {sha256}", f"SHA-256 {sha256_of_bytes(body)}")


def _record(sha256: str, body: Any) -> ResultRecord:
    try:
        return read_record(bytes(body), expected_sha256=sha256)
    except InvalidRecordError as error:
        raise damaged(f"The stored record {sha256}", str(error)) from error
