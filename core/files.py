"""Writing files so that nobody ever sees half of one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import InvalidInputError

__all__ = ["atomic_path", "exclusive", "write_bytes"]


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
    >>> with atomic_path(Path("scores.json")) as temporary:
    ...     n_characters = temporary.write_text("{}")
    >>> Path("scores.json").read_text()
    '{}'
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
        raise _cannot_write(path.parent, error) from error
    os.close(handle)
    return Path(name)


def _cannot_write(folder: Path, error: OSError) -> InvalidInputError:
    return InvalidInputError(
        f"The folder {folder}", got=error.strerror or str(error), needed="one that can be written"
    )


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Let one process at a time into the block, for all that name the same path.

    The lock is on an empty file ``.<name>.guard`` beside `path`, which stays; it is released when the block
    ends or the process dies.

    Raises
    ------
    InvalidInputError
        If the folder cannot be made or written.
    """
    import fcntl  # not on every system, and not needed to import the package

    guard = path.with_name(f".{path.name}.guard")
    try:
        guard.parent.mkdir(parents=True, exist_ok=True)
        held = guard.open("a")
    except OSError as error:
        raise _cannot_write(path.parent, error) from error
    with held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def write_bytes(path: Path, data: bytes) -> None:
    """Write bytes to a file, wholly or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)
