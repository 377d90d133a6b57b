"""Rate maps that a record may carry: three arrays, as galleries.

``rate-maps.npy`` (cells, height, width), ``autocorrelograms.npy`` (cells, height, width) and ``grid-scores.npy``
(cells,). Files come from the sender of the record, so what is not of this form gives no figure and breaks no page.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...core.npy import read_npy
from ...figures.figure import Figure
from ...figures.rate_maps import rate_map_gallery

__all__ = ["MAP_FILES", "read_gallery"]

MAP_FILES = ("rate-maps.npy", "autocorrelograms.npy", "grid-scores.npy")
_MOST_CELLS, _LONGEST_SIDE = 20_000, 400

Floats = npt.NDArray[np.float64]


def read_gallery(bodies: tuple[bytes, bytes, bytes], title: str, *, key: str) -> Figure | None:
    """The gallery of three files in the order of `MAP_FILES`; None if they are not of the form above."""
    arrays = [_array(body, ndim) for body, ndim in zip(bodies, (3, 3, 1), strict=True)]
    if any(array is None for array in arrays):
        return None
    maps, correlations, scores = (array for array in arrays if array is not None)
    if not len(maps) == len(correlations) == len(scores):
        return None
    return rate_map_gallery(maps, correlations, scores, title, key=key, unit="")


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
