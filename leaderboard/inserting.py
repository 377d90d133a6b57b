"""Adding a record and its files within a transaction of the writer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from ..core.errors import StoreError
from ..core.hashing import sha256_of_bytes
from ..core.records import CARD_FILE, TARGETS_FILE, ResultRecord
from ..core.resamples import RESAMPLES_FILE
from .schema import ATTACHMENTS, HIDINGS, ORIGINS, RECORDS, TOLD, WITHHELD, record_row, was_told

__all__ = [
    "BATCH",
    "HERE",
    "IMPORTED",
    "NEVER_WITHHELD",
    "Entry",
    "check_superseded",
    "here",
    "insert_new",
    "insert_run",
    "insert_told",
    "told_by",
    "without_values",
]

HERE, IMPORTED = "here", "import"

NEVER_WITHHELD = frozenset({RESAMPLES_FILE, CARD_FILE})

BATCH = 400  # below SQLite's limit on the parameters of a statement


@dataclass(frozen=True, eq=False)
class Entry:
    """A record with the files that it names.

    Parameters
    ----------
    record : ResultRecord
        The record.
    files : mapping of str to bytes
        Files by the names under which the record holds their hashes.
    origin : str, default="here"
        Where this board has it from: "here" if it was scored here, "import", or :func:`told_by` somebody; empty
        where that is not known.
    withheld : frozenset of str, default=frozenset()
        Names of the files that the record names and that are on another board alone.
    """

    record: ResultRecord
    files: Mapping[str, bytes] = field(default_factory=dict)
    origin: str = HERE
    withheld: frozenset[str] = frozenset()


def without_values(entry: Entry) -> Entry:
    """The same record with those files alone that hold no value of a single neuroid: its resamples and the card."""
    kept = {name: body for name, body in entry.files.items() if name in NEVER_WITHHELD}
    return replace(entry, files=kept, withheld=frozenset(entry.record.files) - kept.keys())


def told_by(owner: str) -> str:
    """The origin of what the holder of a token sent."""
    return f"{TOLD}{owner}"


def insert_run(connection: sa.Connection, entry: Entry) -> bool:
    """Write a record and its files, unless one of the same run, superseding the same, is here and not only told.

    Returns
    -------
    added : bool
        Whether it was written.

    Raises
    ------
    StoreError
        If a file is not the one that the record names, or it supersedes one that is not here.
    """
    record = entry.record
    if _run(record) in _runs_here(connection, [record], ~was_told()):
        return False
    insert_new(connection, [entry])
    check_superseded(connection, [] if record.supersedes is None else [record.supersedes])
    return True


def insert_told(connection: sa.Connection, entry: Entry) -> bool:
    """Write a record that somebody sent, unless it is here; it may correct only what the same one sent.

    Raises
    ------
    StoreError
        As :func:`insert_new`, and if it corrects another's record, or one that is not here.
    """
    corrected = entry.record.supersedes
    new = insert_new(connection, [entry])
    if not new or corrected is None:
        return bool(new)
    query = sa.select(ORIGINS.c.origin).where(ORIGINS.c.record_sha256 == corrected)
    if connection.execute(query).scalar() != entry.origin:
        raise StoreError(
            "A correction",
            got=f"of record {corrected}, which is not here or another's",
            needed="of a record that the same owner sent",
            hint="What a board scored itself is corrected by 'innerscore score --rerun' on its machine.",
        )
    return True


def insert_new(connection: sa.Connection, entries: Sequence[Entry]) -> list[ResultRecord]:
    """Write those entries of which the record is not here, and of their files those that are not here.

    A record that repeats a run which is here under another hash becomes its twin.

    Returns
    -------
    records : list of ResultRecord
        The records written.

    Raises
    ------
    StoreError
        If files are not exactly those that their record names.
    """
    for entry in entries:
        _check_files(entry)
    by_hash = {entry.record.record_sha256: entry for entry in entries}
    known = here(connection, RECORDS.c.record_sha256, by_hash)
    new = [entry for sha256, entry in by_hash.items() if sha256 not in known]
    records = [entry.record for entry in new]
    files = {entry.record.files[name]: body for entry in new for name, body in entry.files.items()}
    if missing := files.keys() - here(connection, ATTACHMENTS.c.sha256, files):
        rows = [{"sha256": sha256, "body": files[sha256]} for sha256 in sorted(missing)]
        connection.execute(ATTACHMENTS.insert(), rows)
    withheld = {entry.record.files[name] for entry in new for name in entry.withheld}
    if unknown := withheld - here(connection, WITHHELD.c.sha256, withheld):
        connection.execute(WITHHELD.insert(), [{"sha256": sha256} for sha256 in sorted(unknown)])
    if records:
        connection.execute(RECORDS.insert(), _rows(records, _runs_here(connection, records)))
    if origins := [
        {"record_sha256": one.record.record_sha256, "origin": one.origin} for one in new if one.origin
    ]:
        connection.execute(ORIGINS.insert(), origins)
    return records


def check_superseded(connection: sa.Connection, hashes: Collection[str]) -> None:
    """Refuse corrections of records that are neither here nor left out as hidden."""
    missing = set(hashes) - here(connection, RECORDS.c.record_sha256, hashes)
    missing -= here(connection, HIDINGS.c.record_sha256, missing)
    if missing:
        raise StoreError(
            "A correction",
            got=f"of record {min(missing)}, which is not here",
            needed="of a stored record",
        )


def _rows(records: Iterable[ResultRecord], taken: set[tuple[str, str]]) -> list[dict[str, Any]]:
    """The rows of records; the first of a run takes its place, others are twins."""
    rows = []
    for record in records:
        rows.append(record_row(record, twin=record.record_sha256 if _run(record) in taken else ""))
        taken.add(_run(record))
    return rows


def _run(record: ResultRecord) -> tuple[str, str]:
    return record.run_sha256, record.supersedes or ""


def _runs_here(
    connection: sa.Connection, records: Iterable[ResultRecord], *such: sa.ColumnElement[bool]
) -> set[tuple[str, str]]:
    """The runs, with what they supersede, that stored records of the same runs have; of such ones alone."""
    wanted = {record.run_sha256 for record in records}
    columns = (RECORDS.c.run_sha256, RECORDS.c.supersedes)
    query = sa.select(*columns).where(RECORDS.c.run_sha256.in_(wanted), *such)
    return {(run, supersedes) for run, supersedes in connection.execute(query)}


def here(connection: sa.Connection, column: sa.Column[Any], values: Iterable[str]) -> set[str]:
    """The given values that a column holds."""
    wanted, found = list(values), set()
    for start in range(0, len(wanted), BATCH):
        query = sa.select(column).where(column.in_(wanted[start : start + BATCH]))
        found |= set(connection.execute(query).scalars())
    return found


def _check_files(entry: Entry) -> None:
    """Refuse files that are not exactly those that the record names, but for withheld ones."""
    record = entry.record
    given = {name: sha256_of_bytes(body) for name, body in entry.files.items()}
    for name in sorted(record.files.keys() | given.keys()):
        if record.files.get(name) != given.get(name) and name not in entry.withheld - NEVER_WITHHELD:
            what = "The file of per-target values" if name == TARGETS_FILE else f"The file '{name}'"
            raise StoreError(
                what, got=f"SHA-256 {given.get(name)}", needed=f"of SHA-256 {record.files.get(name)}"
            )
