"""Data sets that lie elsewhere: a dandiset, or the address of a file or of a zip of files.

First it is asked what there is (an offer), so that a person knows what would be fetched; then it is fetched into
``.downloads`` of the data folder, where what is there is not fetched again.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from pydantic import ValidationError

from ...core.cards import DataFile
from ...core.errors import InvalidDataError, InvalidInputError, MissingPartError
from ...core.hashing import sha256_of_bytes, sha256_of_file
from ...core.settings import Settings
from .archives import unpack
from .asking import asked
from .dandi import dandiset_files, dandiset_version, named_dandiset, with_hash
from .downloading import Bytes, Expected, check_space, download, refuse_page
from .fetching import LARGE, check_pinned

__all__ = ["Fetched", "Offer", "Selection", "fetch_offer", "find_offer", "is_remote"]

_START_BYTES = 512
_TEXTS = (".yaml", ".bib")  # cards and what they extend, which a zip may have


@dataclass(frozen=True)
class Selection:
    """Selection of the files of a source.

    Parameters
    ----------
    endings : tuple of str
        Endings of data files, such as ``(".nwb",)``; case does not matter.
    patterns : tuple of str
        Patterns of paths of which a file has to match one; empty for all.
    """

    endings: tuple[str, ...]
    patterns: tuple[str, ...] = ()

    def has(self, path: str) -> bool:
        """Whether a file of that path is selected."""
        matches = not self.patterns or any(fnmatchcase(path, pattern) for pattern in self.patterns)
        return path.lower().endswith(self.endings) and matches


@dataclass(frozen=True)
class Offer:
    """Files that a source has, before any of them is fetched.

    Parameters
    ----------
    title : str
        Name of the source, with its version.
    files : tuple of DataFile
        Files, with sizes and hashes where they are known.
    state : str
        Mark that tells this state of the source from others.
    zipped : bool
        Whether its only file is a zip of the data set's files.
    """

    title: str
    files: tuple[DataFile, ...]
    state: str = ""
    zipped: bool = False

    @property
    def size(self) -> int | None:
        """Size of all files in bytes; None if that of one is not known."""
        sizes = [file.size for file in self.files if file.size is not None]
        return sum(sizes) if len(sizes) == len(self.files) else None


@dataclass(frozen=True)
class Fetched:
    """Files of an offer on this machine.

    Parameters
    ----------
    folder : pathlib.Path
        Folder that has all that was fetched, to be removed when it was used.
    root : pathlib.Path
        Folder in it that stands for the data set's.
    files : mapping of str to pathlib.Path
        Data files by their paths in the data set's folder.
    pinned : tuple of DataFile
        The same files with address, size and hash, for a card.
    """

    folder: Path
    root: Path
    files: Mapping[str, Path]
    pinned: tuple[DataFile, ...]


def is_remote(source: str) -> bool:
    """Whether a text is the name of a dandiset or an address, and not a path."""
    return source.lower().startswith("dandi:") or "://" in source


def find_offer(source: str, selection: Selection, settings: Settings) -> Offer:
    """Ask what a source has; nothing is fetched.

    Parameters
    ----------
    source : str
        Such as ``dandi:000582``, ``dandi:000582/0.251111.2151`` or ``https://host/cells.nwb``; an address may
        lead to a zip.
    selection : Selection
        Selection of its files; of a zip it is applied to the files in it.
    settings : Settings
        Address of the DANDI archive, and whether it may be asked.

    Raises
    ------
    InvalidInputError
        If it is neither, or has no file that is selected.
    InvalidDataError
        If it is a web page, or the list of files is not as it must be.
    UnknownNameError
        If there is no such dandiset.
    MissingPartError
        If it is embargoed, nobody answers, or downloads are switched off.
    """
    if settings.offline:
        raise MissingPartError(
            f"The source {source}",
            got="downloads that are switched off (INNERSCORE_OFFLINE)",
            needed="one that may be asked, or a folder",
        )
    named = named_dandiset(source)
    offer = (
        _offered_file(source, selection) if named is None else _offered_dandiset(*named, selection, settings)
    )
    if not offer.files:
        raise _without_files(offer.title, selection)
    return offer


def fetch_offer(
    offer: Offer, selection: Selection, settings: Settings, progress: Bytes, *, large: bool
) -> Fetched:
    """Fetch what a source has, check it, and continue what broke off.

    Parameters
    ----------
    offer : Offer
        What it has.
    selection : Selection
        Selection of the files of a zip.
    settings : Settings
        The data folder.
    progress : callable of (done, of)
        Called with the bytes that are here and the bytes in all, 0 where that is not known.
    large : bool
        Fetch more than 200 MB, which takes minutes to hours.

    Raises
    ------
    InvalidInputError
        If it is more and that was not asked for.
    InvalidDataError
        If a file is a web page, has more bytes than it was said to have, or has no hash in its archive.
    ChecksumError
        If a file has other bytes than its hash tells.
    MissingPartError
        If a file cannot be had now, or the disk has no room.
    """
    if not large:
        _refuse_large(offer)
    folder = settings.data_dir / ".downloads" / sha256_of_bytes(f"{offer.title}\n{offer.state}".encode())[:16]
    known = tuple(map(with_hash, offer.files)) if named_dandiset(offer.title) else offer.files
    if not offer.state and any(file.sha256 is None for file in known):
        shutil.rmtree(folder, ignore_errors=True)  # nothing tells whether what is here is what is there
    _check_room(known, folder, offer.title)
    before = 0
    for file in known:
        report = _shifted(progress, before, offer.size or 0)
        _fetch(file, folder / file.name, offer.title, report, most=None if large else LARGE - before)
        before += (folder / file.name).stat().st_size
    pinned = tuple(_pinned(file, folder / file.name) for file in known)
    if offer.zipped:
        return _unpacked(pinned[0], folder, offer.title, selection)
    return Fetched(folder, folder, {file.name: folder / file.name for file in pinned}, pinned)


def _refuse_large(offer: Offer) -> None:
    if (offer.size or 0) > LARGE:
        raise InvalidInputError(
            f"The source {offer.title}",
            got=f"{offer.size} bytes",
            needed=f"at most {LARGE} bytes where nothing else is said",
            hint="Fetch it by --large, or choose fewer files by --files.",
        )


def _check_room(files: Sequence[DataFile], folder: Path, title: str) -> None:
    """Check that the disk has room for what is not here yet."""
    lacking = [file for file in files if not (folder / file.name).is_file()]
    check_space(folder, sum(file.size or 0 for file in lacking) - _begun(lacking, folder), subject=title)


def _offered_dandiset(number: str, version: str | None, selection: Selection, settings: Settings) -> Offer:
    api = settings.dandi_url.rstrip("/")
    found = dandiset_version(number, version, api)
    return Offer(f"dandi:{number}/{found}", tuple(dandiset_files(number, found, api, selection.has)))


def _offered_file(address: str, selection: Selection) -> Offer:
    """The one file at an address, by what the host says of it."""
    if not address.startswith(("https://", "http://")) or "@" in urlsplit(address).netloc:
        raise InvalidInputError(
            "The source", got=repr(address), needed="dandi:, https:// or http://, without a password in it"
        )
    try:
        with asked(address) as answer:
            headers = answer.headers
            start = next(answer.iter_content(_START_BYTES), b"")
    except OSError as error:
        raise MissingPartError(f"The address {address}", got=str(error), needed="one that answers") from error
    refuse_page(address, headers.get("content-type", ""), start)
    name = _name(address, headers.get("content-disposition", ""))
    if not name.lower().endswith(selection.endings):
        raise InvalidInputError(
            f"The address {address}",
            got=f"the file '{name}'",
            needed=f"a file of {', '.join(selection.endings)}, or a zip of such files",
            hint="Convert it, or download it and give it a name with its ending.",
        )
    length = headers.get("content-length", "")
    size = int(length) if length.isdecimal() and int(length) > 0 else None
    try:
        file = DataFile(name=name, url=address, size=size)
    except ValidationError as error:
        raise InvalidDataError(
            f"The address {address}",
            got=f"the file name {name[:200]!r}",
            needed="a plain name, and an address without spaces and quotes",
        ) from error
    zipped = name.lower().endswith(".zip")
    files = (file,) if zipped or selection.has(name) else ()
    return Offer(address, files, headers.get("etag", "") or headers.get("last-modified", ""), zipped)


def _name(address: str, disposition: str) -> str:
    """The name of a file, which the host says, or with which its address ends."""
    message = Message()
    message["content-disposition"] = disposition
    given = message.get_filename() or unquote(urlsplit(address).path)
    return PurePosixPath(given.replace("\\", "/")).name


def _begun(files: Sequence[DataFile], folder: Path) -> int:
    """Bytes of halves of files that are here already."""
    parts = [(folder / file.name).with_name(f".{PurePosixPath(file.name).name}.part") for file in files]
    return sum(part.stat().st_size for part in parts if part.is_file())


def _shifted(progress: Bytes, before: int, of: int) -> Bytes:
    return lambda done, of_file: progress(before + done, of or before + of_file)


def _fetch(file: DataFile, target: Path, title: str, progress: Bytes, *, most: int | None) -> None:
    """Bring a file, whose bytes have to be those of its hash where that is known."""
    if not target.is_file():
        expected = Expected(file.size, most, checked=file.sha256 is not None)
        try:
            download(file.url, target, expected, progress)
        except OSError as error:
            raise MissingPartError(
                f"The file '{file.name}' of {title}",
                got=str(error),
                needed="one that can be had",
                hint="Run the same command again: it goes on where this one ended.",
            ) from error
    if file.sha256 is not None:
        check_pinned(target, file.sha256, aside=True)


def _pinned(file: DataFile, path: Path) -> DataFile:
    sha256 = file.sha256 or sha256_of_file(path)
    return file.model_copy(update={"size": path.stat().st_size or None, "sha256": sha256})


def _unpacked(archive: DataFile, folder: Path, title: str, selection: Selection) -> Fetched:
    """The files of a zip, with the cards that it may have."""
    root = folder / "unpacked"
    shutil.rmtree(root, ignore_errors=True)
    inside = unpack(
        folder / archive.name, root, lambda name: selection.has(name) or name.lower().endswith(_TEXTS)
    )
    files = {name: path for name, path in inside.items() if selection.has(name)}
    if not files:
        raise _without_files(title, selection)
    within = re.sub(r"[^\w.\-]", "_", archive.name)
    pinned = tuple(
        _pinned(DataFile(name=name, url=archive.url, archive=within), path) for name, path in files.items()
    )
    return Fetched(folder, root, files, pinned)


def _without_files(title: str, selection: Selection) -> InvalidInputError:
    patterns = f" that match {' or '.join(selection.patterns)}" if selection.patterns else ""
    return InvalidInputError(
        f"The source {title}",
        got="no such file",
        needed=f"with files of {', '.join(selection.endings)}{patterns}",
    )
