"""A first reading of files in a process of its own, for formats whose libraries die of damaged files.

The C libraries of HDF5, netCDF and MATLAB files crash or never end on some damaged ones, and with them whoever
asked. What survives this reading is read again by whoever needs it, with checks of its own.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from .errors import InvalidDataError

__all__ = ["read_apart"]

_ENDINGS = {".mat", ".nc", ".h5", ".hdf5", ".nwb"}
_SLAB_BYTES = 64 * 2**20
_SHORTEST_S, _BYTES_PER_S = 30.0, 2 * 2**20


def read_apart(paths: Iterable[Path]) -> None:
    """Read files to their ends in another process; those of other formats are passed over.

    Parameters
    ----------
    paths : iterable of pathlib.Path
        Files that nobody has read yet.

    Raises
    ------
    InvalidDataError
        If the process dies of one, or does not end in half a minute and a second for each 2 MiB.
    """
    chosen = [path for path in paths if path.suffix.lower() in _ENDINGS]
    if not chosen:
        return
    seconds = _SHORTEST_S + sum(path.stat().st_size for path in chosen) / _BYTES_PER_S
    command = [sys.executable, "-P", "-m", __name__, *map(str, chosen)]
    try:
        done = subprocess.run(  # noqa: S603  (our own program; no shell)
            command, capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired as error:
        said = error.stdout.decode() if isinstance(error.stdout, bytes) else error.stdout or ""
        raise _deadly(chosen, said, f"one whose reading did not end in {seconds:.0f} s") from error
    if done.returncode != 0:
        raise _deadly(chosen, done.stdout, f"one of which its library dies ({_reason(done)})")


def _deadly(paths: Sequence[Path], said: str, got: str) -> InvalidDataError:
    """The error for the file that was begun last."""
    path = paths[max(len(said.splitlines()) - 1, 0)]
    hint = "The file is damaged; take it from its source again, or write it anew."
    return InvalidDataError(f"The file {path}", got=got, needed="whole", hint=hint)


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    if done.returncode >= 0:
        return done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"exit code {done.returncode}"
    return signal.Signals(-done.returncode).name


def _main(names: Sequence[str]) -> None:
    """Say which file is begun, and read it; an exception is no death: the real reader says more of it."""
    for number, name in enumerate(names):
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        for read in (_read_hdf5, _read_matlab, _read_netcdf):
            with suppress(Exception):
                read(Path(name))


def _read_hdf5(path: Path) -> None:
    import h5py

    from .hdf5_links import refuse_outside_parts

    refuse_outside_parts(path)
    with h5py.File(path, "r") as file:
        file.visititems(lambda _name, item: _touch(item))


def _touch(item: Any) -> None:
    """Read the attributes of an HDF5 object, and of a data set all values, a slab at a time."""
    for name in item.attrs:
        with suppress(Exception):
            item.attrs[name]
    if hasattr(item, "shape"):
        _read_slabs(item)


def _read_slabs(array: Any) -> None:
    """Read all values of an array of a file, a slab at a time."""
    with suppress(Exception):
        for slab in _slabs(array.shape, getattr(array.dtype, "itemsize", 1)):
            array[slab]


def _slabs(shape: tuple[int, ...] | None, itemsize: int) -> Iterator[Any]:
    """Parts of an array along its first axis."""
    if not shape:
        yield ()
        return
    row = max(itemsize, 1)
    for size in shape[1:]:
        row *= max(size, 1)
    step = max(_SLAB_BYTES // row, 1)
    for first in range(0, shape[0], step):
        yield slice(first, first + step)


def _read_matlab(path: Path) -> None:
    import scipy.io

    if path.suffix.lower() == ".mat":
        scipy.io.loadmat(path)


def _read_netcdf(path: Path) -> None:
    import netCDF4

    if path.suffix.lower() != ".nc":
        return
    with netCDF4.Dataset(path) as file:
        groups = [file]
        while groups:
            group = groups.pop()
            groups += group.groups.values()
            for variable in group.variables.values():
                _read_slabs(variable)


if __name__ == "__main__":
    _main(sys.argv[1:])
