"""One file of the release, checked: what it must have, of which shape, named by field if it does not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import pearsonr

from ...core.errors import InvalidDataError
from ...tasks.mental_pong_conditions import META_INDICES, N_BINS
from ..interface import Progress
from ..matlab_structs import read_matlab
from ..safe_pickle import read_pickle

__all__ = ["ANIMALS", "EPOCH_FIELDS", "Release", "TrialType", "read_release"]

ANIMALS = ("perle", "mahler")
EPOCH_FIELDS = {"whole": "start_end_pad0", "visible": "start_occ_pad0", "occluded": "occ_end_pad0"}

_HALVES = ("neural_responses_sh1", "neural_responses_sh2")
_TOP = (*_HALVES, "neural_idx_global", "reliable_neural_idx", "masks", "behavioral_responses", "meta")
_P_RELIABLE = 0.01

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class TrialType:
    """The trials with one kind of occluder: ``occ`` (opaque) or ``vis`` (transparent).

    Attributes
    ----------
    halves : tuple of two arrays of shape (n_units, 79, 100)
        Mean spike count per ms of the two halves of the trials; rows are the same units in both.
    unit_ids : array of shape (n_units,)
        Rows of ``neural_meta``, which identify units.
    reliable : bool array of shape (n_units,) or None
        The published choice of units; None for ``vis``, for which none was published.
    rows_differed : bool
        Whether the halves came with different rows and had to be matched.
    epochs : mapping of str to bool array of shape (79, 100)
        ``whole``, ``visible`` and ``occluded``, as released.
    ball_x, ball_y : arrays of shape (79, 100)
        The ball in deg; from trials in which the paddle missed it, where there are any.
    """

    halves: tuple[npt.NDArray[Any], npt.NDArray[Any]]
    unit_ids: Ints
    reliable: npt.NDArray[np.bool_] | None
    rows_differed: bool
    epochs: Mapping[str, npt.NDArray[np.bool_]]
    ball_x: Floats
    ball_y: Floats


class Release:
    """The content of one released file.

    Parameters
    ----------
    path : pathlib.Path
        The file, for messages.
    content : mapping
        Nested dictionaries of arrays and tables.
    """

    def __init__(self, path: Path, content: Mapping[str, Any]) -> None:
        self.path, self._content = path, content

    def check_conditions(self) -> None:
        """Refuse a file whose conditions are not the 79, in their order.

        MATLAB files may lack the table that says so; then the order of all released arrays is taken on trust.
        """
        if self.path.suffix == ".mat" and not isinstance(self._content.get("meta"), Mapping | pd.DataFrame):
            return
        found = np.ravel(np.asarray(self.get("meta", "py_meta_index"), dtype=np.float64))
        if not np.array_equal(found, META_INDICES):
            raise self.error("meta.py_meta_index", f"{found[:3]} .. ({len(found)})", "the 79 of the paper")

    def trial_type(self, name: str) -> TrialType:
        """Read the trials of one kind of occluder.

        Raises
        ------
        InvalidDataError
            If a field is missing, of another shape, or halves have no unit in common; file and field are named.
        """
        halves, unit_ids, differed = self._matched_halves(name)
        epochs = {
            epoch: np.isfinite(self._plane("masks", name, field)) for epoch, field in EPOCH_FIELDS.items()
        }
        reliable = None if name != "occ" else self._reliable(halves, epochs["whole"], differed)
        ball_x, ball_y = (self._ball(name, axis) for axis in "xy")
        return TrialType(halves, unit_ids, reliable, differed, epochs, ball_x, ball_y)

    def animals_of(self, unit_ids: Ints) -> list[str]:
        """Whose each unit is, in a pooled file: the session's path in ``neural_meta.data_fn`` says so."""
        paths = list(self.get("neural_meta", "data_fn"))
        if len(unit_ids) and unit_ids.max() >= len(paths):
            raise self.error("neural_meta", f"{len(paths)} rows", f"more than {unit_ids.max()} rows")
        return [self._animal(paths[unit]) for unit in unit_ids]

    def get(self, *keys: str) -> Any:
        """A field by its path.

        Raises
        ------
        InvalidDataError
            If it is not there.
        """
        value: Any = self._content
        for depth, key in enumerate(keys):
            if not isinstance(value, Mapping | pd.DataFrame) or key not in value:
                kind = "missing" if isinstance(value, Mapping | pd.DataFrame) else type(value).__name__
                raise self.error(".".join(keys[: depth + 1]), kind, "present")
            value = value[key]
        return value

    def error(self, field: str, got: object, needed: str) -> InvalidDataError:
        """The error over one field."""
        hint = "MATLAB files may lack it: use the .pkl of that name." if self.path.suffix == ".mat" else ""
        return InvalidDataError(f"The field '{field}' of {self.path}", got=got, needed=needed, hint=hint)

    def _matched_halves(self, name: str) -> tuple[tuple[npt.NDArray[Any], npt.NDArray[Any]], Ints, bool]:
        responses = [self._responses(half, name) for half in _HALVES]
        ids = [self._unit_ids(half, name, len(rows)) for half, rows in zip(_HALVES, responses, strict=True)]
        if np.array_equal(ids[0], ids[1]):
            return (responses[0], responses[1]), ids[0], False
        common, rows1, rows2 = np.intersect1d(ids[0], ids[1], return_indices=True)
        if not len(common):
            raise self.error(f"neural_idx_global.{name}", "no unit in both halves", "at least one in both")
        return (responses[0][rows1], responses[1][rows2]), common, True

    def _responses(self, half: str, name: str) -> npt.NDArray[Any]:
        values = self._array(half, name)
        if values.ndim != 3 or values.shape[1:] != (len(META_INDICES), N_BINS):
            needed = f"of shape (n_units, {len(META_INDICES)}, {N_BINS})"
            raise self.error(f"{half}.{name}", f"shape {values.shape}", needed)
        return values

    def _unit_ids(self, half: str, name: str, n_rows: int) -> Ints:
        field = f"neural_idx_global.{name}.{half}"
        ids = np.ravel(self._array("neural_idx_global", name, half)).astype(np.int64)
        if len(ids) != n_rows or len(np.unique(ids)) != n_rows or (ids < 0).any():
            distinct = len(np.unique(ids))
            got = f"{len(ids)} numbers, {distinct} distinct, for {n_rows} rows"
            raise self.error(field, got, "one number of its own for each row of the half")
        return ids

    def _plane(self, *keys: str) -> Floats:
        values = self._array(*keys)
        if values.shape != (len(META_INDICES), N_BINS):
            needed = f"of shape ({len(META_INDICES)}, {N_BINS})"
            raise self.error(".".join(keys), f"shape {values.shape}", needed)
        return values.astype(np.float64)

    def _array(self, *keys: str) -> npt.NDArray[Any]:
        values = np.asarray(self.get(*keys))
        if values.dtype.kind not in "biuf":
            raise self.error(".".join(keys), f"an array of {values.dtype}", "numeric")
        return values

    def _ball(self, name: str, axis: str) -> Floats:
        """The ball's true path; where no trial was missed, its path in all trials."""
        true = self._plane("behavioral_responses", name, f"ball_pos_{axis}_TRUE")
        absent = np.asarray(~np.isfinite(true).any(axis=1))
        if absent.any():
            true = np.where(
                absent[:, None], self._plane("behavioral_responses", name, f"ball_pos_{axis}"), true
            )
        return true

    def _reliable(
        self,
        halves: tuple[npt.NDArray[Any], npt.NDArray[Any]],
        whole: npt.NDArray[np.bool_],
        differed: bool,
    ) -> npt.NDArray[np.bool_]:
        """The released choice; where its row numbers cannot hold, since rows differ, its criterion anew."""
        if differed:
            pairs = zip(*(half[:, whole] for half in halves), strict=True)
            return np.array([_is_reliable(first, second) for first, second in pairs], dtype=bool)
        rows = np.ravel(self._array("reliable_neural_idx", "occ")).astype(np.int64)
        if len(rows) and (rows.min() < 0 or rows.max() >= len(halves[0])):
            got, needed = f"rows {rows.min()}..{rows.max()}", f"rows in 0..{len(halves[0]) - 1}"
            raise self.error("reliable_neural_idx.occ", got, needed)
        return np.isin(np.arange(len(halves[0])), rows)

    def _animal(self, path: object) -> str:
        named = [animal for animal in ANIMALS if re.search(animal, str(path), re.IGNORECASE)]
        if len(named) != 1:
            raise self.error("neural_meta.data_fn", repr(path), f"a path that names one of {ANIMALS}")
        return named[0]


