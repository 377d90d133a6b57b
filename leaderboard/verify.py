"""Looking for anything in a store that is not as it was stored, down to one changed byte.

A record's bytes have the hash that is its name, the columns that repeat it say the same, the files that it names
are there with their hashes, what it supersedes is there, and the guards against change stand. Hidden records are
held to the same; lines that hide them have their hashes, and a record that was left out as hidden is not missed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..core.errors import InvalidDataError, InvalidRecordError, StoreError
from ..core.hashing import sha256_of_bytes
from ..core.records import ResultRecord, read_record
from .hiding import read_hiding
from .schema import record_row
from .store import Store

__all__ = ["Finding", "Verification", "verify_store"]


@dataclass(frozen=True)
class Finding:
    """Something that is not as it must be.

    Parameters
    ----------
    what : str
        The record, file or part, named.
    got : str
        Description of the fault.
    """

    what: str
    got: str

    def __str__(self) -> str:
        return f"{self.what}: {self.got}"


@dataclass(frozen=True)
class Verification:
    """The extent and findings of a check of a store.

    Parameters
    ----------
    n_records, n_files : int
        Number of records and of their files.
    findings : tuple of Finding
        Empty if all is as it was stored.
    """

    n_records: int
    n_files: int
    findings: tuple[Finding, ...]


@dataclass
class _Seen:
    """References of a store's records to each other and to files, gathered while they are read."""

    records: set[str] = field(default_factory=set)
    superseded: dict[str, str] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    withheld: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    all_readable: bool = True


def verify_store(store: Store) -> Verification:
    """Check all of a store; nothing is raised for what is wrong in it, and nothing is changed."""
    seen = _Seen()
    findings: list[Finding] = []
    try:
        findings += [Finding("The database", fault) for fault in store.faults()]
        for row in store.raw_records():
            findings += _of_record(row, seen)
        for sha256, body in store.raw_attachments():
            findings += _of_file(sha256, body, seen)
        seen.withheld |= store.withheld(seen.named)
        for row in store.raw_hidings():
            findings += _of_hiding(row, seen)
    except StoreError as error:
        findings.append(Finding("The database", str(error.got)))
    else:
        findings += _of_links(seen)
    return Verification(len(seen.records), len(seen.files), tuple(findings))


def _of_record(row: dict[str, Any], seen: _Seen) -> Iterator[Finding]:
    name = f"Record {row['record_sha256']}"
    seen.records.add(row["record_sha256"])
    try:
        record = read_record(row["body"], expected_sha256=row["record_sha256"])
    except InvalidRecordError as error:
        yield Finding(name, str(error.got))
        seen.all_readable = False
        return
    if record.to_json() != row["body"]:
        yield Finding(name, "not in canonical form")
    if record.supersedes is not None:
        seen.superseded[record.supersedes] = record.record_sha256
    seen.named |= dict.fromkeys(record.files.values(), record.record_sha256)
    yield from _of_columns(name, row, record)


def _of_columns(name: str, row: dict[str, Any], record: ResultRecord) -> Iterator[Finding]:
    """The columns for look-ups repeat what the record says."""
    expected = record_row(record, twin=row["twin"])
    for column, value in expected.items():
        if row[column] != value:
            yield Finding(name, f"column '{column}' is {row[column]!r} and the record says {value!r}")
    if row["twin"] not in ("", record.record_sha256):
        yield Finding(name, f"column 'twin' is {row['twin']!r}")


def _of_file(sha256: str, body: bytes, seen: _Seen) -> Iterator[Finding]:
    seen.files.add(sha256)
    if sha256_of_bytes(body) != sha256:
        yield Finding(f"File {sha256}", f"SHA-256 {sha256_of_bytes(body)}")


def _of_hiding(row: dict[str, Any], seen: _Seen) -> Iterator[Finding]:
    try:
        found = read_hiding(row)
    except InvalidDataError as error:
        yield Finding(f"Hiding {row['hiding_sha256']}", str(error.got))
        return
    (seen.hidden.add if found.hidden else seen.hidden.discard)(found.record_sha256)


def _of_links(seen: _Seen) -> Iterator[Finding]:
    # What an unreadable record named is not known.
    for sha256 in sorted(seen.files - seen.named.keys()) if seen.all_readable else ():
        yield Finding(f"File {sha256}", "no record names it")
    for sha256 in sorted(seen.named.keys() - seen.files - seen.withheld):
        yield Finding(f"File {sha256}", f"missing, record {seen.named[sha256]} names it")
    for sha256 in sorted(seen.superseded.keys() - seen.records - seen.hidden):
        yield Finding(f"Record {sha256}", f"missing, record {seen.superseded[sha256]} supersedes it")
