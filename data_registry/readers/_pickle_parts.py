"""Stand-ins for the parts of old pickles of numpy arrays and pandas tables.

A pickle names classes and says what to call them with. Here each name of numpy or pandas leads to a small class of
ours that only keeps what it is given; :func:`resolved` then checks it and builds real arrays and tables from
plain numbers. No code of numpy or pandas is run with what a file says, and no object of theirs is set up by it.

A pickle can set attributes not only of what it makes but also of the classes that it names. Stand-ins refuse it:
what one file says must not change how the next one is read.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["ADMITTED", "MalformedPickleError", "resolved"]

_PLAIN_DTYPE = re.compile(r"^[<>=|]?([biufc]\d{1,2}|[SU]\d{0,6}|[Mm]8(\[[a-z]{1,2}\])?|O8?|\?)$")


class MalformedPickleError(Exception):
    """A pickle's parts do not make up an array or a table."""


class _Fixed(type):
    """A class that nothing can change."""

    def __setattr__(cls, name: str, value: object) -> None:
        raise MalformedPickleError(f"'{name}' of a class to be changed")


class _StandIn(metaclass=_Fixed):
    """A stand-in; it has no state but by its own ``__setstate__``."""

    def __setstate__(self, _: Any) -> None:
        raise MalformedPickleError("a state of what has none")


class _Name(_StandIn):
    """A class that is only named, as an argument."""


class _Named(_StandIn):
    """A call whose result says nothing that is needed here."""

    def __init__(self, *_: object) -> None:
        pass


class _Dtype(_StandIn):
    """``numpy.dtype(text, align, copy)``; of its state only the byte order matters."""

    def __init__(self, text: object, *_: object) -> None:
        self.text, self.order = text, ""

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        if len(state) < 5 or any(part is not None for part in state[2:5]):
            raise MalformedPickleError("a dtype with fields")
        self.order = state[1] if state[1] in ("<", ">") else ""

    def resolve(self) -> np.dtype[Any]:
        text = f"{self.order}{self.text}" if isinstance(self.text, str) else ""
        if not _PLAIN_DTYPE.match(text):
            raise MalformedPickleError(f"dtype {self.text!r}")
        return np.dtype("O" if text.endswith("O8") else text)


class _Array(_StandIn):
    """``numpy.core.multiarray._reconstruct(ndarray, (0,), b'b')`` and its state."""

    state: tuple[Any, ...] = ()

    def __init__(self, *_: object) -> None:
        """Type, shape and kind here are those of an empty array; the state has the true ones."""

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.state = state

    def resolve(self) -> npt.NDArray[Any]:
        if len(self.state) != 5 or not isinstance(self.state[2], _Dtype):
            raise MalformedPickleError("an array without its state")
        _, shape, dtype, fortran, data = self.state
        return _array(data, dtype.resolve(), shape, "F" if fortran else "C")


class _FromBuffer(_StandIn):
    """``numpy.core.numeric._frombuffer(buffer, dtype, shape, order)`` of pickle protocol 5."""

    def __init__(self, buffer: object, dtype: object, shape: object, order: object = "C") -> None:
        self.parts = buffer, dtype, shape, order

    def resolve(self) -> npt.NDArray[Any]:
        buffer, dtype, shape, order = self.parts
        if not isinstance(dtype, _Dtype) or order not in ("C", "F"):
            raise MalformedPickleError("a buffer without its dtype")
        return _array(buffer, dtype.resolve(), shape, str(order))


class _Scalar(_StandIn):
    """``numpy.core.multiarray.scalar(dtype, bytes)``."""

    def __init__(self, dtype: object, data: object = b"") -> None:
        self.dtype, self.data = dtype, data

    def resolve(self) -> Any:
        if not isinstance(self.dtype, _Dtype):
            raise MalformedPickleError("a scalar without its dtype")
        return _array(self.data, self.dtype.resolve(), (1,), "C")[0]


class _Index(_StandIn):
    """``pandas.core.indexes.base._new_Index(class, {"data": .., "name": ..})``."""

    def __init__(self, _: object = None, content: object = None, *__: object) -> None:
        self.content = content

    def resolve(self) -> pd.Index[Any]:
        if not isinstance(self.content, Mapping):
            raise MalformedPickleError("an index without its content")
        if "data" in self.content:
            labels: pd.Index[Any] = pd.Index(np.asarray(resolved(self.content["data"])))
            return labels
        keys = ("start", "stop", "step")
        if not all(isinstance(self.content.get(key), int) for key in keys):
            raise MalformedPickleError("an index without labels")
        return pd.RangeIndex(*(self.content[key] for key in keys))


class _ArrowType(_StandIn):
    """``pyarrow.lib.type_for_alias(name)``, of strings alone."""

    def __init__(self, name: object = None) -> None:
        self.offset = {"string": np.dtype("<i4"), "large_string": np.dtype("<i8")}.get(str(name))


