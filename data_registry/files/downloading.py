"""Downloading a file wholly or not at all; what was had of it is kept and continued.

Half a file is ``.<name>.part`` beside its place. It is continued where it ended if the host says that the file is
still the same (``If-Range``, RFC 9110, section 13.1.5), or if its hash is known and checked in the end.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import requests

from ...core.errors import InvalidDataError, MissingPartError
from .asking import RefusedError, asked

__all__ = ["Expected", "check_space", "download", "refuse_page"]

Bytes = Callable[[int, int], None]

_PIECE_BYTES = 2**16  # the last piece of what breaks off is lost
_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(!doctype\s+html|html)", re.IGNORECASE)
_RANGE = re.compile(r"bytes (\d+)-\d+/(?:\d+|\*)")
_PARTIAL, _UNSATISFIABLE = 206, 416


@dataclass(frozen=True)
class Expected:
    """Facts of a file that are known before it is downloaded.

    Parameters
    ----------
    size : int or None
        Size in bytes.
    most : int or None
        Largest size in bytes that is taken; None for what the disk holds.
    checked : bool, default=False
        Whether its hash is known and is checked afterwards: then it is continued even if the host does not say
        that it is the same file.
    """

    size: int | None = None
    most: int | None = None
    checked: bool = False


def download(url: str, target: Path, expected: Expected = Expected(), progress: Bytes | None = None) -> None:
    """Bring a public file to a path, wholly or not at all; one that was interrupted is continued.

    Parameters
    ----------
    url : str
        Address.
    target : pathlib.Path
        Destination. If another process brings it at the same time, this one waits.
    expected : Expected
        Facts of the file.
    progress : callable of (done, of), optional
        Called with the bytes that are here and the bytes in all, 0 where that is not known.

    Raises
    ------
    OSError
        If it cannot be had now; what came is kept for the next time.
    InvalidDataError
        If it is a web page, has more bytes than it may have, or lies where a redirect may not lead.
    MissingPartError
        If the disk has no room for it.
    """
    part = target.with_name(f".{target.name}.part")
    with _held(part) as file:
        if target.is_file():
            part.unlink()
            return
        try:
            _fill(url, file, part, expected, progress)
        except OSError as error:
            raise OSError(f"the download failed: {error}") from error
        finally:
            if os.fstat(file.fileno()).st_size == 0:
                _drop(part)
        os.fsync(file.fileno())
        part.chmod(0o644)
        part.replace(target)
        _tag_file(part).unlink(missing_ok=True)


def check_space(folder: Path, n_bytes: int, *, subject: str) -> None:
    """Check that the disk of a folder, which need not exist yet, has room.

    Raises
    ------
    MissingPartError
        If it has not.
    """
    free = _free(folder)
    if n_bytes > free:
        raise MissingPartError(
            f"The disk of {folder}",
            got=f"{free} free bytes",
            needed=f"one with {n_bytes} free bytes for {subject}",
            hint="Make room, or name another folder by INNERSCORE_DATA_DIR.",
        )


def refuse_page(url: str, kind: str, start: bytes) -> None:
    """Refuse a web page that stands in the place of a file, such as a form to log in.

    Parameters
    ----------
    url : str
        Address, for the message.
    kind : str
        Value of the header ``Content-Type``.
    start : bytes
        First bytes.

    Raises
    ------
    InvalidDataError
        If it is one: no data file begins with ``<``.
    """
    if _PAGE.match(start) or ("html" in kind.lower() and start.lstrip().startswith(b"<")):
        raise InvalidDataError(
            f"The address {url}",
            got="a web page",
            needed="the address of the file itself",
            hint="Copy the address of its download link; download a file behind a login in a browser and add that.",
        )


@contextmanager
def _held(part: Path) -> Iterator[BinaryIO]:
    """The partial file, for this process alone: whoever had it before may have moved it to its place."""
    import fcntl  # not on every system, and not needed to import the package

    part.parent.mkdir(parents=True, exist_ok=True)
    while True:
        with part.open("ab+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if _is_at(file, part):
                yield file
                return


def _is_at(file: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _fill(url: str, file: BinaryIO, part: Path, expected: Expected, progress: Bytes | None) -> None:
    """Ask for what lacks and write it behind what is there."""
    have = file.seek(0, os.SEEK_END)
    if expected.checked and have == expected.size:
        return
    try:
        with asked(url, _range(part, have, expected)) as answer:
            _take(url, answer, file, part, expected, progress)
    except RefusedError as error:
        if error.status != _UNSATISFIABLE or have == 0:
            raise
        with asked(url) as answer:  # what is here is not the beginning of the file that is there
            _take(url, answer, file, part, expected, progress)


def _range(part: Path, have: int, expected: Expected) -> dict[str, str]:
    """Headers that ask for the rest of a file."""
    tag = _read_tag(part)
    if have == 0 or not (tag or expected.checked):
        return {}
    return {"Range": f"bytes={have}-", **({"If-Range": tag} if tag else {})}


def _take(
    url: str,
    answer: requests.Response,
    file: BinaryIO,
    part: Path,
    expected: Expected,
    progress: Bytes | None,
) -> None:
    """Write an answer behind the bytes that come before it."""
    done = _first_byte(answer, file.seek(0, os.SEEK_END))
    length = answer.headers.get("content-length", "")
    of = done + int(length) if length.isdecimal() else 0
    limit = _limit(part, done, of, expected)
    if of > limit:
        raise _too_long(url, f"{of} bytes", limit)
    pieces = _pieces(answer)
    first = next(pieces, b"")
    if done == 0:
        refuse_page(url, answer.headers.get("content-type", ""), first)
    file.truncate(done)
    _write_tag(part, answer)
    for piece in chain([first], pieces):
        done += len(piece)
        if done > limit:
            file.truncate(0)
            raise _too_long(url, "one that does not end there", limit)
        file.write(piece)
        file.flush()
        if progress is not None:
            progress(done, of)
    if done < (of or expected.size or 0):
        raise OSError(f"the connection ended after {done} of {of or expected.size} bytes")


def _pieces(answer: requests.Response) -> Iterator[bytes]:
    try:
        yield from answer.iter_content(_PIECE_BYTES)
    except requests.RequestException as error:
        raise OSError("the connection broke off") from error


def _first_byte(answer: requests.Response, have: int) -> int:
    """The byte of the file with which the answer begins: the first, or the one after those that are here."""
    if answer.status_code != _PARTIAL:
        return 0
    found = _RANGE.fullmatch(answer.headers.get("content-range", ""))
    if found is None or int(found[1]) != have:
        raise OSError(f"the answer is another part of the file than from byte {have} on")
    return have


def _limit(part: Path, done: int, of: int, expected: Expected) -> int:
    """Largest size that is taken; what the disk cannot hold is said before anything is written."""
    check_space(part.parent, of - done, subject=f"the rest of {part.name[1:].removesuffix('.part')}")
    bounds = [bound for bound in (expected.size, expected.most) if bound is not None]
    return min([*bounds, done + _free(part.parent)])


def _free(folder: Path) -> int:
    """Free bytes of a folder's disk, or of the nearest folder above it that exists."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return shutil.disk_usage(there).free


def _too_long(url: str, got: str, limit: int) -> InvalidDataError:
    return InvalidDataError(f"The file at {url}", got=got, needed=f"of at most {limit} bytes")


def _tag_file(part: Path) -> Path:
    return part.with_name(f"{part.name}.tag")


def _read_tag(part: Path) -> str:
    try:
        return _tag_file(part).read_text()
    except (OSError, UnicodeDecodeError):
        return ""


def _write_tag(part: Path, answer: requests.Response) -> None:
    """Keep what tells this state of the file from others: a strong validator, or the time of its last change."""
    tag = answer.headers.get("etag", "")
    if not tag or tag.startswith("W/"):
        tag = answer.headers.get("last-modified", "")
    _tag_file(part).write_text(tag)


def _drop(part: Path) -> None:
    part.unlink(missing_ok=True)
    _tag_file(part).unlink(missing_ok=True)
