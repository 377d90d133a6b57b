"""Files of MATLAB's version 7.3, laid out as MATLAB does: axes reversed, text as codes, cells as references.

What to write is what ``scipy.io.savemat`` takes for version 5, but for text, which is a string or a list of strings
of one length.
"""

import h5py
import numpy as np
from scipy.sparse import issparse

CLASSES = {"float64": "double", "float32": "single", "bool": "logical"}


def save_v73(path, content):
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, value in content.items():
            put(file, file, name, value)
    with path.open("r+b") as raw:  # MATLAB's header: text, then version 0x0200 and the byte order
        raw.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")


def put(file, group, name, value):
    if isinstance(value, dict):
        put_struct(file, group, name, value)
    elif issparse(value):
        put_sparse(group, name, value)
    elif np.asarray(value).dtype.names:
        put_struct_array(file, group, name, np.atleast_2d(value))
    elif np.asarray(value).dtype.kind in "UO" and not isinstance(value, np.ndarray):
        put_text(group, name, value)
    else:
        put_array(file, group, name, np.atleast_2d(value))


def put_struct(file, group, name, value):
    struct = group.create_group(name)
    struct.attrs["MATLAB_class"] = np.bytes_("struct")
    for key, one in value.items():
        put(file, struct, key, one)


def put_struct_array(file, group, name, values):
    struct = group.create_group(name)
    struct.attrs["MATLAB_class"] = np.bytes_("struct")
    for key in values.dtype.names:
        struct[key] = references(file, values[key])  # without a class, unlike a cell array


def put_sparse(group, name, value):
    matrix = value.tocsc()
    sparse = group.create_group(name)
    sparse.attrs["MATLAB_class"] = np.bytes_("double")
    sparse.attrs["MATLAB_sparse"] = np.uint64(matrix.shape[0])
    sparse["data"], sparse["ir"], sparse["jc"] = matrix.data, matrix.indices, matrix.indptr


def put_text(group, name, value):
    rows = [value] if isinstance(value, str) else value
    codes = [np.frombuffer(row.encode("utf-16-le"), "<u2") for row in rows]
    written(group, name, np.stack(codes) if any(rows) else np.zeros((0, 0)), "char", decode=2)


def put_array(file, group, name, values):
    if values.dtype == object:
        written(group, name, values if values.size == 0 else references(file, values).T, "cell")
    elif values.dtype.kind == "c":
        parts = np.empty(values.shape, dtype=[("real", "f8"), ("imag", "f8")])
        parts["real"], parts["imag"] = values.real, values.imag
        written(group, name, parts, "double")
    elif values.dtype.kind == "b":
        written(group, name, values.astype("u1"), "logical", decode=1)
    else:
        written(group, name, values, CLASSES.get(values.dtype.name, values.dtype.name))


def references(file, values):
    """References to values of their own, axes reversed."""
    refs = file.require_group("#refs#")
    found = np.empty(values.shape, dtype=h5py.ref_dtype)
    for place in np.ndindex(values.shape):
        number = refs.attrs.get("n", 0)  # counted, as a value that is put may bring references of its own
        refs.attrs["n"] = number + 1
        name = f"r{number}"
        put(file, refs, name, values[place])
        found[place] = refs[name].ref
    return found.T


def written(group, name, values, kind, decode=None):
    empty = values.size == 0
    group[name] = np.array(values.shape, dtype="u8") if empty else values.T
    group[name].attrs["MATLAB_class"] = np.bytes_(kind)
    if empty:
        group[name].attrs["MATLAB_empty"] = np.uint8(1)
    if decode is not None:
        group[name].attrs["MATLAB_int_decode"] = np.int32(decode)
