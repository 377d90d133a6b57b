"""Writing a folder so that nobody ever sees half of one: next to its place first, then moved there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import InvalidInputError

__all__ = ["whole_folder"]


@contextmanager
def whole_folder(folder: Path, *, replaceable: Collection[str]) -> Iterator[Path]:
    """Give a folder next to `folder` that takes its place once the block ends well.

    If the block raises or the process dies, the earlier content of `folder` is as it was; remains that a dead
    process left next to it are removed by the next one.

    Parameters
    ----------
    folder : pathlib.Path
        The place.
    replaceable : collection of str
        Names that may be lost with the folder that is there already; one that holds others is refused.

    Raises
    ------
    InvalidInputError
        If the folder cannot be written, or holds files of somebody else.
    """
    place = folder.absolute()
    _check_replaceable(place, replaceable)
    with _named_errors(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(place)
        new = place.with_name(f".{place.name}.{os.getpid()}.part")
        new.mkdir()
    try:
        with _named_errors(place):
            yield new
            os.sync()
            _swap(new, place)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _check_replaceable(folder: Path, replaceable: Collection[str]) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise InvalidInputError(f"The folder {folder}", got="a file", needed="a folder, or a free name")
    foreign = sorted(path.name for path in folder.iterdir() if path.name not in replaceable)
    if foreign:
        raise InvalidInputError(
            f"The folder {folder}",
            got=f"with files that no export wrote: {', '.join(foreign[:5])}",
            needed="new, empty or an earlier export",
            hint="Name another folder: an export replaces the whole of it.",
        )


def _remove_leftovers(place: Path) -> None:
    """Remove the remains of dead processes next to the place; put back a folder that one had moved away."""
    prefix = f".{place.name}."
    for leftover in [path for path in place.parent.iterdir() if path.name.startswith(prefix)]:
        number, _, kind = leftover.name.removeprefix(prefix).partition(".")
        if kind not in ("part", "old") or not number.isdigit() or _is_alive(int(number)):
            continue
        if kind == "old" and not place.exists():
            leftover.rename(place)
        else:
            shutil.rmtree(leftover)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _swap(new: Path, place: Path) -> None:
    """Two renames; a process that dies between them leaves the old folder to be put back by the next one."""
    old = place.with_name(f".{place.name}.{os.getpid()}.old")
    if place.exists():
        place.rename(old)
    try:
        new.rename(place)
    except OSError:
        with suppress(FileNotFoundError):
            old.rename(place)
        raise
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _named_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InvalidInputError(
            f"The folder {folder}",
            got=error.strerror or str(error),
            needed="one that can be written",
            hint="What stood there before is untouched.",
        ) from error
