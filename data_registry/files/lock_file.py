"""The lock file: hashes of files whose publisher gives none, recorded when they are first used.

``checksums.lock.json`` in the data folder holds, for each such file, size, SHA-256 and date of the first use,
and what it replaced. A later change is refused until a person accepts it.

Hashing a file of gigabytes takes longer than reading what is needed of it, so the lock also remembers how the
file looked when it was hashed (size, time of change in ns, inode) and takes a file that looks the same as
unchanged. That finds every honest change, and no deliberate one; ``innerscore data status --verify`` hashes all.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ...core.errors import ChecksumError, InvalidDataError
from ...core.files import exclusive, write_bytes
from ...core.hashing import sha256_of_file
from ...core.settings import Settings

__all__ = ["LOCK_NAME", "LockedFile", "accept", "forget", "hash_as_locked", "locked_file", "refuse_changed"]

LOCK_NAME = "checksums.lock.json"

Look = tuple[int, int, int]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Release(_Model):
    """Bytes that were accepted once: size, hash, and the day (UTC)."""

    size: int
    sha256: Sha256
    date: datetime.date


class LockedFile(Release):
    """One file's entry.

    Attributes
    ----------
    size, sha256, date : int, str, datetime.date
        Size, hash and date of the bytes that were first used, or accepted last.
    looks : mapping of str to tuple of int
        (size, time of change in ns, inode) of the file when it was found to have this hash, by path.
    replaced : tuple of Release
        Releases that were accepted before, the latest last.
    """

    looks: Mapping[str, Look] = {}
    replaced: tuple[Release, ...] = ()


class _LockFile(_Model):
    version: Annotated[int, Field(ge=1, le=1)] = 1
    files: Mapping[str, LockedFile] = {}


def locked_file(key: str, settings: Settings) -> LockedFile | None:
    """The entry of a file; None if it was never used.

    Parameters
    ----------
    key : str
        ``<folder>/<name>`` of the file.

    Raises
    ------
    InvalidDataError
        If the lock file cannot be read.
    """
    return _read(settings.data_dir / LOCK_NAME).files.get(key)


def hash_as_locked(key: str, path: Path, settings: Settings, *, full: bool = False, hint: str = "") -> str:
    """The SHA-256 of a file, which has to be the locked one; at the first use it is locked.

    Parameters
    ----------
    key : str
        ``<folder>/<name>`` of the file.
    path : pathlib.Path
        Path of the file.
    settings : Settings
        The data folder.
    full : bool, default=False
        Hash the file even if it looks as it did when it was hashed before.
    hint : str
        Advice for a change that is intended, for the message.

    Raises
    ------
    ChecksumError
        If the bytes differ from the locked ones; both hashes are shown, and the file stays where it is.
    InvalidDataError
        If the lock file cannot be read.
    """
    known = locked_file(key, settings)
    if known is not None and not full and known.looks.get(str(path)) == _look(path):
        return known.sha256
    look, found = _hashed(path)
    lock = settings.data_dir / LOCK_NAME
    with exclusive(lock):
        known = _read(lock).files.get(key) or _entry(look, found)
        if known.sha256 != found:
            raise _changed(path, known, found, hint)
        _write(lock, key, known.model_copy(update={"looks": {**known.looks, str(path): look}}))
    return found


def refuse_changed(key: str, path: Path, settings: Settings, *, hint: str = "") -> None:
    """Refuse a file whose bytes are not those that are locked under a key; nothing is locked or remembered.

    Raises
    ------
    ChecksumError
        If they differ; both hashes are shown.
    """
    known = locked_file(key, settings)
    if known is not None and known.sha256 != (found := sha256_of_file(path)):
        raise _changed(path, known, found, hint)


def accept(key: str, path: Path, settings: Settings) -> LockedFile:
    """Lock a file's present bytes; what was locked before is kept under ``replaced``.

    Returns
    -------
    entry : LockedFile
        Entry as it is locked now.
    """
    look, found = _hashed(path)
    lock = settings.data_dir / LOCK_NAME
    with exclusive(lock):
        known = _read(lock).files.get(key)
        if known is not None and known.sha256 == found:
            return known
        before = () if known is None else (*known.replaced, _release(known))
        entry = _entry(look, found, str(path), before)
        _write(lock, key, entry)
    return entry


def forget(folder: str, settings: Settings) -> None:
    """Take the entries of all files of a data set's folder out of the lock file."""
    lock = settings.data_dir / LOCK_NAME
    with exclusive(lock):
        files = {key: entry for key, entry in _read(lock).files.items() if not key.startswith(f"{folder}/")}
        write_bytes(lock, _as_json(files))


def _entry(look: Look, sha256: str, path: str = "", replaced: tuple[Release, ...] = ()) -> LockedFile:
    today = datetime.datetime.now(datetime.UTC).date()
    looks = {path: look} if path else {}
    return LockedFile(size=look[0], sha256=sha256, date=today, looks=looks, replaced=replaced)


def _release(entry: LockedFile) -> Release:
    return Release(size=entry.size, sha256=entry.sha256, date=entry.date)


def _hashed(path: Path) -> tuple[Look, str]:
    before = _look(path)
    found = sha256_of_file(path)
    if _look(path) != before:
        raise ChecksumError(f"The file {path}", got="one that changes as it is read", needed="at rest")
    return before, found


def _look(path: Path) -> Look:
    found = path.stat()
    return found.st_size, found.st_mtime_ns, found.st_ino


def _changed(path: Path, known: LockedFile, found: str, hint: str) -> ChecksumError:
    return ChecksumError(
        f"The file {path}",
        got=f"SHA-256 {found}",
        needed=f"of SHA-256 {known.sha256}, as locked on {known.date}",
        hint=hint,
    )


def _read(lock: Path) -> _LockFile:
    try:
        return _LockFile.model_validate_json(lock.read_bytes())
    except FileNotFoundError:
        return _LockFile()
    except (OSError, ValidationError) as error:
        raise InvalidDataError(
            f"The lock file {lock}",
            got=str(error),
            needed="readable as innerscore wrote it",
            hint="Put it right, or move it away: all unpinned files are then locked anew as they are.",
        ) from error


def _write(lock: Path, key: str, entry: LockedFile) -> None:
    write_bytes(lock, _as_json({**_read(lock).files, key: entry}))


def _as_json(files: Mapping[str, LockedFile]) -> bytes:
    return _LockFile(files=files).model_dump_json(indent=1).encode()
