"""Adding a record and its files within a transaction of the writer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from ..core.errors import StoreError
from ..core.hashing import sha256_of_bytes
from ..core.records import TARGETS_FILE, ResultRecord
from .schema import ATTACHMENTS, RECORDS, record_row

__all__ = ["Entry", "check_files", "check_superseded", "has_record", "insert", "same_run"]


@dataclass(frozen=True, eq=False)
class Entry:
    """A record with the files that it names.

    Parameters
    ----------
    record : ResultRecord
        What happened.
    files : mapping of str to bytes
        By the names under which the record holds their hashes.
    """

    record: ResultRecord
    files: Mapping[str, bytes] = field(default_factory=dict)


def insert(connection: sa.Connection, entry: Entry, *, twin: str = "") -> None:
    """Write the rows of a record and of those of its files that are not here yet."""
    bodies = {sha256_of_bytes(body): body for body in entry.files.values()}
    here = sa.select(ATTACHMENTS.c.sha256).where(ATTACHMENTS.c.sha256.in_(bodies))
    for sha256 in set(bodies) - set(connection.execute(here).scalars()):
        connection.execute(ATTACHMENTS.insert(), {"sha256": sha256, "body": bodies[sha256]})
    connection.execute(RECORDS.insert(), record_row(entry.record, twin=twin))


def same_run(connection: sa.Connection, record: ResultRecord) -> bool:
    """Whether a record of the same run, superseding the same, is here."""
    run = RECORDS.c.run_sha256 == record.run_sha256
    return _is_there(connection, sa.and_(run, RECORDS.c.supersedes == (record.supersedes or "")))


def has_record(connection: sa.Connection, record_sha256: str) -> bool:
    """Whether this very record is here."""
    return _is_there(connection, RECORDS.c.record_sha256 == record_sha256)


def _is_there(connection: sa.Connection, where: sa.ColumnElement[bool]) -> bool:
    return connection.execute(sa.select(RECORDS.c.seq).where(where).limit(1)).first() is not None


def check_superseded(connection: sa.Connection, records: Iterable[ResultRecord]) -> None:
    """Refuse a correction of a record that is not here."""
    for record in records:
        if record.supersedes is not None and not has_record(connection, record.supersedes):
            raise StoreError(
                f"The record {record.record_sha256}",
                got=f"superseding {record.supersedes}, which is not here",
                needed="a correction of a stored record",
            )


def check_files(record: ResultRecord, files: Mapping[str, bytes]) -> None:
    """Refuse files that are not exactly those that the record names."""
    given = {name: sha256_of_bytes(body) for name, body in files.items()}
    for name in sorted(record.files.keys() | given.keys()):
        if record.files.get(name) != given.get(name):
            what = "The file of per-target values" if name == TARGETS_FILE else f"The file '{name}'"
            raise StoreError(
                what, got=f"SHA-256 {given.get(name)}", needed=f"of SHA-256 {record.files.get(name)}"
            )
