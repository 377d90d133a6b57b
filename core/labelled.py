"""Labelled data: recordings and dissimilarities as plain xarray arrays with checked coordinates.

Two forms exist, each with dimensions and coordinates that every data set must have:

===============  ============================  ================================================
form             dimension                     coordinates
===============  ============================  ================================================
recording        presentation                  stimulus_id, condition, repetition
\\                neuroid                       neuroid_id, animal, region
\\                time_bin (where time matters)  time_bin_start_ms, time_bin_end_ms
dissimilarities  rdm                           subject, session, region
\\                pair                          stimulus_a, stimulus_b
===============  ============================  ================================================

Bins count from a clip's first frame. Where they count from an event that comes at another time in each clip, real
coordinates `clip_start_ms` and `clip_end_ms` over (presentation, time_bin) say when each bin is in the clip.

`condition` is the unit that cross-validation holds out and that intervals resample. Epoch masks are boolean
coordinates over (presentation, time_bin), and variables of the task, such as where the ball was, are real ones.
On disk a labelled array is one netCDF-4 file of schema 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import xarray as xr
from xarray.backends.netCDF4_ import NetCDF4BackendEntrypoint

from .arrays import plain_array
from .errors import InvalidDataError
from .files import atomic_path
from .hashing import canonical_json, sha256_of_array, sha256_of_bytes

__all__ = [
    "SCHEMA_VERSION",
    "Form",
    "check_labelled",
    "coordinate",
    "coordinates_along",
    "dissimilarities",
    "labelled_hash",
    "load_labelled",
    "recording",
    "save_labelled",
]

SCHEMA_VERSION = 1

Form: TypeAlias = Literal["recording", "dissimilarities"]
Coordinates: TypeAlias = Mapping[str, npt.ArrayLike]

_REQUIRED: dict[Form, dict[str, tuple[str, ...]]] = {
    "recording": {
        "presentation": ("stimulus_id", "condition", "repetition"),
        "neuroid": ("neuroid_id", "animal", "region"),
        "time_bin": ("time_bin_start_ms", "time_bin_end_ms"),
    },
    "dissimilarities": {
        "rdm": ("subject", "session", "region"),
        "pair": ("stimulus_a", "stimulus_b"),
    },
}
_OPTIONAL_DIMENSIONS = {"time_bin"}


def recording(
    values: npt.NDArray[np.floating[Any]],
    *,
    presentation: Coordinates,
    neuroid: Coordinates,
    time_bin: Coordinates | None = None,
    masks: Mapping[str, npt.NDArray[np.bool_]] | None = None,
    planes: Mapping[str, npt.NDArray[np.floating[Any]]] | None = None,
    attrs: Mapping[str, Any] | None = None,
) -> xr.DataArray:
    """Label a recording.

    Parameters
    ----------
    values : array of shape (n_presentations, n_neuroids[, n_time_bins])
        Responses, in Hz unless ``attrs['units']`` says otherwise; NaN, or masked, where nothing was recorded.
    presentation, neuroid, time_bin : mapping of str to array
        The coordinates of each dimension, at least those of the module's table.
    masks : mapping of str to bool array of shape (n_presentations, n_time_bins), optional
        Epochs, such as ``visible``, ``occluded`` and ``whole``.
    planes : mapping of str to float array of shape (n_presentations, n_time_bins), optional
        Variables of the task in each bin, such as ``ball_x_deg``; NaN, or masked, where there are none.
    attrs : mapping, optional
        JSON-like facts about the whole.

    Raises
    ------
    InvalidDataError
        If a coordinate is missing, misshapen, masked or, for identifiers, repeated.
    """
    dims = ["presentation", "neuroid"] + ([] if time_bin is None else ["time_bin"])
    by_dim = {"presentation": presentation, "neuroid": neuroid, "time_bin": time_bin or {}}
    by_bin = {**(masks or {}), **(planes or {})}
    in_time = {name: (("presentation", "time_bin"), plane) for name, plane in by_bin.items()}
    return _labelled("recording", values, dims, by_dim, in_time, attrs)


def dissimilarities(
    values: npt.NDArray[np.floating[Any]],
    *,
    rdm: Coordinates,
    pair: Coordinates,
    attrs: Mapping[str, Any] | None = None,
) -> xr.DataArray:
    """Label representational dissimilarities, one row an RDM, pairs in scipy's order.

    Parameters
    ----------
    values : array of shape (n_rdms, n_pairs)
        Dissimilarities, in the published unit.
    rdm, pair : mapping of str to array
        The coordinates of each dimension, at least those of the module's table.
    attrs : mapping, optional
        JSON-like facts about the whole.

    Raises
    ------
    InvalidDataError
        If a coordinate is missing, misshapen or masked.
    """
    return _labelled("dissimilarities", values, ["rdm", "pair"], {"rdm": rdm, "pair": pair}, {}, attrs)


def check_labelled(assembly: xr.DataArray, form: Form) -> None:
    """Refuse an assembly that lacks a dimension or coordinate of its form.

    Raises
    ------
    InvalidDataError
        Naming the coordinate, the value found and the requirement.
    """
    for dim, names in _REQUIRED[form].items():
        if dim in assembly.dims:
            for name in names:
                _check_coordinate(assembly, dim, name)
        elif dim not in _OPTIONAL_DIMENSIONS:
            raise InvalidDataError(f"The {form}", got=f"dimensions {assembly.dims}", needed=f"with '{dim}'")
    if form == "recording":
        _check_recording(assembly)


def coordinate(assembly: xr.DataArray, name: str) -> npt.NDArray[Any]:
    """The values of a coordinate, as strings, numbers or booleans, never as objects."""
    values = np.asarray(assembly[name].values)
    return values.astype(str) if values.dtype == object else values


def coordinates_along(assembly: xr.DataArray, *dims: str) -> list[str]:
    """Names of the coordinates over just these dimensions, sorted."""
    return sorted(str(name) for name in assembly.coords if assembly[name].dims == dims)


def labelled_hash(assembly: xr.DataArray) -> str:
    """SHA-256 over the values and all coordinates: the identity of the data that a score rests on."""
    parts = [["values", list(assembly.dims), sha256_of_array(np.asarray(assembly.values))]]
    for name in sorted(map(str, assembly.coords)):
        values = coordinate(assembly, name)
        parts.append([name, list(assembly[name].dims), sha256_of_array(values)])
    return sha256_of_bytes(canonical_json(parts))


def save_labelled(assembly: xr.DataArray, path: Path, form: Form) -> None:
    """Write a labelled array to netCDF-4: wholly or not at all.

    Raises
    ------
    InvalidDataError
        If the assembly is not of the form it claims.
    """
    check_labelled(assembly, form)
    plain = _without_objects(assembly)
    plain.attrs |= {"innerscore_schema": SCHEMA_VERSION, "innerscore_form": form}
    with atomic_path(path) as temporary:
        plain.to_dataset(name="values").to_netcdf(temporary, engine="netcdf4", format="NETCDF4")


def load_labelled(path: Path, form: Form) -> xr.DataArray:
    """Read a labelled array that :func:`save_labelled` wrote.

    Raises
    ------
    InvalidDataError
        If the file is no netCDF-4, of another schema or form, or lacks a coordinate.
    """
    try:
        # The class, not its name: to look names up among entry points fails with old xarray on Python 3.12.
        with xr.open_dataset(path, engine=NetCDF4BackendEntrypoint) as dataset:
            plain = dataset.load()["values"]
    except (OSError, KeyError, ValueError) as error:
        raise InvalidDataError(f"The file {path}", got=repr(error), needed="a labelled netCDF-4") from error
    # The file's attributes came with the variable; to_dataset keeps them there.
    schema, found = plain.attrs.pop("innerscore_schema", None), plain.attrs.pop("innerscore_form", None)
    if schema != SCHEMA_VERSION or found != form:
        raise InvalidDataError(
            f"The file {path}",
            got=f"schema {schema}, form {found}",
            needed=f"schema {SCHEMA_VERSION}, form {form}",
        )
    assembly = _without_objects(plain)
    check_labelled(assembly, form)
    return assembly


def _without_objects(assembly: xr.DataArray) -> xr.DataArray:
    """The same with coordinates of strings, numbers or booleans, as they are stored."""
    coords = {str(name): (assembly[name].dims, coordinate(assembly, str(name))) for name in assembly.coords}
    return xr.DataArray(assembly.values, dims=assembly.dims, coords=coords, attrs=dict(assembly.attrs))


def _labelled(
    form: Form,
    values: npt.NDArray[np.floating[Any]],
    dims: list[str],
    by_dim: Mapping[str, Coordinates],
    planes: Mapping[str, Any],
    attrs: Mapping[str, Any] | None,
) -> xr.DataArray:
    coords: dict[str, Any] = {
        name: (dim, _column(name, column)) for dim in dims for name, column in by_dim[dim].items()
    }
    values = _plane("values", values)
    planes = {name: (over, _plane(name, plane)) for name, (over, plane) in planes.items()}
    try:
        assembly = xr.DataArray(values, dims=dims, coords={**coords, **planes}, attrs=dict(attrs or {}))
    except ValueError as error:
        raise InvalidDataError(
            f"The {form}", got=str(error), needed="coordinates that fit the values"
        ) from error
    check_labelled(assembly, form)
    return assembly


def _column(name: str, column: npt.ArrayLike) -> npt.NDArray[Any]:
    return plain_array(f"The coordinate '{name}'", column, error=InvalidDataError)


def _plane(name: str, plane: npt.ArrayLike) -> npt.NDArray[Any]:
    return plain_array(f"The labelled data's '{name}'", plane, missing_as_nan=True, error=InvalidDataError)


def _check_coordinate(assembly: xr.DataArray, dim: str, name: str) -> None:
    if name not in assembly.coords or assembly[name].dims != (dim,):
        raise InvalidDataError(
            f"The labelled data's coordinate '{name}'",
            got="none" if name not in assembly.coords else f"over {assembly[name].dims}",
            needed=f"present on '{dim}'",
        )


def _check_recording(assembly: xr.DataArray) -> None:
    neuroids = coordinate(assembly, "neuroid_id")
    if len(np.unique(neuroids)) != len(neuroids):
        raise InvalidDataError(
            "The coordinate 'neuroid_id'",
            got=f"{len(neuroids) - len(np.unique(neuroids))} repeated identifiers",
            needed="unique over all animals",
        )
    if "time_bin" in assembly.dims:
        start, end = (coordinate(assembly, f"time_bin_{edge}_ms") for edge in ("start", "end"))
        if (end <= start).any() or (np.diff(start) <= 0).any():
            raise InvalidDataError(
                "The coordinates 'time_bin_start_ms' and 'time_bin_end_ms'",
                got="bins out of order or of no length",
                needed="increasing, in ms, with start < end",
            )
