"""Writing files so that nobody ever sees half of one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import InvalidInputError

__all__ = ["atomic_path", "write_bytes"]


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a temporary path in the same folder that becomes `path` once the block ends well.

    The temporary file is synced to disk before it is renamed; if the block raises, it is removed and what
    stood at `path` stays as it was.

    Raises
    ------
    InvalidInputError
        If the folder cannot be made or written.

    Examples
    --------
    >>> with atomic_path(Path("scores.json")) as temporary:  # doctest: +SKIP
    ...     temporary.write_text("{}")
    """
    temporary = _empty_beside(path)
    try:
        yield temporary
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _empty_beside(path: Path) -> Path:
    """An empty temporary file in a path's folder, which is made if it does not exist."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    except OSError as error:
        raise InvalidInputError(
            f"The folder {path.parent}", got=error.strerror or str(error), needed="one that can be written"
        ) from error
    os.close(handle)
    return Path(name)


def write_bytes(path: Path, data: bytes) -> None:
    """Write bytes to a file, wholly or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)
