"""Limits on a bundle's content: its size, its file names, and no pickles."""

from __future__ import annotations

import re
import stat
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from .errors import InvalidDataError

__all__ = ["BundleLimits", "check_content", "check_members"]

_PART = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.\-+ ]{0,99}")
_MOST_PARTS = 8
_PICKLES = {".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".joblib", ".dill", ".bin"}
_PICKLE_STARTS = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_SMALL = 2**20  # small files may be packed as densely as they like


@dataclass(frozen=True)
class BundleLimits:
    """Size limits of a bundle.

    Parameters
    ----------
    zip_bytes : int
        Largest size of the zip, in bytes.
    content_bytes : int
        Largest size of its files together, in bytes.
    files : int
        Largest number of files.
    ratio : float
        Largest ratio of a file's bytes to its bytes in the zip, for files above 1 MiB.
    """

    zip_bytes: int = 64 * 2**20
    content_bytes: int = 256 * 2**20
    files: int = 500
    ratio: float = 100.0


def check_members(
    members: list[zipfile.ZipInfo], limits: BundleLimits, subject: str
) -> list[zipfile.ZipInfo]:
    """The files among a zip's members, if all of it may be unpacked; nothing of it was read by then.

    Raises
    ------
    InvalidDataError
        Naming the member that may not.
    """
    if len(members) > limits.files:
        raise InvalidDataError(subject, got=f"{len(members)} members", needed=f"of at most {limits.files}")
    size = sum(member.file_size for member in members)
    if size > limits.content_bytes:
        raise InvalidDataError(
            subject,
            got=f"{size} bytes when unpacked",
            needed=f"of at most {limits.content_bytes} bytes when unpacked",
        )
    for member in members:
        _check_member(member, limits, subject)
    _check_distinct([member.filename for member in members], subject)
    return [member for member in members if not member.is_dir()]


def check_content(name: str, body: bytes, subject: str) -> None:
    """Refuse pickles, under whichever name: they are code that runs when it is read.

    A zip that is no npz is refused, too; torch's checkpoints are zips with a pickle in them.
    """
    suffix = PurePosixPath(name).suffix.lower()
    zipped = body.startswith(b"PK\3\4") and suffix != ".npz"
    if suffix in _PICKLES or zipped or body.startswith(_PICKLE_STARTS):
        raise InvalidDataError(
            f"The file '{name}' of {subject[0].lower()}{subject[1:]}",
            got="a pickle, or a format that holds one",
            needed="without code hidden in data",
            hint="Keep weights as safetensors.",
        )


def _check_member(member: zipfile.ZipInfo, limits: BundleLimits, subject: str) -> None:
    kind = stat.S_IFMT(member.external_attr >> 16)
    refusals = {
        "a path that leads out or has characters that paths here may not have": not _is_plain(member),
        "a link or a special file": kind not in (0, stat.S_IFREG, stat.S_IFDIR),
        "an encrypted file": bool(member.flag_bits & 0x1),
        "a rare way of packing": member.compress_type not in _PACKED,
        f"packed to less than 1/{limits.ratio:.0f} of its size": _is_dense(member, limits),
    }
    for fault, found in refusals.items():
        if found:
            raise InvalidDataError(
                f"The member {member.orig_filename[:120]!r} of {subject[0].lower()}{subject[1:]}",
                got=fault,
                needed="a plain file with a relative path of letters, digits and '_.-+ '",
            )


def _is_plain(member: zipfile.ZipInfo) -> bool:
    # zipfile changes backslashes and cuts at a NUL; what stands in the zip is what is judged.
    parts = member.orig_filename.removesuffix("/").split("/")
    legal = all(_PART.fullmatch(part) and part.strip(". ") and part == part.strip() for part in parts)
    return legal and len(parts) <= _MOST_PARTS and member.orig_filename == member.filename


def _is_dense(member: zipfile.ZipInfo, limits: BundleLimits) -> bool:
    return member.file_size > _SMALL and member.file_size > limits.ratio * member.compress_size


def _check_distinct(names: Iterable[str], subject: str) -> None:
    """No two names that some file system takes for one, folders among them."""
    spelled: dict[str, str] = {}
    files: set[str] = set()
    folders: set[str] = set()
    for name in names:
        parts = name.removesuffix("/").split("/")
        paths = ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]
        own = [] if name.endswith("/") else [paths.pop().casefold()]
        for path in [*paths, *([name] if own else [])]:
            if spelled.setdefault(path.casefold(), path) != path:
                raise _twice(name, subject)
        if files.intersection(own):
            raise _twice(name, subject)
        files.update(own)
        folders.update(path.casefold() for path in paths)
    for name in files & folders:
        raise _twice(name, subject)


def _twice(name: str, subject: str) -> InvalidDataError:
    return InvalidDataError(
        f"The member '{name}' of {subject[0].lower()}{subject[1:]}",
        got="a name that another member has",
        needed="distinct, capital and small letters taken for the same",
    )
