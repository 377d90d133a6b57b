"""Whether a database is whole, and whether it still refuses change."""

from __future__ import annotations

import sqlalchemy as sa

__all__ = ["broken_pages", "missing_guards"]

_TABLES = ("records", "attachments", "hidings")
_ACTIONS = {"sqlite": ("update", "delete", "replace"), "postgresql": ("change", "truncate")}
_STANDING = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%RAISE(ABORT%'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE tgenabled = 'O' AND NOT tgisinternal",
}


def missing_guards(connection: sa.Connection) -> list[str]:
    """The triggers against change that are not there or switched off, each as a sentence."""
    dialect = connection.dialect.name
    wanted = {f"{table}_no_{action}" for table in _TABLES for action in _ACTIONS[dialect]}
    standing = set(connection.execute(sa.text(_STANDING[dialect])).scalars())
    return [f"trigger {name} is not there" for name in sorted(wanted - standing)]


def broken_pages(connection: sa.Connection) -> list[str]:
    """The faults that SQLite finds in its own file; PostgreSQL checks its pages itself."""
    if connection.dialect.name != "sqlite":
        return []
    found = connection.exec_driver_sql("PRAGMA integrity_check(20)").scalars()
    return [str(line) for line in found if line != "ok"]
