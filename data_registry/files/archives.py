"""Taking one file out of a zip archive, wholly or not at all."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path, PurePosixPath

from ...core.errors import InvalidDataError
from ...core.files import atomic_path

__all__ = ["extract_member"]


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
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        raise InvalidDataError(f"The archive {archive}", got=str(error), needed="a whole zip file") from error


def _is_wanted(entry: zipfile.ZipInfo, name: str) -> bool:
    parts, wanted = PurePosixPath(entry.filename).parts, PurePosixPath(name).parts
    return parts[-len(wanted) :] == wanted and not entry.is_dir() and "__MACOSX" not in parts


def _topmost(entries: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """Those in the fewest folders."""
    depths = [len(PurePosixPath(entry.filename).parts) for entry in entries]
    return [entry for entry, depth in zip(entries, depths, strict=True) if depth == min(depths)]
