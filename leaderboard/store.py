"""The store of results: records are added and superseded, never changed.

Tables, on SQLAlchemy so that the database behind the URL may differ:

- ``records``: one row a record, its canonical JSON, and the columns that look-ups need;
- ``attachments``: files that records name by hash (per-target values).

Triggers refuse every update and delete. A record that repeats a run already stored is not added twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from ..core.errors import InvalidRecordError, StoreError
from ..core.hashing import sha256_of_bytes
from ..core.records import ResultRecord, read_record

__all__ = ["Store"]

_METADATA = sa.MetaData()
_RECORDS = sa.Table(
    "records",
    _METADATA,
    sa.Column("record_sha256", sa.String(64), primary_key=True),
    sa.Column("run_sha256", sa.String(64), nullable=False, index=True),
    sa.Column("supersedes", sa.String(64), nullable=False, default=""),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("run_sha256", "supersedes"),
)
_ATTACHMENTS = sa.Table(
    "attachments",
    _METADATA,
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("body", sa.LargeBinary, nullable=False),
)
_TRIGGER = """
CREATE TRIGGER IF NOT EXISTS {table}_no_{action} BEFORE {action} ON {table}
BEGIN SELECT RAISE(ABORT, 'innerscore: {table} are never changed'); END
"""
_BUSY_SECONDS = 30


class Store:
    """An insert-only store.

    Parameters
    ----------
    url : str
        SQLAlchemy URL of an SQLite database; made if it does not exist.

    Raises
    ------
    StoreError
        If the database cannot be opened.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine = _engine(url)
        with _as_store_errors(url), self._engine.begin() as connection:
            _METADATA.create_all(connection)
            for table in _METADATA.tables:
                for action in ("update", "delete"):
                    connection.exec_driver_sql(_TRIGGER.format(table=table, action=action))

    def add(self, record: ResultRecord, targets_csv: bytes | None = None) -> bool:
        """Add a record and the file that it names, both or neither.

        Parameters
        ----------
        record : ResultRecord
            What happened.
        targets_csv : bytes or None
            The file of per-target values; needed if the record has a score.

        Returns
        -------
        added : bool
            False if the same run is stored already; the store is then as before.

        Raises
        ------
        StoreError
            If the file is not the one that the record names, or the database refuses.
        """
        _check_attachment(record, targets_csv)
        run, supersedes = record.run_sha256, record.supersedes or ""
        row = {
            "record_sha256": record.record_sha256,
            "run_sha256": run,
            "supersedes": supersedes,
            "body": record.to_json(),
        }
        with _as_store_errors(self.url), self._engine.begin() as connection:
            if _has_run(connection, run, supersedes):
                return False
            if targets_csv is not None and not _has_attachment(connection, targets_csv):
                attachment = {"sha256": sha256_of_bytes(targets_csv), "body": targets_csv}
                connection.execute(_ATTACHMENTS.insert(), attachment)
            connection.execute(_RECORDS.insert(), row)
        return True

    def records(self) -> list[ResultRecord]:
        """All records, in the order in which they were added.

        Raises
        ------
        StoreError
            If a record's bytes do not have the hash under which they were stored.
        """
        query = sa.select(_RECORDS.c.record_sha256, _RECORDS.c.body).order_by(sa.text("rowid"))
        with _as_store_errors(self.url), self._engine.connect() as connection:
            return [_read(sha256, body) for sha256, body in connection.execute(query)]

    def current(self, run_sha256: str) -> ResultRecord | None:
        """The record of a run that no other one supersedes; None if the run was never done."""
        query = sa.select(_RECORDS.c.record_sha256, _RECORDS.c.body).where(
            _RECORDS.c.run_sha256 == run_sha256
        )
        with _as_store_errors(self.url), self._engine.connect() as connection:
            found = [_read(sha256, body) for sha256, body in connection.execute(query)]
        superseded = {record.supersedes for record in found}
        return next((record for record in found if record.record_sha256 not in superseded), None)

    def attachment(self, sha256: str) -> bytes:
        """The bytes of a file that a record names.

        Raises
        ------
        StoreError
            If it is not here or its bytes have changed.
        """
        query = sa.select(_ATTACHMENTS.c.body).where(_ATTACHMENTS.c.sha256 == sha256)
        with _as_store_errors(self.url), self._engine.connect() as connection:
            body = connection.execute(query).scalar()
        if body is None or sha256_of_bytes(body) != sha256:
            raise _damaged(
                f"The file {sha256}", "nothing" if body is None else f"SHA-256 {sha256_of_bytes(body)}"
            )
        return bytes(body)


def _engine(url: str) -> sa.Engine:
    with _as_store_errors(url):
        parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        raise StoreError("The store's URL", got=url, needed="an SQLite URL, sqlite:///path/to/board.sqlite")
    if parsed.database and parsed.database != ":memory:":
        with _as_store_errors(url):
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(parsed, connect_args={"timeout": _BUSY_SECONDS})
    # A transaction that reads and then writes must hold the write lock from its first statement on, or two
    # writers act on what they read before the other wrote: so the driver's own BEGIN is replaced.
    sa.event.listen(engine, "connect", _leave_transactions_alone)
    sa.event.listen(engine, "begin", _begin_immediate)
    return engine


def _leave_transactions_alone(connection: object, _record: object) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined]


def _begin_immediate(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _has_run(connection: sa.Connection, run_sha256: str, supersedes: str) -> bool:
    same = sa.and_(_RECORDS.c.run_sha256 == run_sha256, _RECORDS.c.supersedes == supersedes)
    return connection.execute(sa.select(_RECORDS.c.record_sha256).where(same)).first() is not None


def _has_attachment(connection: sa.Connection, body: bytes) -> bool:
    query = sa.select(_ATTACHMENTS.c.sha256).where(_ATTACHMENTS.c.sha256 == sha256_of_bytes(body))
    return connection.execute(query).first() is not None


def _check_attachment(record: ResultRecord, targets_csv: bytes | None) -> None:
    named = None if record.score is None else record.score.targets_sha256
    given = None if targets_csv is None else sha256_of_bytes(targets_csv)
    if named != given:
        raise StoreError(
            "The file of per-target values", got=f"SHA-256 {given}", needed=f"of SHA-256 {named}"
        )


def _read(sha256: str, body: bytes) -> ResultRecord:
    try:
        return read_record(bytes(body), expected_sha256=sha256)
    except InvalidRecordError as error:
        raise _damaged(f"The stored record {sha256}", str(error)) from error


def _damaged(subject: str, got: str) -> StoreError:
    return StoreError(
        subject,
        got=got,
        needed="as it was stored",
        hint="The store was changed from outside; restore it from an export or a backup.",
    )


@contextmanager
def _as_store_errors(url: str) -> Iterator[None]:
    try:
        yield
    except (sa.exc.SQLAlchemyError, OSError) as error:
        cause = getattr(error, "orig", error)
        raise StoreError(
            f"The store {url}", got=str(cause), needed="an SQLite database that can be written"
        ) from error
