"""A score in resamples of its data, as a paired test of two candidates needs it.

The draws are those of the metric's own seed and the same for every candidate on the same data, so the b-th
value of one candidate and the b-th of another are of the same resample. They are kept next to the record as a
``.npy`` file of float32, shape (n_resamples, 3), in the order of `PARTS`.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from .errors import InvalidDataError
from .npy import read_npy

__all__ = ["PARTS", "RESAMPLES_FILE", "ResampleKind", "Resamples", "read_resamples", "resamples_to_npy"]

ResampleKind: TypeAlias = Literal["bootstrap", "jackknife"]
Part: TypeAlias = Literal["raw", "ceiling", "normalised"]
PARTS: tuple[Part, ...] = ("raw", "ceiling", "normalised")

RESAMPLES_FILE = "resamples.npy"

_MOST_RESAMPLES = 100_000


@dataclass(frozen=True, eq=False)
class Resamples:
    """A score's parts in each resample.

    Parameters
    ----------
    kind : {"bootstrap", "jackknife"}
        Draws of units with replacement, or each unit left out once.
    n_units : int
        Number of units that are drawn (conditions).
    values : array of shape (n_resamples, 3)
        Raw value, ceiling and normalised value; NaN where not defined.
    """

    kind: ResampleKind
    n_units: int
    values: npt.NDArray[np.float32]

    @classmethod
    def of(
        cls,
        kind: ResampleKind,
        n_units: int,
        *,
        raw: npt.ArrayLike,
        ceiling: npt.ArrayLike,
        normalised: npt.ArrayLike,
    ) -> Resamples:
        """Put the three parts together, each of shape (n_resamples,)."""
        columns = [np.asarray(part, dtype=np.float32) for part in (raw, ceiling, normalised)]
        return cls(kind, n_units, np.stack(columns, axis=1))

    def part(self, name: Part) -> npt.NDArray[np.float64]:
        """One part, float64 of shape (n_resamples,)."""
        return self.values[:, PARTS.index(name)].astype(np.float64)


def resamples_to_npy(resamples: Resamples) -> bytes:
    """The values as the bytes of a ``.npy`` file, the same for the same values."""
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(resamples.values, dtype="<f4"), allow_pickle=False)
    return buffer.getvalue()


def read_resamples(data: bytes, *, kind: ResampleKind, n_units: int) -> Resamples:
    """Read what :func:`resamples_to_npy` wrote.

    Raises
    ------
    InvalidDataError
        If the bytes are no such file: pickled, of another type or shape, or with infinities.
    """
    try:
        values = read_npy(data)
    except ValueError as error:
        raise _not_resamples(str(error)) from error
    found = f"an array of {values.dtype} {values.shape}"
    if values.dtype != np.dtype("<f4") or values.ndim != 2:
        raise _not_resamples(found)
    if values.shape[1] != len(PARTS) or not 2 <= len(values) <= _MOST_RESAMPLES or np.isinf(values).any():
        raise _not_resamples(found)
    return Resamples(kind, n_units, values)


def _not_resamples(got: str) -> InvalidDataError:
    return InvalidDataError(
        "The file of resamples",
        got=got,
        needed=f"a .npy file of float32, shape (2 to {_MOST_RESAMPLES}, {len(PARTS)}), without infinities",
    )
