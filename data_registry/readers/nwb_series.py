"""Positions and angles out of NWB's spatial series, in m and radians."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from ...core.errors import InvalidDataError
from ..space.tracking_checks import direction_of_lights

__all__ = [
    "AngleUnit",
    "HeadingOptions",
    "choose_series",
    "heading",
    "in_metres",
    "series_names",
    "series_times",
]

Array = npt.NDArray[np.float64]

AngleUnit: TypeAlias = Literal["degrees", "radians"]

_METRES = {
    **dict.fromkeys(("m", "meter", "meters", "metre", "metres"), 1.0),
    **dict.fromkeys(("cm", "centimeter", "centimeters", "centimetre", "centimetres"), 0.01),
    **dict.fromkeys(("mm", "millimeter", "millimeters", "millimetre", "millimetres"), 0.001),
}
_RADIANS = {
    **dict.fromkeys(("rad", "radian", "radians"), 1.0),
    **dict.fromkeys(("deg", "degree", "degrees", "°"), np.pi / 180),
}


class HeadingOptions(Protocol):
    """Options that concern head direction."""

    @property
    def second_led(self) -> str | None:
        """Name of the hind light's series."""

    @property
    def head_direction(self) -> str | None:
        """Name of the series of angles."""

    @property
    def head_direction_unit(self) -> AngleUnit | None:
        """Unit of the angles, before that of the file."""

    @property
    def columns(self) -> tuple[int, int]:
        """Columns of x and y."""

    @property
    def metres_per_unit(self) -> float | None:
        """Length of the unit."""


def choose_series(path: Path, file: Any, name: str | None) -> Any:
    """The position's series: the one of that name, or the only one that has two columns.

    Raises
    ------
    InvalidDataError
        If there is none or several; those that there are are named.
    """
    series = _all_series(file)
    planar = [one for one in series if len(one.data.shape) == 2 and one.data.shape[1] >= 2]
    found = [one for one in planar if name in (None, one.name)]
    if len(found) != 1:
        raise InvalidDataError(
            f"The file {path}",
            got=f"{len(found)} position series{'' if name is None else f' {name!r}'} among "
            f"{sorted(f'{one.name} {one.data.shape}' for one in series)}",
            needed="with one of two columns or more",
            hint="Name it as 'position' in the options of the card.",
        )
    return found[0]


def series_names(file: Any) -> list[str]:
    """Names of all spatial series of a file."""
    return sorted(str(one.name) for one in _all_series(file))


def series_times(series: Any) -> Array:
    """Times of a series in s, whether it lists them or has a rate."""
    if series.timestamps is not None:
        return np.asarray(series.timestamps[:], dtype=float)
    return np.asarray(series.starting_time + np.arange(len(series.data)) / series.rate)


def in_metres(
    path: Path, series: Any, data: Array, columns: tuple[int, int], metres_per_unit: float | None
) -> Array:
    """Stored values times ``conversion`` plus ``offset``, in m, of shape (time, 2).

    Raises
    ------
    InvalidDataError
        If the unit is none of length, or the columns are not there.
    """
    told = "Give 'metres_per_unit' in the options of the card."
    metres = metres_per_unit or _size_of_unit(path, series, str(series.unit), _METRES, hint=told)
    if max(columns) >= data.shape[1]:
        raise InvalidDataError(
            f"The series '{series.name}' of {path}",
            got=f"shape {data.shape}",
            needed=f"with columns {columns}",
        )
    return np.asarray((data[:, list(columns)] * series.conversion + series.offset) * metres)


def heading(path: Path, file: Any, options: HeadingOptions, times: Array, positions: Array) -> Array | None:
    """Head direction at each position in radians, from the hind light or as stored; None without either.

    Raises
    ------
    InvalidDataError
        If its series has other times than the position, several columns, or a unit that is none of its kind.
    """
    by_name = {one.name: one for one in _all_series(file)}
    if options.second_led in by_name:
        series = by_name[options.second_led]
        data = _beside_position(path, series, times)
        hind = in_metres(path, series, data, options.columns, options.metres_per_unit)
        return direction_of_lights(times, positions, hind)
    if options.head_direction in by_name:
        series = by_name[options.head_direction]
        return _in_radians(path, series, _beside_position(path, series, times), options.head_direction_unit)
    return None


def _in_radians(path: Path, series: Any, data: Array, unit: AngleUnit | None) -> Array:
    """Stored angles times ``conversion`` plus ``offset``, in radians, of shape (time,)."""
    told = "Give 'head_direction_unit' in the options of the card: degrees or radians."
    radians = _size_of_unit(path, series, unit or str(series.unit), _RADIANS, hint=told)
    if data.size != len(data):
        raise InvalidDataError(
            f"The series '{series.name}' of {path}", got=f"shape {data.shape}", needed="one angle a sample"
        )
    return np.asarray((data.ravel() * series.conversion + series.offset) * radians)


def _size_of_unit(path: Path, series: Any, unit: str, known: Mapping[str, float], *, hint: str) -> float:
    size = known.get(unit.strip().lower())
    if size is None:
        raise InvalidDataError(
            f"The series '{series.name}' of {path}",
            got=f"the unit '{series.unit}'",
            needed=f"in one of {sorted(known)}",
            hint=hint,
        )
    return size


def _beside_position(path: Path, series: Any, times: Array) -> Array:
    """Values of a series that was sampled with the position, whose times are given."""
    data = np.asarray(series.data[:], dtype=float)
    if len(data) != len(times):
        raise InvalidDataError(
            f"The series '{series.name}' of {path}",
            got=f"{len(data)} samples",
            needed=f"as long as the position, {len(times)}",
        )
    apart = np.abs(series_times(series) - times)
    if len(times) > 1 and not np.nanmax(apart) <= np.nanmedian(np.diff(times)) / 2:
        raise InvalidDataError(
            f"The series '{series.name}' of {path}",
            got=f"times up to {np.nanmax(apart):.3g} s from those of the position",
            needed="sampled with the position",
        )
    return data


def _all_series(file: Any) -> list[Any]:
    return [one for one in file.objects.values() if getattr(one, "neurodata_type", "") == "SpatialSeries"]
