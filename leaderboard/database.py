"""The database behind the store: SQLite or PostgreSQL by URL, its transactions, and its errors as ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url

from ..core.errors import MissingPartError, StoreError
from ..core.sqlite_urls import sqlite_file

__all__ = ["database_file", "open_engine", "reading", "safe_url", "store_errors", "writing"]

_BUSY_SECONDS = 30
_WRITES = "innerscore_writes"
_WRITER_LOCK = 0x1_5C0_4E  # any number that no other user of the database locks

_HINTS = {
    "full": "Free some space and run the same command again; what was stored before is untouched.",
    "disk i/o error": "Check the disk and its free space; what was stored before is untouched.",
    "readonly": "Give yourself the right to write the file and its folder, or name another store.",
    "read-only": "Give yourself the right to write the file and its folder, or name another store.",
    "unable to open": "Give yourself the right to write the file and its folder, or name another store.",
    "permission denied": "Give yourself the right to write the file and its folder, or name another store.",
    "locked": "Another program holds the store; run the same command again when it is done.",
}


def open_engine(url: str, *, must_exist: bool = False) -> sa.Engine:
    """Connect to a store's database.

    Parameters
    ----------
    url : str
        SQLAlchemy URL: ``sqlite:///path/to/board.sqlite`` or ``postgresql://user@host/database``.
    must_exist : bool, default=False
        Refuse an SQLite file that is not there instead of making it.

    Raises
    ------
    StoreError
        If the URL is of another database, or the file or its folder is not there and cannot be made.
    MissingPartError
        If PostgreSQL's driver is not installed.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(url, must_exist)
    try:
        return sa.create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    except ImportError as error:
        raise MissingPartError(
            "The driver of PostgreSQL",
            got=str(error),
            needed="installed",
            hint="Run pip install 'innerscore[postgres]'.",
        ) from error


def database_file(url: str) -> Path | None:
    """The file of an SQLite database; None for one in memory and for PostgreSQL."""
    _parsed(url)
    return sqlite_file(url)


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction of the only writer: no other one begins before it ends, so what it reads stays true.

    On SQLite it holds the write lock from its first statement on (BEGIN IMMEDIATE); with a plain BEGIN two
    writers act on what they read before the other wrote. On PostgreSQL it holds an advisory lock, so records
    also become visible in the order of their numbers.
    """
    with engine.connect().execution_options(**{_WRITES: True}) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_WRITER_LOCK)))
        yield connection


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that only reads; it waits for no writer and no writer waits for it."""
    with engine.connect() as connection:
        yield connection


@contextmanager
def store_errors(url: str) -> Iterator[None]:
    """Turn what the database or the file system raises into a StoreError that says what to do."""
    try:
        yield
    except (sa.exc.SQLAlchemyError, OSError) as error:
        cause = str(getattr(error, "orig", None) or error)
        raise StoreError(
            f"The store {safe_url(url)}",
            got=cause.strip().splitlines()[0] if cause.strip() else type(error).__name__,
            needed="an SQLite or PostgreSQL database that can be written",
            hint=next((hint for sign, hint in _HINTS.items() if sign in cause.lower()), ""),
        ) from error


def safe_url(url: str) -> str:
    """The URL without its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except sa.exc.ArgumentError:
        return url.partition("@")[2] or url


def _parsed(url: str) -> URL:
    with store_errors(url):
        parsed = make_url(url)
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreError(
            "The store's URL",
            got=safe_url(url),
            needed="sqlite:///path/to/board.sqlite or postgresql://user@host/database",
        )
    return parsed


def _sqlite(url: str, must_exist: bool) -> sa.Engine:
    path = database_file(url)
    if path is not None and must_exist and not path.is_file():
        raise StoreError(f"The store {url}", got="no such file", needed="there")
    if path is not None:
        with store_errors(url):
            path.parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url, connect_args={"timeout": _BUSY_SECONDS})
    # The driver's own BEGIN comes too late and in the wrong form; see `writing`.
    sa.event.listen(engine, "connect", _leave_transactions_alone)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _leave_transactions_alone(connection: object, _record: object) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined]
    connection.execute("PRAGMA synchronous = FULL")  # type: ignore[attr-defined]


def _begin(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
