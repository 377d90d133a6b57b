"""The files of a data set by their endings: those that its card names, or all of a folder, such as a dandiset."""

from __future__ import annotations

from pathlib import Path

from ...core.cards import DatasetCard
from ...core.errors import MissingPartError
from ...core.settings import Settings
from .fetching import local_file, locate_file
from .lock_file import hash_as_locked

__all__ = ["folder_files", "own_files"]


def folder_files(card: DatasetCard, endings: tuple[str, ...], settings: Settings) -> dict[str, Path]:
    """Find all files of some kinds in a data set's folder and the folders below it, or those that its card names.

    Files that the card names are found, checked and fetched as by :func:`~.fetching.checked_file`, and no others
    are taken. Where it names none, they are looked for in the folder that ``innerscore data add`` made, then in
    ``data_dir/<folder>``, then in ``mirror/<folder>``; the first that has any is taken whole. The bytes of each
    file are locked at its first use and a later change is refused, as of every file without a published hash.

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
        If a file is not the published one, or the one that was used first.
    MissingPartError
        If there is none, or one that the card names is not here and cannot be fetched.
    """
    found = own_files(card, endings, settings)
    if found:
        return found
    kinds = " or ".join(endings)
    raise MissingPartError(
        f"The files of data set '{card.identifier}'",
        got=f"no {kinds} file",
        needed="in the data folder or in the mirror folder",
        hint=f"Save what {card.url} offers below {settings.data_dir / card.folder}, or set INNERSCORE_MIRROR to a "
        f"folder that has '{card.folder}'.",
    )


def own_files(card: DatasetCard, endings: tuple[str, ...], settings: Settings) -> dict[str, Path]:
    """The same files by their paths in the data set's folder; empty if there are none."""
    if card.files:
        return {name: locate_file(card, name, settings) for name in _named(card, endings, settings)}
    mirrored = [] if settings.mirror is None else [settings.mirror / card.folder]
    for root in [settings.own_datasets / card.identifier, settings.data_dir / card.folder, *mirrored]:
        found = sorted(path for path in root.rglob("*") if path.suffix.lower() in endings and path.is_file())
        named = {path.relative_to(root).as_posix(): path for path in found}
        for name, path in named.items():
            hash_as_locked(f"{card.folder}/{name}", path, settings)
        if named:
            return named
    return {}


def _named(card: DatasetCard, endings: tuple[str, ...], settings: Settings) -> list[str]:
    """Names of the card's files of some kinds, without optional ones that are not here."""
    files = [file for file in card.files if Path(file.name).suffix.lower() in endings]
    return sorted(
        file.name for file in files if not file.optional or local_file(card, file.name, settings) is not None
    )
