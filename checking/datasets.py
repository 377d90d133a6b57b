"""Checks of a data set: what its card says, what its stimuli and recordings are, and whether they fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import xarray as xr

from ..core.cards import DatasetCard
from ..core.errors import InnerscoreError, MissingPartError
from ..core.labelled import check_labelled
from ..core.stimuli import StimulusSet
from ..data_registry import Dataset
from ..data_registry.interface import loader_errors
from .ceilings import ceiling_faults, recording_summary
from .faults import Fault, entry_file, fault_of
from .recordings import left_out_notes, recording_faults
from .stimuli import leakage_faults, pairing_faults, stimulus_faults

__all__ = ["check_dataset", "licence_faults", "read_regions", "region_notes", "region_summaries"]

_NO_LICENCE = {"", "none", "not stated", "todo", "unknown", "tbd", "?"}


def check_dataset(dataset: Dataset, path: Path) -> list[Fault]:
    """Check a data set whose card is valid.

    Parameters
    ----------
    dataset : Dataset
        Its loader.
    path : pathlib.Path
        The card's file.

    Raises
    ------
    MissingPartError
        If its files are not here.
    """
    card, file = dataset.card, entry_file(path, dataset.card.entry)
    faults = licence_faults(card, path)
    try:
        with loader_errors(card):
            stimuli = dataset.stimuli()
    except MissingPartError:
        raise
    except InnerscoreError as error:
        return [*faults, fault_of(error, file)]
    faults += stimulus_faults(stimuli, file)
    for region in card.regions:
        faults += _region_faults(dataset, region, stimuli, file)
    return list(dict.fromkeys(faults))


def read_regions(dataset: Dataset, regions: Sequence[str]) -> dict[str, xr.DataArray]:
    """The recordings of some regions of a data set, by region."""
    with loader_errors(dataset.card):
        return {region: dataset.recording(region) for region in regions}


def region_notes(recordings: Mapping[str, xr.DataArray]) -> list[str]:
    """Notes on recordings without faults: what is left out of each region, and why."""
    return [
        f"region {region}: {note}"
        for region, recording in recordings.items()
        for note in left_out_notes(recording)
    ]


def region_summaries(recordings: Mapping[str, xr.DataArray]) -> list[str]:
    """Summaries of recordings without faults, a line for each region."""
    return [f"region {region}: {recording_summary(recording)}" for region, recording in recordings.items()]


def licence_faults(card: DatasetCard, path: Path) -> list[Fault]:
    """A licence that says nothing."""
    if card.licence.strip().lower() not in _NO_LICENCE:
        return []
    fix = "Name the SPDX identifier, or the terms in words, under which others may use the data."
    return [Fault(str(path), f"key 'licence' says '{card.licence}'", fix)]


def _region_faults(dataset: Dataset, region: str, stimuli: StimulusSet, file: Path) -> list[Fault]:
    try:
        with loader_errors(dataset.card):
            recording = dataset.recording(region)
        check_labelled(recording, "dissimilarities" if "pair" in recording.dims else "recording")
    except MissingPartError:
        raise
    except InnerscoreError as error:
        return [fault_of(error, file)]
    return _named(region, _content_faults(recording, stimuli, file))


def _content_faults(recording: xr.DataArray, stimuli: StimulusSet, file: Path) -> list[Fault]:
    if "pair" in recording.dims:
        return pairing_faults(recording, stimuli, file)
    faults = recording_faults(recording, file) + pairing_faults(recording, stimuli, file)
    faults += leakage_faults(recording, stimuli, file)
    return faults or ceiling_faults(recording, file)


def _named(region: str, faults: list[Fault]) -> list[Fault]:
    return [Fault(fault.file, f"region {region}: {fault.reason}", fault.fix) for fault in faults]
