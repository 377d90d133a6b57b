"""Labelled data to and from brainscore-core's assemblies.

The two differ in names and in indexes: an assembly has ``time_bin_start`` and ``time_bin_end`` in ms, and all
coordinates of a dimension are levels of one index; ours have ``time_bin_start_ms`` and ``time_bin_end_ms``, and no
index.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from ...core.labelled import Form, check_labelled, coordinate

if TYPE_CHECKING:
    from .installed import DataAssembly

__all__ = ["from_assembly", "states_in_order", "to_assembly"]

_OURS = {"time_bin_start": "time_bin_start_ms", "time_bin_end": "time_bin_end_ms"}
_THEIRS = {ours: theirs for theirs, ours in _OURS.items()}


def to_assembly(labelled: xr.DataArray) -> DataAssembly:
    """A recording as a ``NeuroidAssembly``, dissimilarities as a ``DataAssembly``, with all their coordinates.

    Parameters
    ----------
    labelled : DataArray
        As :func:`innerscore.core.labelled.recording` or ``dissimilarities`` makes it, or a model's samples.
    """
    from .installed import DataAssembly, NeuroidAssembly

    coords = {
        _THEIRS.get(str(name), str(name)): (labelled[name].dims, coordinate(labelled, str(name)))
        for name in labelled.coords
    }
    kind = NeuroidAssembly if "neuroid" in labelled.dims else DataAssembly
    return kind(labelled.values, dims=labelled.dims, coords=coords, attrs=dict(labelled.attrs))


def from_assembly(
    assembly: xr.DataArray, form: Form = "recording", *, given: Mapping[str, tuple[str, object]] | None = None
) -> xr.DataArray:
    """An assembly as labelled data, its coordinates checked.

    Parameters
    ----------
    assembly : DataAssembly
        An assembly of dimensions (presentation, neuroid[, time_bin]) for a recording, in their order; a condition
        is a stimulus unless there is a coordinate ``condition``.
    form : {"recording", "dissimilarities"}, default="recording"
        Form of the labelled data.
    given : mapping of str to tuple of (str, object), optional
        Coordinates that it lacks: the dimension, and one value for all or a value each. Brain-Score's recordings
        often lack ``repetition`` (``{"repetition": ("presentation", 0)}``) or ``animal``.

    Raises
    ------
    InvalidDataError
        If it lacks a dimension or a coordinate.
    """
    coords = {
        _OURS.get(name, name): (assembly[name].dims, coordinate(assembly, name))
        for name in _coordinate_names(assembly)
    }
    for name, (dim, value) in (given or {}).items():
        values = np.asarray(value)
        coords[name] = ((dim,), values if values.ndim else np.repeat(values, assembly.sizes[dim]))
    if form == "recording" and "condition" not in coords and "stimulus_id" in coords:
        coords["condition"] = coords["stimulus_id"]
    labelled = xr.DataArray(assembly.values, dims=assembly.dims, coords=coords, attrs=dict(assembly.attrs))
    check_labelled(labelled, form)
    return labelled


def states_in_order(states: xr.DataArray, names: Iterable[str]) -> npt.NDArray[Any]:
    """A model's states in the order of some stimuli.

    Parameters
    ----------
    states : assembly of dims (presentation, neuroid), in any order
        One presentation of each stimulus.
    names : iterable of str
        Stimuli that are among these; a stimulus may come more than once.

    Returns
    -------
    values : array of shape (n_names, n_neuroids)
    """
    place = {str(name): row for row, name in enumerate(coordinate(states, "stimulus_id"))}
    values = np.asarray(states.transpose("presentation", "neuroid").values)
    return values[[place[str(name)] for name in names]]


def _coordinate_names(assembly: xr.DataArray) -> set[str]:
    """The levels of each dimension's index instead of the index itself, and what is a coordinate without one."""
    names = {str(name) for name in assembly.coords}
    for dim, index in assembly.indexes.items():
        names = (names - {str(dim)}) | {str(level) for level in index.names}
    return names
