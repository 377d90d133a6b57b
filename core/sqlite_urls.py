"""URLs of SQLite files, whatever characters are in their paths."""

from __future__ import annotations

from pathlib import Path

__all__ = ["sqlite_file", "sqlite_url"]


def sqlite_url(path: Path) -> str:
    """The SQLAlchemy URL of an SQLite file; '?', '#' and '%' in its path are part of the path."""
    from sqlalchemy.engine import URL  # heavy, and settings are read for every command

    return URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)


def sqlite_file(url: str) -> Path | None:
    """The file of an SQLite database; None for one in memory and for other databases."""
    from sqlalchemy.engine import make_url

    parsed = make_url(url)
    on_disk = parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:")
    return Path(str(parsed.database)) if on_disk else None
