"""Copies of a store, and the way back from a migration."""

from __future__ import annotations

from pathlib import Path

from ..core.errors import InvalidInputError
from ..core.files import atomic_path
from .database import open_engine
from .store import Store
from .upgrade import roll_back

__all__ = ["back_up", "roll_back_store"]


def back_up(store: Store, path: Path) -> int:
    """Copy a store into an SQLite file that is complete in itself.

    Returns
    -------
    n_records : int

    Raises
    ------
    InvalidInputError
        If the file is there already, or cannot be written.
    StoreError
        If the store is damaged.
    """
    if path.exists():
        raise InvalidInputError(
            f"The file {path}", got="one that is there", needed="new", hint="Name another file."
        )
    with atomic_path(path) as temporary:
        temporary.unlink()
        try:
            return store.copy_to(temporary, with_hidden=True)
        except BaseException:
            # What SQLite keeps beside a file that it could not finish, such as on a full disk.
            for suffix in ("-wal", "-shm"):
                temporary.with_name(f"{temporary.name}{suffix}").unlink(missing_ok=True)
            raise


def roll_back_store(url: str) -> str:
    """Bring a store back to the schema before its own; see :func:`.upgrade.roll_back`."""
    engine = open_engine(url, must_exist=True)
    try:
        return roll_back(engine, url)
    finally:
        engine.dispose()
