"""The reliability of a recording: whether models can be ranked under it, and a line that says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import xarray as xr

from ..benchmarks.alignment import brain_samples
from ..core.errors import InnerscoreError
from ..core.labelled import coordinate
from ..core.words import number_of
from ..metrics.functional import split_half_reliability
from .faults import Fault, fault_of

__all__ = ["ceiling_faults", "recording_summary"]

_THRESHOLD = 0.1  # below it the predictivity metrics leave a neuroid out
_FEWEST = 5  # neuroids of which a median over neuroids can be told from chance
_N_SPLITS = 20
_OF_NO_NEURON = {
    "m",
    "deg",
    "ms",
}  # true positions, endpoints and intervals: they have a trial a presentation


def ceiling_faults(recording: xr.DataArray, file: Path) -> list[Fault]:
    """A fault if too few neuroids have a split-half reliability over samples that models can be ranked under.

    Parameters
    ----------
    recording : assembly of dims (presentation, neuroid[, time_bin])
        A recording free of other faults.
    file : pathlib.Path
        File that made it, for the faults.
    """
    if recording.attrs.get("units") in _OF_NO_NEURON:
        return []
    try:
        trials = _trials(recording)
        if len(trials) < 2:
            reason = "one repetition: how much of the responses is noise cannot be known"
            return [
                Fault(str(file), reason, "Give single trials, or halves of the recording as repetitions.")
            ]
        reliability = _reliability(trials)
    except InnerscoreError as error:
        return [fault_of(error, file)]
    reliable = int((reliability >= _THRESHOLD).sum())
    if reliable >= min(_FEWEST, len(reliability)):
        return []
    median = float(np.nanmedian(reliability)) if np.isfinite(reliability).any() else float("nan")
    reason = (
        f"{reliable} of {len(reliability)} neuroids have a split-half reliability of {_THRESHOLD:g} or more "
        f"(median {median:.2f}): too few to rank models"
    )
    return [
        Fault(str(file), reason, "Check that trials are in the right order; add repetitions or wider bins.")
    ]


def recording_summary(recording: xr.DataArray) -> str:
    """Animals, neuroids, stimuli or bins, repetitions and reliability of a recording without faults."""
    if "pair" in recording.dims:
        return ", ".join(
            number_of(recording.sizes[name], what) for name, what in (("rdm", "RDM"), ("pair", "pair"))
        )
    animals, stimuli, repetitions = (
        len(set(coordinate(recording, name).tolist())) for name in ("animal", "stimulus_id", "repetition")
    )
    parts = [
        number_of(animals, "animal"),
        number_of(recording.sizes["neuroid"], "neuroid"),
        f"{number_of(stimuli, 'stimulus', 'stimuli')} in {number_of(repetitions, 'repetition')}",
    ]
    if "time_bin" in recording.dims:
        parts.append(number_of(recording.sizes["time_bin"], "time bin"))
    if recording.attrs.get("units") not in _OF_NO_NEURON and repetitions > 1:
        reliability = _reliability(_trials(recording))
        known = reliability[np.isfinite(reliability)]
        ceiling = float(np.median(np.sqrt(known.clip(0)))) if known.size else float("nan")
        reliable = int((reliability >= _THRESHOLD).sum())
        parts.append(
            f"{reliable} of {len(reliability)} neuroids reliable (split halves; median ceiling {ceiling:.2f})"
        )
    return ", ".join(parts)


def _trials(recording: xr.DataArray) -> npt.NDArray[np.float64]:
    samples = brain_samples(recording, epoch=None, needed="by neuroid")
    return np.asarray(samples.values, dtype=np.float64)


def _reliability(trials: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(split_half_reliability(trials, n_splits=_N_SPLITS).mean)
