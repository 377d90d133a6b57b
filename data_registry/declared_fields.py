"""Fields of a card's mapping: where in which file an array is, and reading it from any plain format.

A name is that of an array in an npz file, of a variable in a netCDF or MATLAB file, of a dataset in NWB and HDF5,
or of an entry of a pickled dictionary or table; parts of a path through groups, structs and dictionaries are joined
by ``/``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from functools import reduce
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, model_validator

from ..core.arrays import plain_array
from ..core.errors import InvalidDataError, MissingPartError
from ..core.hdf5_links import is_hdf5, refuse_outside_parts
from .readers.matlab_structs import matlab_names, read_matlab
from .readers.npz_objects import npz_names, read_npy, read_npz
from .readers.numbered_names import as_counted
from .readers.safe_pickle import read_pickle

__all__ = [
    "ARRAY_ENDINGS",
    "ENDINGS",
    "Field",
    "arranged",
    "array_names",
    "file_of",
    "given_fields",
    "numbers",
    "read_field",
    "read_matching",
    "refuse_unread",
    "text_hint",
    "texts",
    "truths",
]

PICKLES = (".pkl", ".pickle")

#: Of files that hold arrays by name.
ENDINGS = (".npz", ".nc", ".mat", ".nwb", ".h5", *PICKLES)
_LONE = ".npy"
ARRAY_ENDINGS = (*ENDINGS, _LONE)

_READ = "The array of an .npy file has no name: write 'file: NAME.npy' as the field, without a 'name'."

Array = npt.NDArray[Any]


class Field(BaseModel):
    """Location of a field's values. In a card a name alone is short for ``{name: ...}``.

    Attributes
    ----------
    name : str, tuple of str or None
        Name of the array in its file; of several, such as of x and of y, they are the columns of one.
    pattern : str or None
        Pattern of the names of arrays of which each is one cell's, such as ``spikes_*``; instead of a name.
    file : str or None
        The file, by its path in the data set's folder; None where there is one only. An ``.npy`` file alone is
        the whole field: its array has no name.
    files : str or None
        Pattern of the paths of files of which each has one cell's array, such as ``*_T*C*.mat``; not with `file`.
    images : str or None
        Pattern of the paths of pictures, or of a zip of them; for frames, in place of all others.
    value : number, str or list, or None
        The values themselves, instead of a name; a single one applies to all.
    scale : float
        Factor that converts the numbers to the field's unit.
    axes : tuple of str or None
        Names of the array's axes in their order, if they are not as documented.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str | tuple[str, ...] | None = None
    pattern: str | None = None
    images: str | None = None
    file: str | None = None
    files: str | None = None
    value: float | str | tuple[float, ...] | tuple[str, ...] | None = None
    scale: float = 1.0
    axes: tuple[str, ...] | None = None

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, content: Any) -> Any:
        return {"name": content} if isinstance(content, str) else content

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        ways = [self.name, self.pattern, self.images, self.value]
        if ways.count(None) != (4 if self.is_lone else 3):
            raise ValueError("give either 'name', 'value', 'pattern', 'images' or an .npy 'file'")
        without = "value" if self.value is not None else "images" if self.images is not None else None
        if without is not None and (self.file or self.files):
            raise ValueError(f"'{'file' if self.file else 'files'}' has no effect on a '{without}'")
        if self.images is not None and (self.axes is not None or self.scale != 1):
            raise ValueError("'axes' and 'scale' have no effect on 'images'")
        if self.files is not None and (self.file is not None or self.pattern is not None):
            raise ValueError("'files' has no effect with 'file' or 'pattern'")
        return self

    @property
    def is_lone(self) -> bool:
        """Whether it is the one array of an .npy file, or of each of several."""
        return (self.file or self.files or "").endswith(_LONE)


def refuse_unread(fields: Mapping[str, Field], *, scaled: Collection[str], ordered: Collection[str]) -> None:
    """Refuse keys that are not read of the fields that they stand in.

    Parameters
    ----------
    fields : mapping of str to Field
        All fields of a card.
    scaled, ordered : collection of str
        Fields of which ``scale`` and ``axes`` are read.

    Raises
    ------
    ValueError
        If another field has one, for the model whose fields they are.
    """
    for name, field in fields.items():
        if field.scale != 1 and name not in scaled:
            raise ValueError(f"'scale' has no effect on '{name}'")
        if field.axes is not None and name not in ordered:
            raise ValueError(f"'axes' has no effect on '{name}'")
        if field.images is not None and name != "frames":
            raise ValueError(f"'images' has no effect on '{name}': pictures are frames")
        for key in ("pattern", "files"):
            if getattr(field, key) is not None and name != "spike_times":
                raise ValueError(
                    f"'{key}' has no effect on '{name}': it finds an array a cell of 'spike_times'"
                )