class _Bytes(_StandIn):
    """``pyarrow.lib.py_buffer(bytes)`` and ``bytearray(bytes)``."""

    def __init__(self, content: object = b"") -> None:
        self.content = content

    def resolve(self) -> bytes:
        content = resolved(self.content)
        if not isinstance(content, bytes | bytearray):
            raise MalformedPickleError("a buffer without bytes")
        return bytes(content)


class _ArrowArray(_StandIn):
    """``pyarrow.lib._restore_array((type, length, n_missing, offset, [valid, offsets, text], children, ..))``."""

    def __init__(self, parts: object = None) -> None:
        self.parts = parts

    def resolve(self) -> npt.NDArray[np.object_]:
        match self.parts:
            case (
                _ArrowType(offset=np.dtype() as kind),
                int(n),
                int(),
                int(first),
                [valid, offsets, text],
                *_,
            ):
                bounds = np.frombuffer(resolved(offsets), kind)[first : first + n + 1]
                bits = np.unpackbits(np.frombuffer(resolved(valid) or b"", np.uint8), bitorder="little")
                there = bits[first : first + n].astype(bool) if valid is not None else np.ones(n, dtype=bool)
                return _strings(bounds, there, b"" if text is None else resolved(text), n)
        raise MalformedPickleError("an Arrow array of something else than strings")


class _Strings(_StandIn):
    """``pandas.arrays.ArrowStringArray``, pandas' own strings; a missing one is NaN."""

    state: object = None

    def __setstate__(self, state: object) -> None:
        self.state = state

    def resolve(self) -> npt.NDArray[np.object_]:
        array = self.state.get("_pa_array") if isinstance(self.state, Mapping) else None
        if not isinstance(array, _ArrowArray):
            raise MalformedPickleError("strings without their text")
        return array.resolve()


class _Block(_StandIn):
    """``_unpickle_block(values, placement, ndim)``: some columns of one dtype, a row each."""

    def __init__(self, values: object, placement: object, *_: object, **__: object) -> None:
        self.values, self.placement = values, placement


class _Partial(_StandIn):
    """``functools.partial(new_block, ndim=2)``, as pandas 1.3 wrote blocks."""

    def __init__(self, function: object = None, *_: object) -> None:
        if function is not _Block:
            raise MalformedPickleError("a partial call of something else than a block")

    def __setstate__(self, _: object) -> None:
        """Only the number of dimensions is in it."""

    def __call__(self, *arguments: object) -> _Block:
        return _Block(*arguments[:2])


class _Manager(_StandIn):
    """``BlockManager``: axes and blocks, either as arguments (pandas 1.3 on) or as state (before)."""

    blocks: object = None  # on the class, since some pickles make an object without calling it
    axes: object = None

    def __init__(self, blocks: object = None, axes: object = None, *_: object) -> None:
        self.blocks, self.axes = blocks, axes

    def __setstate__(self, state: object) -> None:
        if isinstance(state, tuple) and len(state) >= 4 and isinstance(state[3], Mapping):
            parts = state[3].get("0.14.1", {})
            self.axes = parts.get("axes")
            self.blocks = [_Block(part["values"], part["mgr_locs"]) for part in parts.get("blocks", [])]

    def resolve(self) -> pd.DataFrame:
        if not isinstance(self.axes, list | tuple) or len(self.axes) != 2:
            raise MalformedPickleError("a table without its two axes")
        columns, index = (resolved(axis) for axis in self.axes)
        if not isinstance(columns, pd.Index) or not isinstance(index, pd.Index):
            raise MalformedPickleError("a table whose axes are no labels")
        by_place: dict[int, npt.NDArray[Any]] = {}
        for block in self.blocks if isinstance(self.blocks, list | tuple) else ():
            by_place |= _columns(block, len(columns), len(index))
        if len(by_place) != len(columns):
            raise MalformedPickleError(f"a table with {len(by_place)} of its {len(columns)} columns")
        table = pd.DataFrame({place: by_place[place] for place in range(len(columns))}, index=index)
        return table.set_axis(columns, axis=1)


class _Table(_StandIn):
    """``pandas.DataFrame``: everything is in its manager."""

    manager: object = None

    def __init__(self, manager: object = None, *_: object) -> None:
        self.manager = manager

    def __setstate__(self, state: object) -> None:
        if isinstance(state, Mapping):
            self.manager = state.get("_mgr", state.get("_data", self.manager))

    def resolve(self) -> pd.DataFrame:
        if not isinstance(self.manager, _Manager):
            raise MalformedPickleError("a table without its blocks")
        return self.manager.resolve()


class _Latin1(_StandIn):
    """``_codecs.encode``, by which pickles of protocol 2 hold bytes."""

    def __call__(self, text: object, encoding: object) -> bytes:
        if not isinstance(text, str) or encoding != "latin1":
            raise MalformedPickleError("an encoding other than latin1")
        return text.encode("latin1")


