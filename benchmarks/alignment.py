"""Bringing recordings and activations to the same samples.

A *sample* is what the two are compared at: an image, a time bin of a condition, or a spatial bin. Recordings
become (repetition, presentation, neuroid) and activations (presentation, neuroid), with the samples along
`presentation` in the same order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from ..core.activations import Activations, TimedValues
from ..core.errors import InvalidDataError, UnfitRecordingError
from ..core.labelled import coordinate, coordinates_along
from ..core.stimuli import SelfMotion, Stimulus, StimulusSet
from ..data_registry.repetitions import equally_many
from ..data_registry.space.direction_bins import bin_of_direction
from ..metrics.interface import SamplesNeeded
from .missing import complete_only, even_repetitions

__all__ = ["brain_samples", "interpolated", "model_samples", "of_animal", "subset"]

_FIRST_OF_EACH = (
    "A loader keeps the first of each, as many as all have, by innerscore.data_registry.repetitions."
    "first_repetitions(recording, 'smallest'), or gives NaN for what was not shown."
)


def brain_samples(
    recording: xr.DataArray, *, epoch: str | None, needed: SamplesNeeded = "complete"
) -> xr.DataArray:
    """Reshape a recording so that each sample of an epoch is one presentation.

    Parameters
    ----------
    recording : assembly of dims (presentation, neuroid[, time_bin])
        Every stimulus repeated equally often.
    epoch : str or None
        Name of the mask that selects (stimulus, time bin); None for all.
    needed : {"complete", "by neuroid", "as recorded"}, default="complete"
        Completeness required of a sample, see :attr:`~innerscore.metrics.Metric.samples_needed`.

    Returns
    -------
    samples : assembly of dims (repetition, presentation, neuroid)
        NaN only where `needed` allows it, see :mod:`.missing`. What was left out is counted in the attributes
        ``n_samples_left_out`` (of the epoch), ``n_repetitions_left_out`` (of those that some sample has) and
        ``n_entries_missing`` (a neuroid at a kept sample).

    Raises
    ------
    InvalidDataError
        If a stimulus is missing in a repetition, the epoch does not exist, no sample was recorded, or more than a
        fifth of the samples is incomplete.
    """
    order, n_repetitions = _repetition_order(recording)
    values = np.asarray(recording.values)[order]
    values = values.reshape(n_repetitions, -1, *values.shape[1:])
    if "time_bin" not in recording.dims:
        values = values[..., None]
    values = values.transpose(0, 1, 3, 2)  # (repetition, stimulus, time bin, neuroid)
    wanted = _epoch_mask(recording, order[: values.shape[1]], values.shape[1:3], epoch)
    stimulus, time_bin = np.nonzero(wanted)
    chosen = values[:, stimulus, time_bin]
    if needed != "as recorded":
        chosen = even_repetitions(chosen, complete=needed == "complete")
    present = np.isfinite(chosen).any(axis=0)
    kept = present.any(axis=1)
    if not kept.any():
        raise UnfitRecordingError(
            f"The epoch '{epoch}'", got="no recorded sample", needed="at least one sample without NaN"
        )
    if needed == "complete":
        kept[kept] = complete_only(present[kept])
    return xr.DataArray(
        chosen[:, kept],
        dims=["repetition", "presentation", "neuroid"],
        coords=_sample_coordinates(recording, order[stimulus[kept]], time_bin[kept]),
        attrs={
            **recording.attrs,
            "n_samples_left_out": int((~kept).sum()),
            "n_repetitions_left_out": n_repetitions - len(chosen),
            "n_entries_missing": int((~present[kept]).sum()),
        },
    )


def model_samples(
    activations: Mapping[str, Activations],
    layer: str,
    stimuli: StimulusSet,
    samples: xr.DataArray,
    alignment: str,
) -> xr.DataArray:
    """Align one layer's activations with the samples of a recording.

    Parameters
    ----------
    activations : mapping of str to Activations
        Activations by stimulus identifier.
    layer : str
        The layer.
    stimuli : StimulusSet
        Stimuli that were shown.
    samples : assembly with coordinates of the samples along ``presentation``
        Samples as returned by :func:`brain_samples`.
    alignment : {"image", "time", "space", "direction"}
        ``image``: mean over the clip. ``time``: mean over the steps within each time bin, or linear
        interpolation at its centre where the layer has no step in it, and always where a recording counts time from
        an event and says by ``clip_start_ms`` and ``clip_end_ms`` where each bin lies in the clip. ``space``: mean
        over all steps of all walks at which the walker was in the spatial bin. ``direction``: likewise for bins of
        head direction.

    Returns
    -------
    aligned : assembly of dims (presentation, neuroid)
    """
    values = {name: layers[layer] for name, layers in activations.items()}
    if alignment == "space":
        aligned = _by_space(values, stimuli, samples)
    elif alignment == "direction":
        aligned = _by_direction(values, stimuli, samples)
    elif alignment == "time":
        aligned = _by_time(values, samples).astype(np.float64)
    else:
        aligned = np.stack([values[name].values.mean(axis=0) for name in coordinate(samples, "stimulus_id")])
    names = ["stimulus_id", "condition"]
    return xr.DataArray(
        aligned,
        dims=["presentation", "neuroid"],
        coords={
            **{name: ("presentation", coordinate(samples, name)) for name in names},
            "neuroid_id": ("neuroid", np.arange(aligned.shape[1])),
            "layer": ("neuroid", np.repeat(layer, aligned.shape[1])),
        },
    )


def subset(samples: xr.DataArray, conditions: Sequence[str]) -> xr.DataArray:
    """The samples of some conditions; of dissimilarities, the pairs of which both stimuli are among them."""
    if "pair" in samples.dims:
        kept = [np.isin(coordinate(samples, side), list(conditions)) for side in ("stimulus_a", "stimulus_b")]
        return samples.isel(pair=np.flatnonzero(kept[0] & kept[1]))
    return samples.isel(
        presentation=np.flatnonzero(np.isin(coordinate(samples, "condition"), list(conditions)))
    )


def of_animal(recording: xr.DataArray, animal: str) -> xr.DataArray:
    """One animal's neuroids.

    Raises
    ------
    InvalidDataError
        If the recording has none.
    """
    animals = coordinate(recording, "animal")
    if animal not in animals:
        raise InvalidDataError(
            f"The animal '{animal}'", got="not recorded", needed=f"one of {sorted(set(animals.tolist()))}"
        )
    return recording.isel(neuroid=np.flatnonzero(animals == animal))


def _repetition_order(recording: xr.DataArray) -> tuple[npt.NDArray[np.int_], int]:
    """Presentations sorted by repetition, stimuli in the same order in each; how many repetitions."""
    stimulus, repetition = (coordinate(recording, name) for name in ("stimulus_id", "repetition"))
    first_seen = {name: position for position, name in enumerate(dict.fromkeys(stimulus))}
    position = np.array([first_seen[name] for name in stimulus])
    order = np.lexsort((position, repetition))
    counts = np.unique(repetition, return_counts=True)[1]
    expected = np.tile(np.arange(len(first_seen)), len(counts))
    if len(order) != len(expected) or (position[order] != expected).any():
        equally_many(stimulus.tolist(), "The recording", hint=_FIRST_OF_EACH)
        raise InvalidDataError(
            "The recording",
            got=f"{len(order)} presentations of {len(first_seen)} stimuli in {len(counts)} repetitions",
            needed="of each stimulus once in each repetition",
            hint="Number the presentations of each stimulus from 0: innerscore.data_registry.repetitions.counted.",
        )
    return order, len(counts)


def _epoch_mask(
    recording: xr.DataArray, presentations: npt.NDArray[np.int_], shape: tuple[int, ...], epoch: str | None
) -> npt.NDArray[np.bool_]:
    if epoch is None:
        return np.ones(shape, dtype=bool)
    if epoch not in recording.coords or recording[epoch].dims != ("presentation", "time_bin"):
        raise InvalidDataError(
            f"The epoch '{epoch}'",
            got="no such mask in the recording",
            needed="a mask over (presentation, time_bin)",
        )
    mask: npt.NDArray[np.bool_] = np.asarray(recording[epoch].values, dtype=bool)[presentations]
    return mask


def _sample_coordinates(
    recording: xr.DataArray, presentation: npt.NDArray[np.int_], time_bin: npt.NDArray[np.int_]
) -> dict[str, tuple[str, npt.NDArray[np.generic]]]:
    coords = {}
    for name in coordinates_along(recording, "presentation"):
        if name != "repetition":
            coords[name] = ("presentation", coordinate(recording, name)[presentation])
    for name in coordinates_along(recording, "time_bin"):
        coords[name] = ("presentation", coordinate(recording, name)[time_bin])
    for name in coordinates_along(recording, "presentation", "time_bin"):
        coords[name] = ("presentation", coordinate(recording, name)[presentation, time_bin])
    for name in coordinates_along(recording, "neuroid"):
        coords[name] = ("neuroid", coordinate(recording, name))
    return coords


def _by_time(values: Mapping[str, TimedValues], samples: xr.DataArray) -> npt.NDArray[np.float32]:
    names = coordinate(samples, "stimulus_id")
    own = "clip_start_ms" in coordinates_along(samples, "presentation")
    start, end = (
        coordinate(samples, f"{'clip' if own else 'time_bin'}_{edge}_ms") for edge in ("start", "end")
    )
    units = next(iter(values.values())).values.shape[1]
    aligned = np.empty((len(names), units), dtype=np.float32)
    for name in dict.fromkeys(names):
        rows = np.flatnonzero(names == name)
        # Such a bin holds steps at other places in each clip: the state is that of its centre.
        aligned[rows] = (
            interpolated(values[name], (start[rows] + end[rows]) / 2)
            if own
            else _bin_means(values[name], start[rows], end[rows])
        )
    return aligned


def _bin_means(
    layer: TimedValues, start: npt.NDArray[np.float64], end: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Mean over the steps in each bin [start, end); the value at its centre where it has none."""
    # A step that rounding puts a hair before its bin's edge belongs to the bin.
    first, last = (np.searchsorted(layer.times_ms, edge - 1e-6) for edge in (start, end))
    sums = np.concatenate(
        [np.zeros((1, layer.values.shape[1])), np.cumsum(layer.values, axis=0, dtype=np.float64)]
    )
    count = last - first
    means: npt.NDArray[np.float64] = (sums[last] - sums[first]) / np.maximum(count, 1)[:, None]
    empty = count == 0
    means[empty] = interpolated(layer, (start[empty] + end[empty]) / 2)
    return means


