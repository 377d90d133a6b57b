"""Checks of a recording alone: units, time base, duplicates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from ..core.labelled import coordinate
from ..core.words import number_of
from ..data_registry.response_units import cannot_be_rates
from .coincidences import Coincidences, equal_neuroids, equal_presentations
from .faults import Fault

__all__ = ["left_out_notes", "recording_faults"]

_HIGHEST_RATE_HZ = 1500.0  # no neuron's refractory period allows more for a whole bin
_SHORTEST_BIN_MS, _LONGEST_BIN_MS = 0.5, 60_000.0

Values = npt.NDArray[np.floating[Any]]


def recording_faults(recording: xr.DataArray, file: Path) -> list[Fault]:
    """The faults of the values and their coordinates.

    Parameters
    ----------
    recording : assembly of dims (presentation, neuroid[, time_bin])
        A recording with all coordinates of its form.
    file : pathlib.Path
        File that made it, for the faults.
    """
    values = np.asarray(recording.values)
    found = [
        *_value_faults(values),
        *(_rate_faults(recording, values) if recording.attrs.get("units", "Hz") == "Hz" else ()),
        *_bin_faults(recording),
        *_repeated_presentations(recording),
        *_equal_neuroids(recording, values),
        *_equal_presentations(recording, values),
    ]
    return [Fault(str(file), reason, fix) for reason, fix in found]


def left_out_notes(recording: xr.DataArray) -> list[str]:
    """Notes on what a recording does not hold: attributes ``..._left_out`` of text, or counts without one."""
    said = {str(name): value for name, value in recording.attrs.items() if str(name).endswith("_left_out")}
    listed = {f"n_{name}" for name in said}
    return [_left_out(name, value) for name, value in sorted(said.items()) if value and name not in listed]


def _left_out(name: str, value: Any) -> str:
    what = name.removesuffix("_left_out").replace("_", " ")
    if not what.startswith("n "):
        return f"{what} left out: {value}"
    return f"{number_of(int(value), what.removeprefix('n ').removesuffix('s'))} left out"


def _value_faults(values: Values) -> list[tuple[str, str]]:
    faults = []
    if np.isinf(values).any():
        faults.append(
            (f"{int(np.isinf(values).sum())} infinite values", "Give NaN where nothing was recorded.")
        )
    axes = tuple(axis for axis in range(values.ndim) if axis != 1)
    empty = int(np.isnan(values).all(axis=axes).sum())
    if empty:
        faults.append((f"{empty} neuroids without any value", "Leave them out of the recording."))
    return faults


def _rate_faults(recording: xr.DataArray, values: Values) -> list[tuple[str, str]]:
    finite = values[np.isfinite(values)]
    if not finite.size:
        return []
    fix = "Give firing rates in Hz, or say in attrs['units'] what the numbers are."
    faults = []
    if finite.min() < 0:
        faults.append((f"rates in Hz down to {finite.min():.3g}", fix))
    if finite.max() > _HIGHEST_RATE_HZ:
        faults.append((f"rates up to {finite.max():.3g} Hz, which no neuron has", fix))
    if "time_bin" in recording.dims and cannot_be_rates(values, _widths_ms(recording) / 1000):
        faults.append(("whole numbers that are less than a spike a bin, which look like counts", fix))
    return faults


def _widths_ms(recording: xr.DataArray) -> Values:
    start, end = (coordinate(recording, f"time_bin_{edge}_ms") for edge in ("start", "end"))
    return np.asarray(end - start, dtype=np.float64)


def _bin_faults(recording: xr.DataArray) -> list[tuple[str, str]]:
    """Edges in order are a matter of the form; here it is whether they can be milliseconds."""
    if "time_bin" not in recording.dims:
        return []
    width = float(np.median(_widths_ms(recording)))
    if _SHORTEST_BIN_MS <= width <= _LONGEST_BIN_MS:
        return []
    unit = "seconds" if width < _SHORTEST_BIN_MS else "micro- or nanoseconds"
    return [(f"time bins {width:g} ms wide, which look like {unit}", "Give bin edges in milliseconds.")]


def _repeated_presentations(recording: xr.DataArray) -> list[tuple[str, str]]:
    pairs = list(zip(coordinate(recording, "stimulus_id"), coordinate(recording, "repetition"), strict=True))
    n_repeated = len(pairs) - len(set(pairs))
    if not n_repeated:
        return []
    fix = "Count repetitions of a stimulus from 0, each number once."
    return [(f"{n_repeated} presentations have a stimulus and repetition that others have", fix)]


def _equal_neuroids(recording: xr.DataArray, values: Values) -> list[tuple[str, str]]:
    found = equal_neuroids(values, coordinate(recording, "stimulus_id"))
    fix = "Keep one of each; a neuron counted twice makes intervals too narrow."
    names = [str(name) for name in coordinate(recording, "neuroid_id")]
    return _coincidence_faults("neuroids with the same values under two names", found, names, fix)


def _equal_presentations(recording: xr.DataArray, values: Values) -> list[tuple[str, str]]:
    stimulus, repetition = (coordinate(recording, name) for name in ("stimulus_id", "repetition"))
    found = equal_presentations(values, stimulus)
    fix = "Keep one of each; a trial that stands twice makes the data look more reliable than they are."
    names = [f"{a} ({b})" for a, b in zip(stimulus, repetition, strict=True)]
    return _coincidence_faults("presentations with the same values", found, names, fix)


def _coincidence_faults(kind: str, found: Coincidences, names: list[str], fix: str) -> list[tuple[str, str]]:
    if not found.pairs:
        return []
    listed = _listed([(names[a], names[b]) for a, b in found.pairs])
    return [(f"{kind}: {listed}; by chance {found.expected:.1g} such pairs would be expected", fix)]


def _listed(twins: list[tuple[str, str]]) -> str:
    shown = ", ".join(f"{a} = {b}" for a, b in twins[:3])
    return f"{shown} ({len(twins)} in all)" if len(twins) > 3 else shown