def _both(modules: tuple[str, ...], names: Mapping[str, object]) -> dict[tuple[str, str], object]:
    return {(module, name): value for module in modules for name, value in names.items()}


# Every name that a pickle may ask for, each with the stand-in that it gets.
ADMITTED: Mapping[tuple[str, str], object] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("_codecs", "encode"): _Latin1(),
    ("functools", "partial"): _Partial,
    **_both(
        ("builtins", "__builtin__"), {"slice": slice, "set": set, "complex": complex, "bytearray": _Bytes}
    ),
    **_both(("numpy",), {"ndarray": _Name, "dtype": _Dtype}),
    **_both(("numpy.core.multiarray", "numpy._core.multiarray"), {"_reconstruct": _Array, "scalar": _Scalar}),
    **_both(("numpy.core.numeric", "numpy._core.numeric"), {"_frombuffer": _FromBuffer}),
    **_both(("pandas.core.frame", "pandas"), {"DataFrame": _Table}),
    **_both(("pandas",), {"Index": _Name, "RangeIndex": _Name, "StringDtype": _Named}),
    **_both(("pandas.arrays", "pandas.core.arrays.string_arrow"), {"ArrowStringArray": _Strings}),
    **_both(
        ("pyarrow.lib",), {"type_for_alias": _ArrowType, "py_buffer": _Bytes, "_restore_array": _ArrowArray}
    ),
    **_both(
        ("pandas.core.internals.managers", "pandas.core.internals", "pandas.core.internals.blocks"),
        {"BlockManager": _Manager, "new_block": _Block},
    ),
    **_both(("pandas._libs.internals",), {"_unpickle_block": _Block}),
    **_both(("pandas.core.indexes.base", "pandas.indexes.base"), {"_new_Index": _Index, "Index": _Name}),
    **_both(("pandas.core.indexes.range",), {"RangeIndex": _Name}),
    **_both(
        ("pandas.core.indexes.numeric", "pandas.indexes.numeric"),
        {"Int64Index": _Name, "UInt64Index": _Name, "Float64Index": _Name},
    ),
}


def resolved(value: Any) -> Any:
    """Build real arrays and tables from stand-ins, through dictionaries, lists and tuples.

    Raises
    ------
    MalformedPickleError
        If a stand-in does not hold what it must.
    """
    if isinstance(value, dict):
        return {key: resolved(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(resolved(entry) for entry in value)
    resolve: Callable[[], Any] | None = getattr(value, "resolve", None)
    return value if resolve is None else resolve()


def _array(data: object, dtype: np.dtype[Any], shape: object, order: str) -> npt.NDArray[Any]:
    if not isinstance(shape, tuple) or not all(isinstance(side, int) and side >= 0 for side in shape):
        raise MalformedPickleError(f"an array of shape {shape!r}")
    size = int(np.prod(shape, dtype=object)) if shape else 1
    if dtype.hasobject:
        flat = _objects(data, size)
    elif isinstance(data, bytes | bytearray) and len(data) == size * dtype.itemsize:
        flat = np.frombuffer(data, dtype) if len(data) else np.empty(0, dtype)
    else:
        raise MalformedPickleError(f"an array of shape {shape} without its {size * dtype.itemsize} bytes")
    return flat.reshape(shape, order="F" if order == "F" else "C")


def _objects(data: object, size: int) -> npt.NDArray[np.object_]:
    if not isinstance(data, list) or len(data) != size:
        raise MalformedPickleError(f"an array of objects without its {size} elements")
    flat = np.empty(size, dtype=object)
    for place, entry in enumerate(data):
        flat[place] = resolved(entry)
    return flat


def _strings(
    bounds: npt.NDArray[Any], there: npt.NDArray[np.bool_], text: bytes, n: int
) -> npt.NDArray[np.object_]:
    fits = len(bounds) == n + 1 and len(there) == n and bounds[0] >= 0 and bounds[-1] <= len(text)
    if not fits or (np.diff(bounds) < 0).any():
        raise MalformedPickleError(f"{n} strings whose bounds do not fit the text")
    found = np.full(n, np.nan, dtype=object)
    for place in np.flatnonzero(there):
        found[place] = text[bounds[place] : bounds[place + 1]].decode()
    return found


def _columns(block: object, n_columns: int, n_rows: int) -> dict[int, npt.NDArray[Any]]:
    if not isinstance(block, _Block):
        raise MalformedPickleError("a table's block that is none")
    placement = resolved(block.placement)
    places = range(*placement.indices(n_columns)) if isinstance(placement, slice) else np.asarray(placement)
    values = resolved(block.values)
    if isinstance(block.values, _Strings):
        values = values[None]
    if not isinstance(values, np.ndarray) or values.shape != (len(places), n_rows):
        raise MalformedPickleError(f"a table's block that is not of {len(places)} columns and {n_rows} rows")
    return {int(place): row for place, row in zip(places, values, strict=True)}
