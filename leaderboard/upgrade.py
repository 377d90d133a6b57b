"""Bringing a store to this version's schema: made if it is empty, migrated after a backup, refused if newer."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from ..core.errors import StoreError
from ..core.files import atomic_path
from ..core.sqlite_urls import sqlite_url
from .database import database_file, safe_url, store_errors, writing
from .schema import REVISION, REVISIONS
from .triggers import unusual_tables

__all__ = ["bring_up_to_date", "copy_file", "found_revision", "roll_back"]

_MIGRATIONS = Path(__file__).parent / "migrations"


def bring_up_to_date(engine: sa.Engine, url: str) -> str | None:
    """Make or migrate a store's tables, wholly or not at all.

    A store of an older version is copied first: an SQLite file into its own folder, PostgreSQL's tables into a
    schema of the same database. While that goes on, nobody else can write.

    Returns
    -------
    backup : str or None
        Place where the older store is kept; None if nothing was migrated.

    Raises
    ------
    StoreError
        If the store was written by a newer version, is no store, or cannot be written.
    """
    with store_errors(url), engine.connect() as connection:
        found = found_revision(connection, url)
    if found == REVISION:
        return None
    with store_errors(url):
        _log_ahead(engine)
        with writing(engine) as connection:
            return _migrated(connection, url)


def found_revision(connection: sa.Connection, url: str) -> str | None:
    """A store's schema version; None where there are no tables yet.

    Raises
    ------
    StoreError
        If it is newer than this version of innerscore, or the tables are of something else: a view has as many
        rows as its maker likes, also endlessly many.
    """
    names = set(sa.inspect(connection).get_table_names())
    if names and (unusual := unusual_tables(connection)):
        raise StoreError(
            f"The database {safe_url(url)}", got="; ".join(unusual), needed="a store, with tables of its own"
        )
    if "alembic_version" in names:
        found = str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar())
        if found not in REVISIONS:
            raise StoreError(
                f"The store {safe_url(url)}",
                got=f"schema version {found}",
                needed=f"of version {REVISION} or older",
                hint="It was written by a newer innerscore; upgrade this one.",
            )
        return found
    if {"records", "attachments"} <= names:
        return REVISIONS[0]  # from before versions were written down
    if names:
        raise StoreError(
            f"The database {safe_url(url)}", got=f"tables {sorted(names)[:5]}", needed="empty or a store"
        )
    return None


def roll_back(engine: sa.Engine, url: str) -> str:
    """Bring a store back to the schema version before its own, for an older innerscore to use.

    Returns
    -------
    backup : str
        Place where the store as it was is kept.

    Raises
    ------
    StoreError
        If it holds what the older version cannot; nothing is changed then.
    """
    with store_errors(url), writing(engine) as connection:
        found = found_revision(connection, url)
        if found is None or found == REVISIONS[0]:
            raise StoreError(
                f"The store {safe_url(url)}",
                got=f"schema version {found}",
                needed=f"of version {REVISIONS[1]} or newer",
            )
        backup = _backup(connection, url, found)
        try:
            _alembic(connection, lambda command, config: command.downgrade(config, "-1"))
        except ValueError as error:
            raise StoreError(
                f"The store {safe_url(url)}", got=str(error), needed="one that the older version can hold"
            ) from error
    return backup


def _migrated(connection: sa.Connection, url: str) -> str | None:
    """Migrate, holding the write lock; another process may have been first."""
    found = found_revision(connection, url)
    if found == REVISION:
        return None
    backup = None if found is None else _backup(connection, url, found)
    if found == REVISIONS[0] and not sa.inspect(connection).has_table("alembic_version"):
        _alembic(connection, lambda command, config: command.stamp(config, REVISIONS[0]))
    _alembic(connection, lambda command, config: command.upgrade(config, "head"))
    return backup


def _alembic(connection: sa.Connection, run: Callable[..., None]) -> None:
    """Run an Alembic command on our connection; imported here because most commands never migrate."""
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_MIGRATIONS))
    run(command, config)


def _backup(connection: sa.Connection, url: str, revision: str) -> str:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    path = database_file(url)
    if connection.dialect.name == "postgresql":
        return _copied_tables(connection, f"innerscore_{revision}_{stamp}".lower())
    if path is None:
        return "nowhere: it is in memory"
    return str(copy_file(path, path.with_name(f"{path.stem}.{revision}.{stamp}.backup{path.suffix}")))


def copy_file(path: Path, backup: Path) -> Path:
    """A copy of an SQLite database by a reader of its own, while we hold the write lock."""
    reader = sa.create_engine(sqlite_url(path), isolation_level="AUTOCOMMIT")
    with atomic_path(backup) as temporary:
        temporary.unlink()
        with reader.connect() as connection:
            connection.execute(sa.text("VACUUM INTO :path"), {"path": str(temporary)})
    reader.dispose()
    return backup


def _copied_tables(connection: sa.Connection, schema: str) -> str:
    connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
    for table in sorted(
        {"records", "attachments", "hidings", "origins", "withheld"}
        & set(sa.inspect(connection).get_table_names())
    ):
        connection.exec_driver_sql(f"CREATE TABLE {schema}.{table} AS TABLE {table}")
    return f"schema {schema}"


def _log_ahead(engine: sa.Engine) -> None:
    """Let readers and the writer of an SQLite file work at the same time; kept in the file from then on.

    Another process that holds the file may forbid it; the store is as safe without.
    """
    if engine.dialect.name != "sqlite":
        return
    connection = engine.raw_connection()
    try:
        with contextlib.suppress(sqlite3.OperationalError):
            connection.cursor().execute("PRAGMA journal_mode = WAL").fetchone()
    finally:
        connection.close()
