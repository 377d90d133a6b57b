"""Taking in the records of another board, all or none of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import InvalidDataError
from .export import STORE_FILE
from .hiding import Hiding
from .incoming_records import read_entry
from .inserting import Entry
from .opening import opened_unchanged, store_url
from .reading_exports import export_entries
from .store import Store
from .verify import Verification, verify_store
from .verify_export import verify_export

__all__ = ["Imported", "copy_export", "import_board"]


@dataclass(frozen=True)
class Imported:
    """The result of an import.

    Parameters
    ----------
    added : int
        Records that were not here.
    known : int
        Records that were here already.
    """

    added: int
    known: int


def import_board(store: Store, source: str) -> Imported:
    """Add the records of another board with their files; records come byte for byte.

    Nothing that is here is changed or lost: a run that was done on both boards is kept twice. The other board is
    checked whole first, and left as it is. A record that is hidden there comes hidden; one that was here already
    stays as it is here.

    Parameters
    ----------
    store : Store
        Store to add to.
    source : str
        Folder of an export, path of an SQLite store, or a store's URL.

    Raises
    ------
    InvalidDataError, InvalidRecordError
        If the other board is damaged; nothing is added then.
    StoreError
        If there is none, or this store cannot be written.
    """
    if "://" not in source and Path(source).is_dir():
        checked = _sound(source, verify_export(Path(source)))
        with opened_unchanged(store_url(str(Path(source) / STORE_FILE))) as other:
            return _add(store, export_entries(Path(source)), other.hidden(), checked)
    with opened_unchanged(store_url(source)) as other:
        checked = _sound(source, verify_store(other))
        return _add(store, _checked(other.entries(with_hidden=True)), other.hidings(), checked)


def copy_export(folder: Path, path: Path) -> None:
    """Copy the store of an export into a file, with where its records are from, to go on with that board.

    Parameters
    ----------
    folder : pathlib.Path
        Folder of an export; every byte of it is held against its hash first.
    path : pathlib.Path
        Path of a file that is not there yet.

    Raises
    ------
    InvalidDataError
        If the export is damaged; nothing is written then.
    """
    _sound(str(folder), verify_export(folder))
    with opened_unchanged(store_url(str(folder / STORE_FILE))) as other:
        other.copy_to(path, with_hidden=True)


def _add(
    store: Store, entries: Iterable[Entry], hidings: Iterable[Hiding], checked: Verification
) -> Imported:
    added = store.add_all(entries, hidings)
    return Imported(added, checked.n_records - added)


def _checked(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The same entries, held to what is asked of a record from outside."""
    for entry in entries:
        record = entry.record
        files = {record.files[name]: body for name, body in entry.files.items()}
        sha256 = record.record_sha256
        yield read_entry(record.to_json(), files, expected_sha256=sha256, withheld=entry.withheld)


def _sound(source: str, checked: Verification) -> Verification:
    if checked.findings:
        raise InvalidDataError(
            f"The board {source}",
            got=f"{len(checked.findings)} faults: {'; '.join(map(str, checked.findings[:3]))}",
            needed="as it was written",
            hint="Nothing was imported. 'innerscore store verify' lists all faults.",
        )
    return checked
