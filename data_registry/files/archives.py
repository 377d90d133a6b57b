"""Taking one file out of a zip archive, or those that are wanted; nothing outside the folder is ever written."""

from __future__ import annotations

import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from ...core.bundle_rules import BundleLimits, check_members
from ...core.errors import InvalidDataError
from ...core.files import atomic_path
from .downloading import check_space

__all__ = ["extract_member", "unpack"]

_DAMAGE = (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError)
_MOST_FILES = 100_000
_MOST_RATIO = 1100.0  # above what DEFLATE can reach: arrays of zeros are data, too


def extract_member(archive: Path, name: str, target: Path) -> None:
    """Write the one file of that name, in whatever folder of the archive, to `target`; of several, the topmost.

    Parameters
    ----------
    archive : pathlib.Path
        A zip file.
    name : str
        The file's name, or the last parts of its path.
    target : pathlib.Path
        Destination; the archive's own paths are not followed.

    Raises
    ------
    InvalidDataError
        If the archive is damaged, or has no such file or several in equally deep folders.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            found = _topmost([entry for entry in opened.infolist() if _is_wanted(entry, name)])
            if len(found) != 1:
                raise InvalidDataError(
                    f"The archive {archive}", got=f"{len(found)} files '{name}'", needed="with one"
                )
            with (
                opened.open(found[0]) as source,
                atomic_path(target) as temporary,
                temporary.open("wb") as written,
            ):
                shutil.copyfileobj(source, written, length=1 << 22)
    except _DAMAGE as error:
        raise InvalidDataError(f"The archive {archive}", got=str(error), needed="a whole zip file") from error


def unpack(archive: Path, folder: Path, wanted: Callable[[str], bool]) -> dict[str, Path]:
    """Write the files of a zip that are wanted below a folder.

    Parameters
    ----------
    archive : pathlib.Path
        A zip file.
    folder : pathlib.Path
        Destination.
    wanted : callable of str
        Whether a file is wanted, by its path in the zip, or in the one folder that holds all of it.

    Returns
    -------
    paths : dict of str to pathlib.Path
        Sorted, by the same paths.

    Raises
    ------
    InvalidDataError
        If the zip is damaged, or a file that is wanted is encrypted, has a path that leads out, or the name of
        another.
    MissingPartError
        If the disk has no room for them.
    """
    subject = f"The archive {archive}"
    try:
        with zipfile.ZipFile(archive) as opened:
            named = _without_top(opened.infolist())
            chosen = {name: entry for name, entry in sorted(named.items()) if wanted(name)}
            size = sum(entry.file_size for entry in chosen.values())
            limits = BundleLimits(content_bytes=size, files=_MOST_FILES, ratio=_MOST_RATIO)
            check_members(list(chosen.values()), limits, subject)
            check_space(folder, size, subject=f"what is in {archive}")
            for name, entry in chosen.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                with opened.open(entry) as source, (folder / name).open("wb") as written:
                    shutil.copyfileobj(source, written, length=1 << 22)
    except _DAMAGE as error:
        raise InvalidDataError(subject, got=str(error), needed="a whole zip file") from error
    return {name: folder / name for name in chosen}


def _without_top(entries: Iterable[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """The files by their paths, in the one folder that holds all of them if there is one."""
    files = [entry for entry in entries if not entry.is_dir() and not _is_macs(entry.filename)]
    tops = {entry.filename.partition("/")[::2] for entry in files}
    if len({top for top, _ in tops}) == 1 and all(rest for _, rest in tops):
        return {entry.filename.partition("/")[2]: entry for entry in files}
    return {entry.filename: entry for entry in files}


def _is_macs(name: str) -> bool:
    """Whether a Mac keeps it beside the files."""
    path = PurePosixPath(name)
    return "__MACOSX" in path.parts or path.name.startswith("._")


def _is_wanted(entry: zipfile.ZipInfo, name: str) -> bool:
    parts, wanted = PurePosixPath(entry.filename).parts, PurePosixPath(name).parts
    return parts[-len(wanted) :] == wanted and not entry.is_dir() and not _is_macs(entry.filename)


def _topmost(entries: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """Those in the fewest folders."""
    depths = [len(PurePosixPath(entry.filename).parts) for entry in entries]
    return [entry for entry, depth in zip(entries, depths, strict=True) if depth == min(depths)]
