"""Tables of per-target values of scores that were not stored, by their hash, in the cache folder."""

from __future__ import annotations

from pathlib import Path

from ..core.files import write_bytes
from ..core.hashing import sha256_of_bytes

__all__ = ["keep_targets", "kept_targets"]

_MOST = 500


def keep_targets(table: bytes, cache_dir: Path) -> None:
    """Keep a table; beyond 500 of them, the oldest go."""
    folder = cache_dir / "targets"
    write_bytes(folder / f"{sha256_of_bytes(table)}.csv", table)
    for path in sorted(folder.glob("*.csv"), key=lambda one: one.stat().st_mtime)[:-_MOST]:
        path.unlink(missing_ok=True)


def kept_targets(sha256: str, cache_dir: Path) -> bytes | None:
    """The table of a hash, or None if it is not here, or not as it was written."""
    path = cache_dir / "targets" / f"{sha256}.csv"
    table = path.read_bytes() if path.is_file() else None
    return table if table is not None and sha256_of_bytes(table) == sha256 else None
