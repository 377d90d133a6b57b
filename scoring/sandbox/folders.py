"""Temporary folders of sandboxes: they go with their owner, or after its death when another process looks."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["delete_abandoned", "own_folder"]

_PREFIX = "innerscore-sandbox-"
_SECONDS_TO_LOCK = 60.0


@contextmanager
def own_folder() -> Iterator[Path]:
    """A new folder until the block ends; locked for as long as this process lives."""
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    with _locked(folder):
        try:
            yield folder
        finally:
            shutil.rmtree(folder)


def delete_abandoned() -> None:
    """Delete the folders of processes that were killed; those of living ones and of other users stay."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):  # in use, another user's, a link, or deleted meanwhile
            facts = folder.lstat()
            if facts.st_uid == os.geteuid() and time.time() - facts.st_mtime > _SECONDS_TO_LOCK:
                with _locked(folder):
                    shutil.rmtree(folder)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold a folder's lock, which the system takes back when this process ends in whatever way.

    Raises
    ------
    OSError
        If another process holds it, or it is no folder.
    """
    import fcntl  # not on every system, and not needed to import the package

    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)
