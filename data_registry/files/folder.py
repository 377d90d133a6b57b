"""The files of a data set by their endings: those that its card names, or all of a folder, such as a dandiset."""

from __future__ import annotations

from pathlib import Path

from ...core.cards import DataFile, DatasetCard
from ...core.errors import InvalidArgumentError, MissingPartError
from ...core.settings import Settings
from .fetching import check_pinned, checked_file, local_file, roots
from .lock_file import LockedFile, accept, hash_as_locked, locked_file

__all__ = ["accept_in_folder", "folder_files", "own_files", "whole_folder"]


def folder_files(card: DatasetCard, endings: tuple[str, ...], settings: Settings) -> dict[str, Path]:
    """Find the files of some kinds that a data set's card names, or all in its folder and the folders below it.

    Files that the card names are found, checked and fetched as by :func:`~.fetching.checked_file`, and no others
    are taken. Where it names none, they are looked for as by :func:`whole_folder`.

    Parameters
    ----------
    card : DatasetCard
        The data set.
    endings : tuple of str
        Such as ``(".nwb",)``; case does not matter.
    settings : Settings
        Folders.

    Returns
    -------
    paths : dict of str to pathlib.Path
        Sorted, by their paths in the data set's folder.

    Raises
    ------
    ChecksumError
        If a file is not the published one, or not the one that was used first.
    MissingPartError
        If there is none, or one that the card names is not here and cannot be fetched.
    """
    return _or_missing(own_files(card, endings, settings), card, endings, settings)


def own_files(card: DatasetCard, endings: tuple[str, ...], settings: Settings) -> dict[str, Path]:
    """The same files by their paths in the data set's folder; empty if there are none."""
    return _listed(card, endings, settings) if _named(card, endings) else _in_folder(card, endings, settings)


def whole_folder(card: DatasetCard, endings: tuple[str, ...], settings: Settings) -> dict[str, Path]:
    """Find all files of some kinds in a data set's folder and the folders below it; parameters as above.

    They are looked for in the folder that ``innerscore data add`` made, then in ``data_dir/<folder>``, then in
    ``mirror/<folder>``; the first that has any is taken whole. Where none has, the files that the card names are
    fetched. The bytes of a file whose hash is on the card must be those; of every other file they are locked at
    its first use and a later change is refused.

    Raises
    ------
    ChecksumError, MissingPartError
        As :func:`folder_files`.
    """
    found = _in_folder(card, endings, settings) or _listed(card, endings, settings)
    return _or_missing(found, card, endings, settings)


def _or_missing(
    found: dict[str, Path], card: DatasetCard, endings: tuple[str, ...], settings: Settings
) -> dict[str, Path]:
    if found:
        return found
    raise MissingPartError(
        f"The files of data set '{card.identifier}'",
        got=f"no {' or '.join(endings)} file",
        needed="in the data folder or in the mirror folder",
        hint=f"Save what {card.url} offers below {settings.data_dir / card.folder}, or set INNERSCORE_MIRROR to a "
        f"folder that has '{card.folder}'.",
    )


def _in_folder(card: DatasetCard, endings: tuple[str, ...], settings: Settings) -> dict[str, Path]:
    for root in roots(card, settings):
        found = sorted(path for path in root.rglob("*") if path.suffix.lower() in endings and path.is_file())
        named = {path.relative_to(root).as_posix(): path for path in found}
        for name, path in named.items():
            _check_bytes(card, name, path, settings)
        if named:
            return named
    return {}


def accept_in_folder(card: DatasetCard, name: str, settings: Settings) -> LockedFile:
    """Take the present bytes of a file that was used before for the right ones.

    Raises
    ------
    InvalidArgumentError
        If no such file is there, or it was never used.
    """
    key, paths = f"{card.folder}/{name}", [root / name for root in roots(card, settings)]
    path = next((path for path in paths if path.is_file()), None)
    if path is None or locked_file(key, settings) is None:
        raise InvalidArgumentError(
            f"The file of '{card.identifier}'",
            got=f"'{name}', {'not there' if path is None else 'never used'}",
            needed="one that is there and whose checksum is locked",
            hint="Name it by its path in the data set's folder; a file is locked when it is used first.",
        )
    return accept(key, path, settings)


def _named(card: DatasetCard, endings: tuple[str, ...]) -> list[DataFile]:
    return [file for file in card.files if file.name.lower().endswith(endings)]


def _listed(card: DatasetCard, endings: tuple[str, ...], settings: Settings) -> dict[str, Path]:
    """Those that the card names, downloaded if need be, without optional ones that are not here."""
    names = sorted(
        file.name
        for file in _named(card, endings)
        if not file.optional or local_file(card, file.name, settings) is not None
    )
    return {name: checked_file(card, name, settings).path for name in names}


def _check_bytes(card: DatasetCard, name: str, path: Path, settings: Settings) -> None:
    pinned = next((file.sha256 for file in card.files if file.name == name), None)
    if pinned is None:
        hint = f"If this is a new release: innerscore data accept {card.identifier} {name}"
        hash_as_locked(f"{card.folder}/{name}", path, settings, hint=hint)
    else:
        check_pinned(path, pinned, aside=path.is_relative_to(settings.data_dir))
