"""The board as plain files that outlive any server: the site, tables, records, their files, a store of its own.

::

    index.html ...              the site
    board.csv, .json, .parquet  the board's cells
    records.csv, .parquet       every record as a row, in the order in which they were added
    records/<hash>.json         every record, byte for byte
    targets/<hash>.csv          per-target values, by the hash that their record holds
    files/<hash>.<type>         further files of records, such as resamples
    hidden.csv                  hashes of the records that are hidden, with the reasons; not there if none is
    withheld.csv                files that records name and the export lacks, as their data set's card has it
    board.sqlite                a store that holds the same
    SHA256SUMS                  of all of these, for ``sha256sum --check`` and ``innerscore store verify``
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path, PurePath
from typing import Any, TypeAlias

from ..core.csv_text import csv_text
from ..core.errors import InvalidDataError
from ..core.records import TARGETS_FILE, ResultRecord
from ..core.whole_folder import whole_folder
from .board import Board
from .checksums import SUMS, read_sums, write_sums
from .hiding import Hiding
from .inserting import Entry
from .pages import BoardContents, write_site
from .parquet import parquet_bytes
from .record_table import RECORD_COLUMNS, record_rows
from .store import Store
from .tables import board_csv, board_json, board_rows

__all__ = [
    "HIDDEN_TABLE",
    "RECORDS_TABLE",
    "STORE_FILE",
    "WITHHELD_TABLE",
    "Site",
    "export_board",
    "file_path",
    "record_path",
]

Site: TypeAlias = Callable[[Path], None]

RECORDS_TABLE = "records.csv"
HIDDEN_TABLE = "hidden.csv"
WITHHELD_TABLE = "withheld.csv"
STORE_FILE = "board.sqlite"
_BEFORE_SUMS = {"index.html", "board.json", "board.csv", "records", "targets"}


def export_board(board: Board, store: Store, folder: Path, *, site: Site | None = None) -> Path:
    """Write everything but hidden records, or leave what was there.

    Parameters
    ----------
    board : Board
        Board to show.
    store : Store
        Store with the records and files to write.
    folder : pathlib.Path
        Target; an earlier export that is there is replaced as a whole.
    site : callable, optional
        Writes the pages into the folder that it is given, ``index.html`` among them; by default pages that know
        the records but no card.

    Returns
    -------
    page : pathlib.Path
        The written ``index.html``.

    Raises
    ------
    InvalidInputError
        If the folder cannot be written, or holds files that no export wrote.
    StoreError
        If a record or file in the store is damaged.
    """
    with whole_folder(folder, replaceable=_own_names(folder)) as target:
        records: list[ResultRecord] = []
        withheld: list[tuple[str, str]] = []
        store.copy_to(target / STORE_FILE, partial(_written, target, records, withheld))
        _write_table(target / RECORDS_TABLE, RECORD_COLUMNS, record_rows(records))
        _write_hidden(target / HIDDEN_TABLE, store.hidden())
        _write_withheld(target / WITHHELD_TABLE, withheld)
        _write_board(board, target)
        (site or partial(_write_site, store))(target)
        write_sums(target)
    return folder / "index.html"


def record_path(record_sha256: str) -> PurePath:
    """Path of a record in an export."""
    return PurePath("records", f"{record_sha256}.json")


def file_path(name: str, sha256: str) -> PurePath:
    """Path, in an export, of a file that a record names."""
    if name == TARGETS_FILE:
        return PurePath("targets", f"{sha256}.csv")
    return PurePath("files", f"{sha256}{PurePath(name).suffix}")


def _written(
    target: Path, records: list[ResultRecord], withheld: list[tuple[str, str]], entries: Iterator[Entry]
) -> Iterator[Entry]:
    """Pass entries on, writing each as files and noting its record and what did not come with it."""
    for entry in entries:
        _write(target / record_path(entry.record.record_sha256), entry.record.to_json())
        for name, body in entry.files.items():
            _write(target / file_path(name, entry.record.files[name]), body)
        records.append(entry.record)
        withheld += ((entry.record.record_sha256, name) for name in sorted(entry.withheld))
        yield entry


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)


def _write_table(path: Path, columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    text = csv_text(columns, ([row[name] for name in columns] for row in rows))
    path.write_text(text, encoding="utf-8", newline="")
    path.with_suffix(".parquet").write_bytes(parquet_bytes(columns, rows))


def _write_hidden(path: Path, hidden: Sequence[Hiding]) -> None:
    columns = ("record_sha256", "created", "reason")
    if hidden:
        text = csv_text(columns, ([getattr(one, name) for name in columns] for one in hidden))
        path.write_text(text, encoding="utf-8", newline="")


def _write_withheld(path: Path, withheld: Sequence[tuple[str, str]]) -> None:
    if withheld:
        text = csv_text(("record_sha256", "file"), withheld)
        path.write_text(text, encoding="utf-8", newline="")


def _write_board(board: Board, target: Path) -> None:
    text = json.dumps(board_json(board), indent=1, ensure_ascii=False, allow_nan=False)
    (target / "board.json").write_text(text, encoding="utf-8")
    (target / "board.csv").write_text(board_csv(board), encoding="utf-8", newline="")
    rows = board_rows(board)
    columns = list(rows[0]) if rows else []
    (target / "board.parquet").write_bytes(parquet_bytes(columns, rows))


def _write_site(store: Store, target: Path) -> None:
    write_site(store, BoardContents(), target)


def _own_names(folder: Path) -> set[str]:
    """Names at the top of a folder that an earlier export wrote."""
    if not (folder / SUMS).exists():
        return _BEFORE_SUMS
    try:
        return {SUMS, *(PurePath(name).parts[0] for name in read_sums(folder))} | _BEFORE_SUMS
    except InvalidDataError:
        return _BEFORE_SUMS
