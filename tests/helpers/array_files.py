"""Arrays by name in a file of each plain format, texts as each format keeps them."""

import h5py
import netCDF4
import numpy as np
from scipy.io import savemat


def to_npz(path, arrays):
    np.savez(path, **arrays)


def to_mat(path, arrays):
    texts = {name: np.array(list(a), dtype=object) for name, a in arrays.items() if a.dtype.kind == "U"}
    savemat(path, {**arrays, **texts})


def to_nc(path, arrays):
    with netCDF4.Dataset(path, "w") as file:
        for name, array in arrays.items():
            for axis, size in enumerate(array.shape):
                file.createDimension(f"{name}{axis}", size)
            kind = str if array.dtype.kind == "U" else array.dtype
            variable = file.createVariable(name, kind, [f"{name}{axis}" for axis in range(array.ndim)])
            variable[...] = array.astype(object) if kind is str else array


def to_hdf5(path, arrays):
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file[name] = array.astype("S") if array.dtype.kind == "U" else array


WRITERS = {".npz": to_npz, ".mat": to_mat, ".h5": to_hdf5, ".nc": to_nc}