def interpolated(layer: TimedValues, times_ms: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """States at some times by linear interpolation, the ends held.

    Parameters
    ----------
    layer : TimedValues
        A layer's values on its own time axis.
    times_ms : array of shape (n_times,)
        Times in ms after the stimulus's first step.

    Returns
    -------
    states : array of shape (n_times, units)
    """
    times = layer.times_ms
    right = np.clip(np.searchsorted(times, times_ms), 1, max(len(times) - 1, 1)) if len(times) > 1 else None
    if right is None:
        return np.repeat(layer.values, len(times_ms), axis=0).astype(np.float64)
    share = np.clip((times_ms - times[right - 1]) / (times[right] - times[right - 1]), 0, 1)[:, None]
    return np.asarray((1 - share) * layer.values[right - 1] + share * layer.values[right])


def _by_space(
    values: Mapping[str, TimedValues], stimuli: StimulusSet, samples: xr.DataArray
) -> npt.NDArray[np.float64]:
    size = float(_attribute(samples, "bin_size_m", "spatial bins", "space"))
    visited = np.concatenate([_bin_indices(_walk(stimulus), size) for stimulus in stimuli])
    wanted = [np.floor(coordinate(samples, f"bin_{axis}_m") / size).astype(int) for axis in ("x", "y")]
    width = int(visited.max()) + 1
    flat, target = visited[:, 1] * width + visited[:, 0], wanted[1] * width + wanted[0]
    states = np.concatenate([values[stimulus.identifier].values for stimulus in stimuli])
    return _means_by_label(states, flat, target)


def _by_direction(
    values: Mapping[str, TimedValues], stimuli: StimulusSet, samples: xr.DataArray
) -> npt.NDArray[np.float64]:
    n_bins = int(_attribute(samples, "direction_bins", "bins of head direction", "direction"))
    headings = [_heading(_walk(stimulus)) for stimulus in stimuli]
    visited = bin_of_direction(np.concatenate(headings), n_bins)
    wanted = bin_of_direction(coordinate(samples, "direction_rad"), n_bins)
    states = np.concatenate([values[stimulus.identifier].values for stimulus in stimuli])
    return _means_by_label(states, visited, wanted)


def _attribute(samples: xr.DataArray, name: str, bins: str, alignment: str) -> Any:
    """What a recording over bins says of them."""
    if name not in samples.attrs:
        raise InvalidDataError(
            f"The samples of a benchmark of alignment '{alignment}'",
            got=f"a recording without '{name}'",
            needed=f"over {bins}",
            hint="Key 'alignment' of the benchmark's card has to be that of its region: space for rate maps, "
            "direction for a region whose name ends in -direction, time or image for trials.",
        )
    return samples.attrs[name]


def _heading(walk: SelfMotion) -> npt.NDArray[np.float64]:
    """Head direction at each step, or where it is not known the direction of movement."""
    if walk.head_direction is not None:
        return walk.head_direction
    return np.asarray(np.arctan2(walk.velocity[:, 1], walk.velocity[:, 0]))


def _means_by_label(
    states: npt.NDArray[np.floating[Any]], labels: npt.NDArray[np.int_], wanted: npt.NDArray[np.int_]
) -> npt.NDArray[np.float64]:
    order = np.argsort(labels, kind="stable")
    first, last = (np.searchsorted(labels[order], wanted, side=side) for side in ("left", "right"))
    if (first == last).any():
        raise InvalidDataError(
            "The stimuli",
            got=f"{int((first == last).sum())} bins never visited",
            needed="covering all samples",
        )
    ordered = states[order]
    return np.stack([ordered[a:b].mean(axis=0, dtype=np.float64) for a, b in zip(first, last, strict=True)])


def _bin_indices(walk: SelfMotion, size: float) -> npt.NDArray[np.int_]:
    """Bin of each step; a position on the far wall belongs to the last bin."""
    n_bins = np.round(np.asarray(walk.arena_m) / size).astype(int)
    return np.asarray(np.clip((walk.positions / size).astype(int), 0, n_bins - 1))


def _walk(stimulus: Stimulus) -> SelfMotion:
    if not isinstance(stimulus, SelfMotion):
        raise InvalidDataError("The stimuli", got=stimulus.kind, needed="self-motion, to be aligned in space")
    return stimulus