def given_fields(fields: BaseModel) -> dict[str, Field]:
    """The fields of a mapping that a card gives, by name."""
    every = {name: getattr(fields, name) for name in type(fields).model_fields}
    return {name: field for name, field in every.items() if isinstance(field, Field)}


def file_of(field: Field, files: Mapping[str, Path], folder: str) -> Path:
    """The file that a field names, or the only one."""
    named = {name: path for name, path in files.items() if not name.endswith(_LONE)}
    if field.file is None and len(named) == 1:
        return next(iter(named.values()))
    if field.file is None or field.file not in files:
        asked = "no 'file'" if field.file is None else f"the file '{field.file}'"
        raise InvalidDataError(
            f"The field '{field.name}' of {folder}",
            got=f"{asked} and the files {sorted(files)}",
            needed="of one of these files" if files else f"in a file of {', '.join(ENDINGS)}",
            hint=_READ
            if len(files) > len(named) and field.file is None
            else "Name it as 'file' of the field.",
        )
    return files[field.file]


def read_field(field: Field, path: Path) -> Array:
    """The values of a field.

    Raises
    ------
    InvalidDataError
        If the file is damaged, points to other files, or has no such array.
    """
    if field.value is not None:
        return np.asarray(np.atleast_1d(np.asarray(field.value)))
    if field.is_lone:
        return np.asarray(read_npy(path))
    if field.name is None:
        raise InvalidDataError(f"The field of {path}", got="a pattern", needed="one array")
    refuse_outside_parts(path)
    if isinstance(field.name, str):
        return _read_array(path, field.name)
    columns = [_read_array(path, name) for name in field.name]
    if len({column.shape for column in columns}) > 1:
        shapes = {name: column.shape for name, column in zip(field.name, columns, strict=True)}
        raise InvalidDataError(f"The arrays of {path}", got=f"shapes {shapes}", needed="of one shape")
    return np.stack(columns, axis=-1)


def read_matching(field: Field, path: Path) -> dict[str, npt.NDArray[np.float64]]:
    """The arrays whose names match the field's pattern, scaled, by name in the order in which people count.

    Raises
    ------
    InvalidDataError
        As of `read_field`; or if no name matches.
    """
    refuse_outside_parts(path)
    there = array_names(path)
    found = [name for name in there if fnmatchcase(name, field.pattern or "")]
    if not found:
        raise InvalidDataError(
            f"The file {path}", got=f"arrays {sorted(there)[:10]}", needed=f"some named as '{field.pattern}'"
        )
    return {
        name: numbers(field.model_copy(update={"name": name, "pattern": None}), path)
        for name in sorted(found, key=as_counted)
    }


def array_names(path: Path) -> list[str]:
    """Names of the arrays of a file, as fields name them; of HDF5 those in groups, too.

    Raises
    ------
    InvalidDataError
        If the file is damaged.
    """
    kind = path.suffix.lower()
    if kind == ".npz":
        return npz_names(path)
    if kind in PICKLES:
        content = read_pickle(path)
        return [str(name) for name in content] if isinstance(content, Mapping) else []
    if kind == ".mat" and not is_hdf5(path):
        return matlab_names(path)
    return _hdf5_names(path)  # netCDF-4 is HDF5


def _read_array(path: Path, name: str) -> Array:
    readers = {
        ".npz": _from_npz,
        ".nc": _from_netcdf,
        ".mat": _from_matlab,
        **dict.fromkeys(PICKLES, _from_pickle),
    }
    reader = readers.get(path.suffix.lower(), _from_hdf5)
    values = reader(path, name)
    if values is None:
        raise InvalidDataError(f"The file {path}", got=f"no '{name}'", needed="with that array")
    return np.asarray(values)


def numbers(field: Field, path: Path) -> npt.NDArray[np.float64]:
    """A field's values as numbers, scaled."""
    values = read_field(field, path)
    if values.dtype.kind == "c":
        raise InvalidDataError(
            f"The field '{field.name}' of {path}", got="complex numbers", needed="real numbers"
        )
    try:
        with np.errstate(invalid="ignore", over="ignore"):  # what damaged values become is checked
            return np.asarray(values, dtype=np.float64) * field.scale
    except (TypeError, ValueError) as error:
        raise InvalidDataError(
            f"The field '{field.name}' of {path}", got=f"values of type {values.dtype}", needed="numbers"
        ) from error


def truths(field: Field, path: Path) -> npt.NDArray[np.bool_]:
    """A field's values as truth values: 0 and 1, or true and false."""
    values = read_field(field, path)
    false, true = _false_and_true(values)
    if (false | true).all():
        return np.asarray(true)
    wrong = dict.fromkeys(texts(values[~(false | true)]))
    raise InvalidDataError(
        f"The field '{field.name}' of {path}",
        got=f"values such as {list(wrong)[:3]}",
        needed="of 0 and 1, or true and false, alone",
    )


