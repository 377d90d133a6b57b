"""Spike times that a card declares, cell by cell in the usual layouts, and their counts about events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, model_validator

from ..core.errors import InvalidDataError
from .declared_fields import Field, numbers, read_field, read_matching, texts

__all__ = ["SpikeFields", "cell_names", "counts_after_events", "spikes_by_cell"]

Array = npt.NDArray[np.float64]


class SpikeFields(BaseModel):
    """Locations of spike times and of what tells cells apart.

    Attributes
    ----------
    spike_times : Field or None
        Spike times in s: of all cells one after the other, a MATLAB cell array of one vector a cell, by a
        `pattern` an array a cell, or by `files` a file a cell.
    spike_unit : Field or None
        Cell of each spike. Either this or `spike_times_end` where there are several cells in one array.
    spike_times_end : Field or None
        Index in `spike_times` at which each cell's spikes end, as ragged arrays are kept.
    unit_name : Field or None
        Names of the cells, with `spike_times_end` or a cell array; if absent, their numbers.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    spike_times: Field | None = None
    spike_unit: Field | None = None
    spike_times_end: Field | None = None
    unit_name: Field | None = None

    @model_validator(mode="after")
    def _one_way_to_tell_cells_apart(self) -> Self:
        if self.spike_unit is not None and self.spike_times_end is not None:
            raise ValueError("give 'spike_unit' or 'spike_times_end', not both")
        if self.spike_unit is not None and self.unit_name is not None:
            raise ValueError("'unit_name' has no effect with 'spike_unit', which names the cells")
        if self.spike_times is None and (self.spike_unit is not None or self.spike_times_end is not None):
            raise ValueError("'spike_unit' and 'spike_times_end' have no effect without 'spike_times'")
        if self.spike_times is None or not (self.spike_times.pattern or self.spike_times.files):
            return self
        told = [
            name for name in ("spike_unit", "spike_times_end", "unit_name") if getattr(self, name) is not None
        ]
        if told:
            raise ValueError(
                f"{told} have no effect with a 'pattern' or 'files', by which the arrays or files name the cells"
            )
        return self


def spikes_by_cell(
    fields: SpikeFields, path_of: Callable[[Field], Path], cells: Mapping[str, Path]
) -> dict[str, Array]:
    """Spike times in s by the name of the cell; none where the fields have none.

    Parameters
    ----------
    fields : SpikeFields
        Locations of the spikes.
    path_of : callable
        Finds the file of a field.
    cells : mapping of str to pathlib.Path
        Files of the cells by name, where each has one.

    Raises
    ------
    InvalidDataError
        If a file is damaged or lacks an array, or names and ends do not fit the spikes.
    """
    field = fields.spike_times
    if field is None:
        return {}
    if field.files is not None or field.pattern is not None:
        return _apart(field, path_of, cells)
    path = path_of(field)
    raw = read_field(field, path)
    if raw.dtype == object:
        trains = [np.ravel(one).astype(np.float64) * field.scale for one in raw.ravel()]
        return dict(zip(cell_names(fields.unit_name, path_of, len(trains)), trains, strict=True))
    times = np.ravel(numbers(field, path))
    if fields.spike_unit is not None:
        return _by_unit(
            path, times, np.asarray(texts(read_field(fields.spike_unit, path_of(fields.spike_unit))))
        )
    if fields.spike_times_end is not None:
        ends = np.ravel(numbers(fields.spike_times_end, path_of(fields.spike_times_end))).astype(int)
        _check_ends(path, ends, len(times))
        names = cell_names(fields.unit_name, path_of, len(ends))
        return dict(zip(names, np.split(times, ends[:-1]), strict=True))
    return dict(zip(cell_names(fields.unit_name, path_of, 1), [times], strict=True))


def cell_names(field: Field | None, path_of: Callable[[Field], Path], n: int) -> list[str]:
    """Names of `n` cells, or their numbers where no field names them."""
    if field is None:
        return [str(number) for number in range(n)]
    names = texts(read_field(field, path_of(field)))
    if len(names) != n or len(set(names)) != n:
        raise InvalidDataError(
            f"The field 'unit_name' of {path_of(field)}", got=f"{names[:5]}", needed=f"{n} distinct names"
        )
    return names


def counts_after_events(cells: Mapping[str, Array], events_s: Array, edges_s: Array) -> npt.NDArray[np.int_]:
    """Spikes of each cell in each bin about each event.

    Parameters
    ----------
    cells : mapping of str to array
        Spike times in s, in any order.
    events_s : array of shape (n_events,)
        Times of the events in s.
    edges_s : array of shape (n_bins + 1,)
        Edges of the bins in s after the event. A spike on an edge belongs to the bin that begins there.

    Returns
    -------
    counts : array of int, shape (n_events, n_cells, n_bins)
    """
    edges = events_s[:, None] + edges_s
    before = [np.searchsorted(np.sort(times), edges) for times in cells.values()]
    return np.stack([np.diff(one, axis=1) for one in before], axis=1)


def _apart(field: Field, path_of: Callable[[Field], Path], cells: Mapping[str, Path]) -> dict[str, Array]:
    """Spike times of cells of which each has an array or a file of its own."""
    if field.files is not None:
        return {name: np.ravel(numbers(field, path)) for name, path in cells.items()}
    found = read_matching(field, path_of(field))
    return {name.replace("/", "-"): np.ravel(times) for name, times in found.items()}


def _by_unit(path: Path, times: Array, units: npt.NDArray[Any]) -> dict[str, Array]:
    if len(units) != len(times):
        raise InvalidDataError(
            f"The field 'spike_unit' of {path}",
            got=f"{len(units)} values",
            needed=f"one a spike, {len(times)}",
        )
    return {str(unit): times[units == unit] for unit in dict.fromkeys(units.tolist())}


def _check_ends(path: Path, ends: npt.NDArray[np.int_], n: int) -> None:
    if not len(ends) or (np.diff(ends) < 0).any() or ends[0] < 0 or ends[-1] != n:
        raise InvalidDataError(
            f"The field 'spike_times_end' of {path}",
            got=f"ends {ends[:5].tolist()} ... {ends[-1:].tolist()}",
            needed=f"rising to the number of spikes, {n}",
        )
