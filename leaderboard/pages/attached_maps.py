"""Rate maps that a record may carry: three arrays, as galleries, and a fourth that older records lack.

``rate-maps.npy`` (cells, height, width), ``autocorrelograms.npy`` (cells, height, width) and ``grid-scores.npy``
(cells,); ``lattices.npy`` (cells, 4) has the periodicity, the lengths of two lattice vectors in m and their angle.
Files come from the sender of the record, so what is not of this form gives no figure and breaks no page.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...core.npy import read_npy
from ...figures.figure import Figure
from ...figures.rate_maps import rate_map_gallery

__all__ = ["LATTICE_FILE", "MAP_FILES", "read_gallery"]

MAP_FILES = ("rate-maps.npy", "autocorrelograms.npy", "grid-scores.npy")
LATTICE_FILE = "lattices.npy"
_MOST_CELLS, _LONGEST_SIDE, _LATTICE_COLUMNS = 20_000, 400, 4

Floats = npt.NDArray[np.float64]


def read_gallery(bodies: tuple[bytes, ...], title: str, *, key: str) -> Figure | None:
    """The gallery of the `MAP_FILES` in their order and, if there, the `LATTICE_FILE`; None if of another form."""
    arrays = [_array(body, ndim) for body, ndim in zip(bodies, (3, 3, 1, 2), strict=False)]
    if any(array is None for array in arrays):
        return None
    maps, correlations, scores, *table = (array for array in arrays if array is not None)
    if len({len(maps), len(correlations), len(scores), *map(len, table)}) > 1:
        return None
    if table and table[0].shape[1] != _LATTICE_COLUMNS:
        return None
    told = table[0] if table else None
    return rate_map_gallery(maps, correlations, scores, title, key=key, unit="", lattices=told)


def _array(body: bytes, ndim: int) -> Floats | None:
    """Real numbers of a bounded size; never a pickle."""
    try:
        array = read_npy(body)
    except ValueError:
        return None
    fits = array.ndim == ndim and array.dtype.kind == "f" and 0 < array.shape[0] <= _MOST_CELLS
    if not fits or max(array.shape[1:], default=1) > _LONGEST_SIDE or 0 in array.shape:
        return None
    return np.asarray(array, dtype=np.float64)
