"""Files that read other files: HDF5's ways to point elsewhere on the disk, refused in one place for all formats.

An HDF5 file (NWB, netCDF-4, MATLAB 7.3) can hold links to objects of other files, datasets that are views of
other files, and datasets whose bytes lie in other files. Whoever reads such a file from a stranger reads what
the stranger chose of his own disk. What points within the file is fine.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .errors import InvalidDataError

__all__ = ["is_hdf5", "refuse_outside_parts"]

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_PLACES = (0, *(512 * 2**k for k in range(12)))  # a block of another format may come first


def is_hdf5(path: Path) -> bool:
    """Whether a file is HDF5, by its signature."""
    with path.open("rb") as file:
        return any(file.seek(place) == place and file.read(8) == _SIGNATURE for place in _PLACES)


def refuse_outside_parts(path: Path, *, kind: str = "file") -> None:
    """Refuse a file that holds parts of other files; one of another format passes.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    kind : str
        Expected kind of file, for the message where it cannot be read.

    Raises
    ------
    InvalidDataError
        Naming the part and where it points; also if the file cannot be read.
    """
    import h5py  # most commands read no such file, and need not wait for it

    try:
        if not is_hdf5(path):
            return
        with h5py.File(path, "r") as file:
            for name, how in _outside_parts(h5py, file, "", set()):
                raise _outside(path, f"'{name}'", how)
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        raise InvalidDataError(f"The file {path}", got=str(error), needed=f"a whole {kind}") from error


def _outside_parts(h5py: Any, group: Any, above: str, seen: set[int]) -> Iterator[tuple[str, str]]:
    """Names of parts that are elsewhere, and how; each group once, as hard links may go in circles."""
    address = h5py.h5o.get_info(group.id).addr
    if address in seen:
        return
    seen.add(address)
    for key in group:
        name, link = f"{above}/{key}", group.get(key, getlink=True)
        if isinstance(link, h5py.ExternalLink):
            yield name, f"a link into {link.filename}"
        elif isinstance(link, h5py.HardLink):
            item = group[key]
            if isinstance(item, h5py.Group):
                yield from _outside_parts(h5py, item, name, seen)
            elif isinstance(item, h5py.Dataset):
                yield from ((name, how) for how in _borrowed(item))


def _borrowed(dataset: Any) -> Iterator[str]:
    """The ways in which a dataset takes its values from other files."""
    if dataset.is_virtual:
        others = {source.file_name for source in dataset.virtual_sources()} - {"."}
        yield from (f"a view of {other}" for other in sorted(others))
    for name, *_ in dataset.external or ():
        yield f"bytes in {name}"


def _outside(path: Path, part: str, how: str) -> InvalidDataError:
    return InvalidDataError(
        f"The file {path}",
        got=f"{part} is {how}",
        needed="whole in itself",
        hint="Write a copy in which everything is in one file, such as by h5repack or nccopy.",
    )
