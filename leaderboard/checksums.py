"""The list of an export's files with their hashes, in the form that ``sha256sum --check`` reads."""

from __future__ import annotations

from pathlib import Path

from ..core.errors import InvalidDataError
from ..core.hashing import sha256_of_file

__all__ = ["SUMS", "read_sums", "write_sums"]

SUMS = "SHA256SUMS"


def write_sums(folder: Path) -> None:
    """List every file below a folder."""
    lines = [f"{sha256_of_file(folder / name)}  {name}\n" for name in files_below(folder)]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


def read_sums(folder: Path) -> dict[str, str]:
    """Hashes by file name, as listed.

    Raises
    ------
    InvalidDataError
        If there is no list, or it is not in the form in which it was written.
    """
    try:
        text = (folder / SUMS).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _no_list(folder, str(error)) from error
    pairs = [line.split("  ", 1) for line in text.splitlines()]
    sums = {pair[-1]: pair[0] for pair in pairs}
    if "".join(f"{sha256}  {name}\n" for name, sha256 in sums.items()) != text or sorted(sums) != list(sums):
        raise _no_list(folder, "lines of another form")
    return sums


def files_below(folder: Path) -> list[str]:
    """Names of all files below a folder but for the list itself, sorted."""
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in names if name != SUMS)


def _no_list(folder: Path, got: str) -> InvalidDataError:
    return InvalidDataError(
        f"The list {folder / SUMS}",
        got=got,
        needed="as an export wrote it",
        hint="Name a folder that 'innerscore board export' wrote.",
    )
