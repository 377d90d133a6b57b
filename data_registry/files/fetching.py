"""Finding a data set's files: in the data folder, in a mirror folder, or by download; always checked.

A file whose hash is on the card is *pinned*. One whose publisher gives no hash is *locked* at its first use
(:mod:`.lock_file`), and a later change refused in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ...core.cards import DataFile, DatasetCard
from ...core.errors import ChecksumError, InvalidArgumentError, MissingPartError
from ...core.hashing import sha256_of_file
from ...core.settings import Settings
from .archives import extract_member
from .downloading import Bytes, Expected, download
from .lock_file import LockedFile, accept, hash_as_locked, locked_file

__all__ = [
    "LARGE",
    "CheckedFile",
    "FileStatus",
    "accept_file",
    "check_pinned",
    "checked_file",
    "file_status",
    "local_file",
    "locate_file",
    "roots",
]

LARGE = 200_000_000  # bytes


@dataclass(frozen=True)
class CheckedFile:
    """A file on this machine and the SHA-256 that its bytes were found to have."""

    path: Path
    sha256: str


@dataclass(frozen=True)
class FileStatus:
    """Status of a file, found without using it.

    Attributes
    ----------
    state : {"here", "altered", "missing"}
        Whether it is on this machine, with the pinned or locked bytes.
    checksum : {"pinned", "locked", "unknown"}
        Origin of the hash: the card, the first use on this machine, or nowhere yet.
    path : pathlib.Path or None
        Its path on this machine.
    """

    state: Literal["here", "altered", "missing"]
    checksum: Literal["pinned", "locked", "unknown"]
    path: Path | None


def locate_file(card: DatasetCard, name: str, settings: Settings) -> Path:
    """The path of :func:`checked_file`."""
    return checked_file(card, name, settings).path


def checked_file(
    card: DatasetCard,
    name: str,
    settings: Settings,
    *,
    full: bool = False,
    large: bool = False,
    progress: Bytes | None = None,
) -> CheckedFile:
    """Find one file of a data set and check that its bytes are the published ones, or those locked before.

    Looked for in the folder that ``innerscore data add`` made, then in ``data_dir/<folder>``, then in
    ``mirror/<folder>``, then at its public address, from where it is downloaded into the data folder.

    Parameters
    ----------
    card : DatasetCard
        The data set.
    name : str
        Name of one of its files.
    settings : Settings
        Folders, and whether downloads are allowed.
    full : bool, default=False
        Hash a locked file even if it looks unchanged; pinned files always are.
    large : bool, default=False
        Download the file even if it is large, or in an archive: minutes to hours that nobody should meet
        unasked in the middle of something else.
    progress : callable of (done, of), optional
        Called with the bytes that are here and the bytes in all as it is downloaded.

    Raises
    ------
    ChecksumError
        If the bytes differ; both hashes are shown. A file in the data folder that is not the pinned one is
        kept aside under a name that says so; a locked file, and a mirror, are never touched.
    MissingPartError
        If the file is nowhere and cannot be downloaded.
    """
    file = next(file for file in card.files if file.name == name)
    path = local_file(card, name, settings) or _fetched(card, file, settings, progress, large=large)
    if file.sha256 is None:
        return CheckedFile(path, _locked_hash(card, file, path, settings, full=full))
    check_pinned(path, file.sha256, aside=path.is_relative_to(settings.data_dir))
    return CheckedFile(path, file.sha256)


def local_file(card: DatasetCard, name: str, settings: Settings) -> Path | None:
    """The path of a data set's file on this machine, unchecked; None if it is not here."""
    paths = (folder / name for folder in roots(card, settings))
    return next((path for path in paths if path.is_file()), None)


def roots(card: DatasetCard, settings: Settings) -> list[Path]:
    """Folders in which the files of a data set may lie, in the order in which they are looked at."""
    mirrored = [] if settings.mirror is None else [settings.mirror / card.folder]
    return [settings.own_datasets / card.identifier, settings.data_dir / card.folder, *mirrored]


def file_status(card: DatasetCard, file: DataFile, settings: Settings, *, full: bool = False) -> FileStatus:
    """Look at a file without using, locking or moving it.

    Parameters
    ----------
    card, file, settings : DatasetCard, DataFile, Settings
        The file.
    full : bool, default=False
        Hash a locked file even if it looks unchanged; pinned files always are.
    """
    path = local_file(card, file.name, settings)
    if file.sha256 is not None:
        altered = path is not None and sha256_of_file(path) != file.sha256
        return FileStatus(_state(path, altered), "pinned", path)
    if locked_file(_key(card, file), settings) is None:
        return FileStatus(_state(path, False), "unknown", path)
    altered = path is not None and not _is_as_locked(card, file, path, settings, full=full)
    return FileStatus(_state(path, altered), "locked", path)