def read_release(path: Path, *, progress: Progress | None = None) -> Release:
    """Read a released file: a pickle, without running it, or a MATLAB file.

    Parameters
    ----------
    path : pathlib.Path
        ``.pkl`` or ``.mat``.
    progress : callable of (stage, done, of), optional
        How far a pickle has been read, in bytes.

    Raises
    ------
    InvalidDataError
        If the file is damaged, asks to run code, or holds something else than named fields.
    """
    if path.suffix == ".mat":
        return Release(path, read_matlab(path, (*_TOP, "neural_meta", "trial_meta")))
    content = read_pickle(path, progress=progress)
    if not isinstance(content, Mapping):
        raise InvalidDataError(f"The file {path}", got=type(content).__name__, needed="named fields")
    return Release(path, content)


def _is_reliable(first: npt.NDArray[Any], second: npt.NDArray[Any]) -> bool:
    """Pearson r of the halves above 0 with p below 0.01, over all bins of the whole trial."""
    finite = np.isfinite(first) & np.isfinite(second)
    if finite.sum() < 3 or not (np.ptp(first[finite]) > 0 and np.ptp(second[finite]) > 0):
        return False
    result = pearsonr(first[finite], second[finite])
    return bool(result.statistic > 0 and result.pvalue < _P_RELIABLE)
