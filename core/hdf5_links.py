"""Files that read other files: HDF5's ways to point elsewhere on the disk, refused in one place for all formats.

An HDF5 file (NWB, netCDF-4, MATLAB 7.3) can hold links to objects of other files, datasets that are views of
other files, and datasets whose bytes lie in other files. Whoever reads such a file from a stranger reads what
the stranger chose of his own disk. What points within the file is fine, as long as it comes to an end: libraries
that open a file whole follow groups that contain themselves until their process dies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .errors import InvalidDataError

__all__ = ["is_hdf5", "refuse_outside_parts"]

_MOST_DEPTH = 50
_MOST_GROUPS = 100_000


def is_hdf5(path: Path) -> bool:
    """Whether a file is HDF5, by the library's own judgement: it takes a block of any size before the signature."""
    import h5py  # most commands read no such file, and need not wait for it

    return bool(h5py.is_hdf5(path))


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
        Naming the part and where it points, or the group that contains itself; also if the file cannot be read.
    """
    import h5py

    try:
        with path.open("rb"):
            pass  # h5py takes a file that it may not read for one of another format
        if not is_hdf5(path):
            return
        with h5py.File(path, "r") as file:
            for name, how in _Walk(h5py, file).outside_parts():
                raise _refused(path, f"'{name}'", how)
    except (OSError, RuntimeError, LookupError, ValueError, TypeError, ArithmeticError, MemoryError) as error:
        raise InvalidDataError(f"The file {path}", got=str(error), needed=f"a whole {kind}") from error


@dataclass
class _Walk:
    """A walk over all objects of a file, each once, whether they are reached by a link or by a reference."""

    h5py: Any
    file: Any
    seen: set[int] = field(default_factory=set)
    groups: dict[int, int] = field(
        default_factory=dict
    )  # number of groups that a reader finds below, by address

    def outside_parts(self) -> Iterator[tuple[str, str]]:
        """Names of the parts that are elsewhere or never end, and how."""
        yield from self._of(self.file["/"], "", ())

    def _of(self, item: Any, name: str, above: tuple[int, ...]) -> Iterator[tuple[str, str]]:
        address = self._address(item)
        if address in self.seen:
            return
        self.seen.add(address)
        yield from self._of_references(item, name)
        if isinstance(item, self.h5py.Dataset):
            yield from ((name, how) for how in _borrowed(item))
        elif isinstance(item, self.h5py.Group):
            yield from self._of_group(item, name, (*above, address))

    def _of_group(self, group: Any, name: str, above: tuple[int, ...]) -> Iterator[tuple[str, str]]:
        if len(above) > _MOST_DEPTH:
            yield name, f"in {len(above)} groups within each other"
            return
        below = 1
        for key in group:
            inner, link = f"{name}/{key}", group.get(key, getlink=True)
            if isinstance(link, self.h5py.ExternalLink):
                yield inner, f"a link into {link.filename}"
                continue
            item = group.get(key)
            if item is None:
                continue  # a soft link to nothing
            if self._address(item) in above:
                yield inner, "a group that contains itself"
                return
            yield from self._of(item, inner, above)
            below += self.groups.get(self._address(item), 0)
        self.groups[above[-1]] = below
        if below > _MOST_GROUPS:
            yield name, f"{below} groups, by links that lead to the same ones"

    def _of_references(self, item: Any, name: str) -> Iterator[tuple[str, str]]:
        """Parts that only a reference reaches, in a dataset's values or in attributes."""
        for key in item.attrs:
            if _refers(self.h5py, item.attrs.get_id(key).dtype):
                yield from self._referred(item.attrs[key], f"{name}@{key}")
        if isinstance(item, self.h5py.Dataset) and _refers(self.h5py, item.dtype) and item.shape is not None:
            yield from self._referred(item[()], name)

    def _referred(self, values: Any, name: str) -> Iterator[tuple[str, str]]:
        for reference in _references(self.h5py, values):
            if reference:  # a null reference is false
                yield from self._of(self.file[reference], f"{name}, a reference", ())

    def _address(self, item: Any) -> int:
        return int(self.h5py.h5o.get_info(item.id).addr)


def _refers(h5py: Any, dtype: Any) -> bool:
    """Whether values of a type hold references, be it in fields or in arrays of varying length."""
    if not isinstance(dtype, np.dtype):
        return False
    if dtype.names is not None:
        return any(_refers(h5py, dtype[name]) for name in dtype.names)
    if dtype.subdtype is not None:
        return _refers(h5py, dtype.subdtype[0])
    inner = h5py.check_vlen_dtype(dtype)
    return h5py.check_ref_dtype(dtype) is not None or _refers(h5py, inner)


def _references(h5py: Any, values: Any) -> Iterator[Any]:
    """All references in values as h5py gives them."""
    if isinstance(values, h5py.Reference | h5py.RegionReference):
        yield values
    elif isinstance(values, np.void) and values.dtype.names is not None:
        for name in values.dtype.names:
            yield from _references(h5py, values[name])
    elif isinstance(values, np.ndarray):
        for value in values.ravel():
            yield from _references(h5py, value)


def _borrowed(dataset: Any) -> Iterator[str]:
    """The ways in which a dataset takes its values from other files."""
    if dataset.is_virtual:
        others = {source.file_name for source in dataset.virtual_sources()} - {"."}
        yield from (f"a view of {other}" for other in sorted(others))
    for name, *_ in dataset.external or ():
        yield f"bytes in {name}"


def _refused(path: Path, part: str, how: str) -> InvalidDataError:
    return InvalidDataError(
        f"The file {path}",
        got=f"{part} is {how}",
        needed="whole in itself",
        hint="Write a copy in which everything is in one file and in one place, such as by h5repack or nccopy.",
    )