def texts(values: Array) -> list[str]:
    """Names, one each, whichever way the format keeps strings and numbers."""
    if _are_characters(values) and min(values.shape) > 1:  # a text a row, as in netCDF's arrays of characters
        return [_text(values.dtype.type().join(row)) for row in values.tolist()]
    return [_text(value) for value in np.ravel(values)]


def text_hint(values: Array) -> str:
    """Advice where characters stand for texts."""
    one = "These are single characters: give a text for each, or a row of characters for each."
    return one if _are_characters(values) else ""


def arranged(values: Array, field: Field, axes: Sequence[str], subject: str) -> Array:
    """The values with their axes in a fixed order; an axis that they do not have gets the length 1."""
    own = field.axes or tuple(axes[: values.ndim])
    if len(own) != values.ndim or len(set(own)) != len(own) or not set(own) <= set(axes):
        raise InvalidDataError(
            subject,
            got=f"shape {values.shape} and axes {list(own)}",
            needed=f"with one name for each axis, among {list(axes)}",
            hint="Name them as 'axes' of the field.",
        )
    ordered = np.transpose(values, [own.index(name) for name in axes if name in own])
    return np.expand_dims(ordered, [place for place, name in enumerate(axes) if name not in own])


def _are_characters(values: Array) -> bool:
    single = np.dtype(f"{values.dtype.kind}1").itemsize if values.dtype.kind in "SU" else -1
    return values.ndim == 2 and values.dtype.itemsize == single


def _false_and_true(values: Array) -> tuple[Array, Array]:
    if values.dtype.kind in "biuf":
        return values == 0, values == 1
    words = np.array([text.lower() for text in texts(values)]).reshape(values.shape)
    return np.isin(words, ("0", "false")), np.isin(words, ("1", "true"))


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode().strip()
    if isinstance(value, np.ndarray):  # a cell of a MATLAB file
        return "" if value.size == 0 else _text(value.ravel()[0])
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def _from_npz(path: Path, name: str) -> Any:
    return read_npz(path, [name]).get(name)


def _from_pickle(path: Path, name: str) -> Any:
    """A part of nested dictionaries and tables; lists of unequal arrays become arrays of objects."""
    found: Any = read_pickle(path)
    for part in name.split("/"):
        inside = isinstance(found, Mapping | pd.DataFrame) and part in found
        found = found[part] if inside else None
    if found is None or isinstance(found, np.ndarray):
        return found
    values = list(found) if isinstance(found, list | tuple | pd.Series) else found
    if isinstance(values, list) and len({np.shape(one) for one in values}) > 1:
        ragged = np.empty(len(values), dtype=object)
        ragged[:] = [np.asarray(one) for one in values]
        return ragged
    return np.asarray(values)


def _from_matlab(path: Path, name: str) -> Any:
    first, *rest = name.split("/")
    found: Any = read_matlab(path, [first]).get(first)
    for part in rest:
        found = found.get(part) if isinstance(found, dict) else None
    vector = isinstance(found, np.ndarray) and found.ndim == 2 and 1 in found.shape
    return found.ravel() if vector else found  # MATLAB has no vectors, only matrices of one row or column


def _from_netcdf(path: Path, name: str) -> Any:
    import netCDF4

    try:
        with netCDF4.Dataset(path) as dataset:
            *groups, variable = name.split("/")
            group = reduce(lambda above, part: above.groups[part], groups, dataset)
            found = group.variables[variable]
            # Without a value that stands for "none", netCDF would take the largest byte for it.
            found.set_auto_mask(bool({"_FillValue", "missing_value"} & set(found.ncattrs())))
            values = found[...]
    except KeyError:
        return None
    except OSError as error:
        raise InvalidDataError(f"The file {path}", got=str(error), needed="a whole netCDF file") from error
    return plain_array(
        f"The variable '{name}' of {path}", values, missing_as_nan=True, error=InvalidDataError
    )


def _hdf5_names(path: Path) -> list[str]:
    names: list[str] = []
    with _opened_hdf5(path) as file:
        file.visititems(lambda name, item: names.append(name) if hasattr(item, "dtype") else None)
    return names


def _from_hdf5(path: Path, name: str) -> Any:
    with _opened_hdf5(path) as file:
        return file[name][()] if name in file else None


@contextmanager
def _opened_hdf5(path: Path) -> Iterator[Any]:
    try:
        import h5py
    except ImportError as error:
        raise MissingPartError(
            f"The package h5py, for the file {path}",
            got="not installed",
            needed="installed",
            hint="Run pip install 'innerscore[nwb]'.",
        ) from error
    try:
        with h5py.File(path, "r") as file:
            yield file
    except (OSError, RuntimeError) as error:
        raise InvalidDataError(f"The file {path}", got=str(error), needed="a whole HDF5 file") from error
