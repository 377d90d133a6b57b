"""Files of a dandiset, by the interface of the DANDI archive (https://api.dandiarchive.org/swagger).

A dandiset has one draft, which its owners change, and published versions, which nobody does. The assets of a
version are listed in pages; the metadata of each has its SHA-256, which the archive computes some time after the
upload. The list has all metadata of published assets, of others it lacks what is computed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import BaseModel, ValidationError

from ...core.cards import DataFile
from ...core.errors import InvalidDataError, InvalidInputError, MissingPartError, UnknownNameError
from .asking import RefusedError, read_json

__all__ = ["dandiset_files", "dandiset_version", "named_dandiset", "with_hash"]

_NAMED = re.compile(
    r"(?:dandi:|https?://(?:gui\.)?dandiarchive\.org/(?:#/)?dandiset/)(\d{6})(?:/(draft|0\.\d{6}\.\d{1,6}))?/?",
    re.IGNORECASE,
)
_QUERY = "metadata=true&order=path&page_size=100"
_MOST_ASSETS = 200_000
_DOWNLOAD = "download/"

M = TypeVar("M", bound=BaseModel)


class _Version(BaseModel):
    version: str


class _Dandiset(BaseModel):
    most_recent_published_version: _Version | None = None


class _Metadata(BaseModel):
    digest: dict[str, str] = {}

    @property
    def sha256(self) -> str | None:
        found = self.digest.get("dandi:sha2-256", "")
        return found if re.fullmatch("[0-9a-f]{64}", found) else None


class _Asset(BaseModel):
    asset_id: UUID
    path: str
    size: int
    zarr: UUID | None = None
    metadata: _Metadata = _Metadata()


class _Page(BaseModel):
    next: str | None = None
    results: list[_Asset]


def named_dandiset(source: str) -> tuple[str, str | None] | None:
    """The number and the version that a text names, such as ``dandi:000582/0.251111.2151``, or its page's address.

    Returns
    -------
    named : tuple of str and (str or None), or None
        None for a text that names no dandiset.

    Raises
    ------
    InvalidInputError
        If it begins as such a name and is none.
    """
    found = _NAMED.fullmatch(source)
    if found is not None:
        return found[1], found[2] and found[2].lower()
    if source.lower().startswith("dandi:"):
        raise InvalidInputError(
            "The dandiset",
            got=repr(source),
            needed="named by its six digits and perhaps a version, as dandi:000582 or dandi:000582/0.251111.2151",
        )
    return None


def dandiset_version(number: str, version: str | None, api: str) -> str:
    """The version of a dandiset that is asked for, by default the newest that was published.

    Parameters
    ----------
    number : str
        Six digits.
    version : str or None
        The version, or ``"draft"``.
    api : str
        Address of the archive's interface.

    Raises
    ------
    UnknownNameError
        If there is no such dandiset.
    InvalidInputError
        If it has no published version and none was asked for.
    MissingPartError
        If it is embargoed, or nobody answers.
    """
    address = f"{api}/dandisets/{number}/"
    found = _model(_Dandiset, _answer(address, number), address).most_recent_published_version
    if version is None and found is None:
        raise InvalidInputError(
            f"The dandiset {number}",
            got="a draft alone",
            needed="one with a published version, which nobody changes",
            hint=f"To take the draft as it is today, name it: dandi:{number}/draft.",
        )
    return version or (found.version if found else "draft")


def dandiset_files(number: str, version: str, api: str, wanted: Callable[[str], bool]) -> list[DataFile]:
    """The files of a dandiset, with their addresses and sizes, and hashes where the list has them, sorted by path.

    Folders of Zarr are left out.

    Parameters
    ----------
    number, version, api : str
        Six digits, version and the address of the archive's interface.
    wanted : callable of str
        Whether a path is wanted.

    Raises
    ------
    UnknownNameError
        If there is no such version.
    InvalidDataError
        If the list is not as the archive gives it: with a path that leads out of its folder or stands twice, pages
        that lie elsewhere or never end.
    MissingPartError
        If it is embargoed, or nobody answers.
    """
    home = f"{api}/dandisets/{number}/versions/{version}/assets/"
    files = [
        _file(asset, home)
        for asset in _assets(home, f"{number}/{version}")
        if asset.zarr is None and wanted(asset.path)
    ]
    ((path, count),) = Counter(file.name for file in files).most_common(1) or [("", 0)]
    if count > 1:
        raise InvalidDataError(
            f"The list {home}", got=f"'{path}' {count} times", needed="with each path once"
        )
    return sorted(files, key=lambda file: file.name)


def with_hash(file: DataFile) -> DataFile:
    """A file of a dandiset with its SHA-256, which the metadata of the asset have where the list has not.

    Raises
    ------
    InvalidDataError
        If the archive has none.
    MissingPartError
        If it is embargoed, or nobody answers.
    """
    if file.sha256 is not None:
        return file
    address = file.url.removesuffix(_DOWNLOAD)
    sha256 = _model(_Metadata, _answer(address, file.name), address).sha256
    if sha256 is None:
        raise InvalidDataError(
            f"The file '{file.name}' at {address}",
            got="no SHA-256",
            needed="with one",
            hint="The archive computes it some time after the upload; a published version has all.",
        )
    return file.model_copy(update={"sha256": sha256})


def _assets(home: str, name: str) -> Iterator[_Asset]:
    """All assets of a version, page by page."""
    address: str | None = f"{home}?{_QUERY}"
    seen: set[str] = set()
    count = 0
    while address is not None:
        seen.add(address)
        page = _model(_Page, _answer(address, name), address)
        yield from page.results
        count += len(page.results)
        if page.next is not None and not _belongs(page.next, home):
            raise InvalidDataError(
                f"The list {address}",
                got=f"a next page at {page.next[:200]!r}",
                needed="with all pages there",
            )
        if page.next in seen or count > _MOST_ASSETS:
            raise InvalidDataError(
                f"The list {address}", got="pages without end", needed=f"of at most {_MOST_ASSETS} assets"
            )
        address = page.next


def _belongs(address: str, home: str) -> bool:
    try:
        given, own = urlsplit(address), urlsplit(home)
    except ValueError:
        return False
    return (given.scheme, given.netloc, given.path) == (own.scheme, own.netloc, own.path)


def _file(asset: _Asset, home: str) -> DataFile:
    try:
        url = f"{home}{asset.asset_id}/{_DOWNLOAD}"
        return DataFile(name=asset.path, url=url, size=asset.size, sha256=asset.metadata.sha256)
    except ValidationError as error:
        raise InvalidDataError(
            f"The asset {asset.asset_id} at {home}",
            got=f"the path {asset.path[:200]!r} and {asset.size} bytes",
            needed="a path that stays in its folder, and a byte or more",
        ) from error


def _answer(address: str, name: str) -> dict[str, Any]:
    try:
        return read_json(address)
    except RefusedError as error:
        if error.status == 404:
            raise UnknownNameError("dandiset", name, ()) from error
        if error.status not in (401, 403):
            raise _silent(address, error) from error
        raise MissingPartError(
            f"The dandiset {name} at {address}",
            got=f"{error}: it is embargoed",
            needed="open to everybody",
            hint="Its owners can download it by DANDI's own client; then add the folder.",
        ) from error
    except OSError as error:
        raise _silent(address, error) from error


def _silent(address: str, error: OSError) -> MissingPartError:
    return MissingPartError(
        f"The DANDI archive at {address}",
        got=str(error),
        needed="one that answers",
        hint="Try again later, or name a mirror of it by INNERSCORE_DANDI_URL.",
    )


def _model(model: type[M], content: dict[str, Any], address: str) -> M:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidDataError(
            f"The answer of {address}",
            got=f"'{'.'.join(map(str, first['loc']))}': {first['msg']}",
            needed="as the DANDI archive gives it",
        ) from error
