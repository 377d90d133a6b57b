"""Finding a data set's files: in the data folder, in a mirror folder, or by download; always checked."""

from __future__ import annotations

from pathlib import Path

import pooch

from ..core.cards import DataFile, DatasetCard
from ..core.errors import ChecksumError, MissingPartError
from ..core.files import atomic_path
from ..core.hashing import sha256_of_file
from ..core.settings import Settings

__all__ = ["local_file", "locate_file"]

_TIMEOUT_S = 15


def locate_file(card: DatasetCard, name: str, settings: Settings) -> Path:
    """Find one file of a data set and check that its bytes are the published ones.

    Looked for in ``data_dir/<folder>``, then ``mirror/<folder>``, then at its public address, from where it
    is downloaded into the data folder.

    Parameters
    ----------
    card : DatasetCard
        The data set.
    name : str
        Name of one of its files.
    settings : Settings
        Folders, and whether downloads are allowed.

    Raises
    ------
    ChecksumError
        If the bytes differ; both hashes are shown. A wrong file in the data folder or from a download is
        kept aside under a name that says so; a mirror is never touched.
    MissingPartError
        If the file is nowhere and cannot be downloaded.
    """
    file = next(file for file in card.files if file.name == name)
    found = local_file(card, name, settings)
    if found is None:
        return _download(card, file, settings)
    _check(found, file, aside=found.is_relative_to(settings.data_dir))
    return found


def local_file(card: DatasetCard, name: str, settings: Settings) -> Path | None:
    """The path of a data set's file on this machine, unchecked; None if it is not here."""
    folders = [settings.data_dir] + ([] if settings.mirror is None else [settings.mirror])
    paths = (folder / card.folder / name for folder in folders)
    return next((path for path in paths if path.is_file()), None)


def _download(card: DatasetCard, file: DataFile, settings: Settings) -> Path:
    target = settings.data_dir / card.folder / file.name
    if settings.offline:
        raise _missing(card, file, target, "downloads are switched off (INNERSCORE_OFFLINE)")
    fetch = pooch.HTTPDownloader(progressbar=False, timeout=_TIMEOUT_S)
    try:
        with atomic_path(target) as temporary:
            fetch(file.url, str(temporary), None)
    except Exception as error:  # requests raises many kinds; each means that the file cannot be had now
        raise _missing(card, file, target, f"the download failed: {error}") from error
    _check(target, file, aside=True)
    return target


def _check(path: Path, file: DataFile, *, aside: bool) -> None:
    found = sha256_of_file(path)
    if found == file.sha256:
        return
    hint = "The file is not the published one; replace it."
    if aside:
        kept = path.with_name(f"{path.name}.wrong-{found[:8]}")
        path.replace(kept)
        hint = f"It was kept aside as {kept}; run again to fetch the published file."
    raise ChecksumError(
        f"The file {path}", got=f"SHA-256 {found}", needed=f"of SHA-256 {file.sha256}", hint=hint
    )


def _missing(card: DatasetCard, file: DataFile, target: Path, why: str) -> MissingPartError:
    return MissingPartError(
        f"The file '{file.name}' of data set '{card.identifier}'",
        got=f"nothing ({why})",
        needed="in the data folder, in the mirror folder, or at its address",
        hint=f"Save {file.url} as {target}, or set INNERSCORE_MIRROR to a folder that has "
        f"'{card.folder}/{file.name}'.",
    )
