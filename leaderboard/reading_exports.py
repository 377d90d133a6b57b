"""Reading the records of an export back, trusting none of its bytes."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from ..core.errors import InvalidDataError
from ..core.records import read_record
from .export import RECORDS_TABLE, WITHHELD_TABLE, file_path, record_path
from .incoming_records import read_entry
from .inserting import Entry

__all__ = ["export_entries"]


def export_entries(folder: Path) -> Iterator[Entry]:
    """Records with their files, in the order in which they were added to the board that was exported.

    Raises
    ------
    InvalidDataError, InvalidRecordError
        If something is missing or not what its name says.
    """
    withheld = _withheld(folder)
    for sha256 in _order(folder):
        data = _bytes(folder / record_path(sha256))
        named = read_record(data, expected_sha256=sha256).files
        there = frozenset(named) - (absent := withheld.get(sha256, frozenset()))
        files = {named[name]: _bytes(folder / file_path(name, named[name])) for name in sorted(there)}
        yield read_entry(data, files, expected_sha256=sha256, withheld=absent)


def _withheld(folder: Path) -> dict[str, frozenset[str]]:
    """Names of the files that the export lacks, by the hash of their record."""
    path = folder / WITHHELD_TABLE
    found: dict[str, frozenset[str]] = {}
    for sha256, name in _columns(path, "record_sha256", "file") if path.exists() else ():
        found[sha256] = found.get(sha256, frozenset()) | {name}
    return found


def _columns(path: Path, *names: str) -> list[tuple[str, ...]]:
    """Columns of a table, row by row."""
    try:
        text = _bytes(path).decode()
        return [tuple(row[name] for name in names) for row in csv.DictReader(io.StringIO(text, newline=""))]
    except (UnicodeDecodeError, csv.Error, KeyError) as error:
        raise InvalidDataError(f"The table {path}", got=str(error), needed="CSV") from error


def _order(folder: Path) -> list[str]:
    """Hashes of the records from the table of all of them, which has to be that of the files."""
    order = [sha256 for (sha256,) in _columns(folder / RECORDS_TABLE, "record_sha256")]
    there = {path.stem for path in (folder / "records").glob("*.json")}
    if set(order) != there or len(order) != len(there):
        raise InvalidDataError(
            f"The table {folder / RECORDS_TABLE}",
            got=f"{len(order)} records, and {len(there)} files of records",
            needed="of the records that are there",
        )
    if not all(re.fullmatch(r"[0-9a-f]{64}", sha256) for sha256 in order):
        raise InvalidDataError(f"The table {folder / RECORDS_TABLE}", got="no hash", needed="of hashes")
    return order


def _bytes(path: Path) -> bytes:
    if path.is_symlink():
        raise InvalidDataError(f"The file {path}", got="a link", needed="a regular file")
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidDataError(
            f"The file {path}", got=error.strerror or str(error), needed="there"
        ) from error
