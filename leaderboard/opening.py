"""Opening another board to read it, and leaving it as it is."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..core.errors import StoreError
from ..core.sqlite_urls import sqlite_url
from .database import database_file, open_engine, safe_url, store_errors
from .schema import REVISION
from .store import Store
from .triggers import without_bytes
from .upgrade import copy_file, found_revision

__all__ = ["opened_unchanged", "store_url"]


def store_url(text: str) -> str:
    """The URL of a store that a person named: a URL already, or the path of an SQLite file."""
    return text if "://" in text else sqlite_url(Path(text).absolute())


@contextmanager
def opened_unchanged(url: str) -> Iterator[Store]:
    """Open a store for reading; one of an older version is migrated in a copy.

    Raises
    ------
    StoreError
        If there is no store, its tables are none that we made, it is newer, or an older one on PostgreSQL, which
        cannot be copied.
    """
    engine = open_engine(url, must_exist=True)
    with store_errors(url), engine.connect() as connection:
        found = found_revision(connection, url)
        odd = without_bytes(connection) if found else []
    engine.dispose()
    if odd:
        raise StoreError(f"The store {safe_url(url)}", got="; ".join(odd), needed="a store")
    path = database_file(url)
    if found == REVISION:
        yield from _closing(Store(url, must_exist=True))
    elif found is None or path is None:
        raise StoreError(
            f"The store {safe_url(url)}",
            got="no tables" if found is None else f"schema version {found}",
            needed=f"a store of version {REVISION}",
            hint="" if found is None else "Open it once by itself: 'innerscore store status' migrates it.",
        )
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield from _closing(Store(sqlite_url(copy_file(path, Path(folder) / path.name))))


def _closing(store: Store) -> Iterator[Store]:
    try:
        yield store
    finally:
        store.close()