def accept_file(card: DatasetCard, file: DataFile, settings: Settings) -> LockedFile:
    """Take the bytes of an unpinned file as they are now for the right ones, such as a new release.

    Raises
    ------
    InvalidArgumentError
        If the card pins the file: then only a new card changes its hash.
    MissingPartError
        If the file is not here.
    """
    if file.sha256 is not None:
        raise InvalidArgumentError(
            f"The file '{file.name}'", got="one whose hash is on the card", needed="without a pinned hash"
        )
    path = local_file(card, file.name, settings)
    if path is None:
        raise _missing(card, file, settings, "it is not on this machine")
    return accept(_key(card, file), path, settings)


def _state(path: Path | None, altered: bool) -> Literal["here", "altered", "missing"]:
    return "missing" if path is None else "altered" if altered else "here"


def _key(card: DatasetCard, file: DataFile) -> str:
    return f"{card.folder}/{file.name}"


def _locked_hash(card: DatasetCard, file: DataFile, path: Path, settings: Settings, *, full: bool) -> str:
    hint = f"If this is a new release: innerscore data accept {card.identifier} {file.name}"
    return hash_as_locked(_key(card, file), path, settings, full=full, hint=hint)


def _is_as_locked(card: DatasetCard, file: DataFile, path: Path, settings: Settings, *, full: bool) -> bool:
    try:
        _locked_hash(card, file, path, settings, full=full)
    except ChecksumError:
        return False
    return True


def _fetched(
    card: DatasetCard, file: DataFile, settings: Settings, progress: Bytes | None, *, large: bool
) -> Path:
    """Bring a file to the data folder: out of its archive, or from its address."""
    folder = settings.data_dir / card.folder
    target = folder / file.name
    if file.archive is None:
        expected = Expected(file.size if file.sha256 else None, checked=file.sha256 is not None)
        _download(card, file, target, settings, expected, progress, large=large)
        return target
    archive = local_file(card, file.archive, settings)
    if archive is None:
        archive = folder / file.archive
        _download(card, file, archive, settings, Expected(), progress, large=large)
    extract_member(archive, file.name, target)
    return target


def _download(
    card: DatasetCard,
    file: DataFile,
    target: Path,
    settings: Settings,
    expected: Expected,
    progress: Bytes | None,
    *,
    large: bool,
) -> None:
    if settings.offline:
        raise _missing(card, file, settings, "downloads are switched off (INNERSCORE_OFFLINE)")
    if not large and (file.archive is not None or (file.size or 0) > LARGE):
        raise _missing(card, file, settings, f"large files come by 'innerscore data fetch {card.identifier}'")
    try:
        download(file.url, target, expected, progress)
    except OSError as error:
        raise _missing(card, file, settings, str(error)) from error


def check_pinned(path: Path, pinned: str, *, aside: bool) -> None:
    """Check that a file has the bytes that its card pins; with `aside`, one that has not is renamed.

    Raises
    ------
    ChecksumError
        If it has others.
    """
    found = sha256_of_file(path)
    if found == pinned:
        return
    hint = "The file is not the published one; replace it."
    if aside:
        kept = path.with_name(f"{path.name}.wrong-{found[:8]}")
        path.replace(kept)
        hint = f"It was kept aside as {kept}; run again to fetch the published file."
    raise ChecksumError(f"The file {path}", got=f"SHA-256 {found}", needed=f"of SHA-256 {pinned}", hint=hint)


def _missing(card: DatasetCard, file: DataFile, settings: Settings, why: str) -> MissingPartError:
    target = settings.data_dir / card.folder
    save = f"Save {file.url} as {target / (file.archive or file.name)}"
    if file.archive is not None:
        save += f", or the file alone as {target / file.name}"
    return MissingPartError(
        f"The file '{file.name}' of data set '{card.identifier}'",
        got=f"nothing ({why})",
        needed="in the data folder, in the mirror folder, or at its address",
        hint=f"{save}, or set INNERSCORE_MIRROR to a folder that has '{card.folder}/{file.name}'.",
    )
