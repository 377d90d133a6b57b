"""Whether a database is whole, its tables are what they seem, and whether it still refuses change."""

from __future__ import annotations

import sqlalchemy as sa

__all__ = ["broken_pages", "missing_guards", "unusual_tables", "without_bytes"]

_TABLES = ("records", "attachments", "hidings")
_READ = (*_TABLES, "origins", "withheld")
_WITH_BODIES = ("records", "attachments")
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


def unusual_tables(connection: sa.Connection) -> list[str]:
    """The store's tables that are views, virtual or computed, each as a sentence; any others are plain."""
    inspector = sa.inspect(connection)
    views = set(inspector.get_view_names()) & {*_READ, "alembic_version"}
    tables = [name for name in _READ if inspector.has_table(name) and name not in views]
    computed = [name for name in tables if any("computed" in one for one in inspector.get_columns(name))]
    virtual = [name for name in tables if name in _virtual(connection)]
    return [
        f"{name} is {kind}"
        for kind, names in (("a view", sorted(views)), ("computed", computed), ("virtual", virtual))
        for name in names
    ]


def without_bytes(connection: sa.Connection) -> list[str]:
    """The tables in which something else stands in place of bytes, each as a sentence; SQLite lets it."""
    if connection.dialect.name != "sqlite":
        return []
    query = "SELECT 1 FROM {} WHERE typeof(body) <> 'blob' LIMIT 1"
    found = [name for name in _WITH_BODIES if connection.exec_driver_sql(query.format(name)).first()]
    return [f"something else than bytes in {name}" for name in found]


def _virtual(connection: sa.Connection) -> set[str]:
    if connection.dialect.name != "sqlite":
        return set()
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL%'"
    return set(connection.exec_driver_sql(query.replace("%", "%%")).scalars())


def broken_pages(connection: sa.Connection) -> list[str]:
    """The faults that SQLite finds in its own file; PostgreSQL checks its pages itself."""
    if connection.dialect.name != "sqlite":
        return []
    found = connection.exec_driver_sql("PRAGMA integrity_check(20)").scalars()
    return [str(line) for line in found if line != "ok"]
