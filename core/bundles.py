"""Bundles: a candidate's folder as one zip, packed here and checked wherever it comes from.

What a bundle is made of has one hash, whether it lies in a folder or in a zip: over the names and bytes of its
files, hidden ones and byte code left out. So the record of a submission names what its author can compute.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .bundle_rules import BundleLimits, check_content, check_members
from .cards import CandidateCard, card_of
from .errors import InvalidDataError, InvalidInputError
from .hashing import canonical_json, sha256_of_bytes, sha256_of_files
from .zips import check_directory

__all__ = [
    "CARD_NAME",
    "Bundle",
    "bundle_files",
    "folder_sha256",
    "pack_folder",
    "read_bundle",
    "unpack_bundle",
]

CARD_NAME = "candidate.yaml"

_EXCLUDED = re.compile(r"(^|/)(__pycache__|\.[^/]*)(/|$)|\.pyc$")
_EPOCH = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644 << 16
_DIRECTORY_BYTES = 2**20
_UNREADABLE = (zipfile.BadZipFile, zlib.error, ValueError, EOFError, OSError, RuntimeError)


@dataclass(frozen=True, eq=False)
class Bundle:
    """A checked bundle.

    Parameters
    ----------
    card : CandidateCard
        Its card.
    files : mapping of str to bytes
        Its files' contents, by path.
    content_sha256 : str
        SHA-256 over names and bytes of the files.
    zip_sha256 : str
        SHA-256 of the zip as it was received.
    """

    card: CandidateCard
    files: dict[str, bytes]
    content_sha256: str
    zip_sha256: str


def bundle_files(folder: Path) -> list[Path]:
    """The files that a candidate in a folder is made of."""
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and not _EXCLUDED.search(path.relative_to(folder).as_posix())
    ]


def folder_sha256(folder: Path) -> str:
    """Hash over the names and bytes of a candidate's files."""
    return sha256_of_files(bundle_files(folder), root=folder)


def pack_folder(folder: Path, limits: BundleLimits | None = None) -> bytes:
    """A candidate's folder as a zip; the same files give the same bytes.

    Raises
    ------
    InvalidInputError
        If it has no card, holds a link, or a file that a bundle may not have.
    """
    if not (folder / CARD_NAME).is_file():
        raise InvalidInputError(
            f"The folder {folder}", got=f"no {CARD_NAME}", needed="a candidate's folder with its card"
        )
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in _packed(folder):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr, entry.compress_type = _MODE, zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
    data = body.getvalue()
    read_bundle(data, limits, subject=f"The folder {folder}")
    return data


def read_bundle(data: bytes, limits: BundleLimits | None = None, *, subject: str = "The bundle") -> Bundle:
    """Read a bundle, trusting nothing of it; no code of it is run.

    Parameters
    ----------
    data : bytes
        The zip: the files of a candidate's folder, at its top or in one folder there.
    limits : BundleLimits, optional
        Size limits; by default those of `BundleLimits`.
    subject : str
        Name of the bundle, for messages.

    Raises
    ------
    InvalidDataError
        If it is no zip, too large, packed too densely, holds a link, a path that leads out, a name twice, a
        pickle or another file that a bundle may not have. The message names the member.
    InvalidCardError
        If its card is not valid.
    """
    allowed = limits or BundleLimits()
    if len(data) > allowed.zip_bytes:
        raise InvalidDataError(
            subject, got=f"{len(data)} bytes", needed=f"a zip of at most {allowed.zip_bytes} bytes"
        )
    check_directory(io.BytesIO(data), subject, most_bytes=_DIRECTORY_BYTES)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = check_members(archive.infolist(), allowed, subject)
            files = {member.filename: archive.read(member) for member in members}
    except _UNREADABLE as error:
        raise InvalidDataError(subject, got=str(error), needed="a whole zip") from error
    files = _without_top_folder(files)
    for name, body in files.items():
        check_content(name, body, subject)
    return _bundle(files, data, subject)


def unpack_bundle(bundle: Bundle, folder: Path) -> None:
    """Write a bundle's files into a new folder, readable by all users of the machine."""
    folder.mkdir(parents=True)
    for name, body in bundle.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)


def _bundle(files: dict[str, bytes], data: bytes, subject: str) -> Bundle:
    if CARD_NAME not in files:
        raise InvalidDataError(
            subject, got=f"no {CARD_NAME} in it", needed="a candidate's folder, card at the top"
        )
    unwanted = [name for name in files if _EXCLUDED.search(name)]
    if unwanted:
        raise InvalidDataError(
            f"The file '{unwanted[0]}' of {subject[0].lower()}{subject[1:]}",
            got="a hidden file or byte code",
            needed="left out",
            hint="'innerscore submit FOLDER' packs what belongs in.",
        )
    where = f"{CARD_NAME} of {subject[0].lower()}{subject[1:]}"
    card = card_of(files[CARD_NAME], where, CandidateCard, aliases=False)
    _check_named_files(card, files, subject)
    hashes = [[name, sha256_of_bytes(files[name])] for name in sorted(files)]
    return Bundle(card, files, sha256_of_bytes(canonical_json(hashes)), sha256_of_bytes(data))


def _check_named_files(card: CandidateCard, files: dict[str, bytes], subject: str) -> None:
    """The card's entry and weights have to be in the bundle: other code is not here to be run."""
    where = card.entry.partition(":")[0]
    if where not in files or not where.endswith(".py"):  # without the ending it is the name of a module
        raise InvalidDataError(
            f"The entry '{card.entry}' of {subject[0].lower()}{subject[1:]}",
            got="no such Python file in it",
            needed="a Python file of the bundle, as 'candidate.py:Model'",
        )
    if card.weights is not None and sha256_of_bytes(files.get(card.weights.file, b"")) != card.weights.sha256:
        raise InvalidDataError(
            f"The weights '{card.weights.file}' of {subject[0].lower()}{subject[1:]}",
            got="absent or other bytes",
            needed="those that the card names by hash",
        )


def _packed(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if _EXCLUDED.search(name):
            continue
        if path.is_symlink():
            raise InvalidInputError(f"The file {path}", got="a link", needed="a regular file")
        if path.is_file():
            yield name, path


def _without_top_folder(files: dict[str, bytes]) -> dict[str, bytes]:
    """Many programs pack the folder itself and not what is in it."""
    tops = {name.partition("/")[0] for name in files}
    if CARD_NAME in files or len(tops) != 1:
        return files
    top = f"{tops.pop()}/"
    return {name.removeprefix(top): body for name, body in files.items()}
