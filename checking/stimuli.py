"""Checks of the stimuli, and of whether they and a recording fit."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
import xarray as xr

from ..core.labelled import coordinate
from ..core.stimuli import FrameClip, SelfMotion, Stimulus, StimulusSet
from .faults import Fault

__all__ = ["leakage_faults", "pairing_faults", "stimulus_faults"]

_WIDEST_DEG = 180.0
_LARGEST_ARENA_M, _FASTEST_M_S = 50.0, 10.0
_RATES_HZ = (0.1, 2000.0)


def stimulus_faults(stimuli: StimulusSet, file: Path) -> list[Fault]:
    """Units that cannot be, and stimuli that occur twice."""
    found = dict.fromkeys(fault for stimulus in stimuli for fault in _unit_faults(stimulus))
    return [Fault(str(file), reason, fix) for reason, fix in found] + _twin_faults(stimuli, file)


def pairing_faults(recording: xr.DataArray, stimuli: StimulusSet, file: Path) -> list[Fault]:
    """Recordings under stimuli that are not in the set, and bins after a stimulus's end.

    Maps over space or direction are pooled over all walks: their samples are bins, and no stimuli.
    """
    if stimuli.kind == "self_motion" and "time_bin" not in recording.dims:
        return []
    known = {stimulus.identifier: stimulus for stimulus in stimuli}
    unknown = sorted(_stimuli_used(recording) - set(known))
    if unknown:
        reason = f"{len(unknown)} stimuli were recorded under but are not in the set: {unknown[:3]}"
        return [Fault(str(file), reason, "Give stimuli and recordings the same identifiers.")]
    return _late_faults(recording, known, file)


def leakage_faults(recording: xr.DataArray, stimuli: StimulusSet, file: Path) -> list[Fault]:
    """The same stimulus in two conditions: one of them would be held out while the other is learnt from."""
    conditions: dict[str, set[str]] = defaultdict(set)
    content = {stimulus.identifier: stimulus.content_hash for stimulus in stimuli}
    for name, condition in zip(
        coordinate(recording, "stimulus_id"), coordinate(recording, "condition"), strict=True
    ):
        conditions[content.get(str(name), str(name))].add(str(condition))
    shared = sorted(sorted(names)[:2] for names in conditions.values() if len(names) > 1)
    if not shared:
        return []
    reason = f"{len(shared)} stimuli are in two conditions, such as {' and '.join(shared[0])}"
    fix = "Give all presentations of a stimulus one condition: it is what is held out, or what chooses the layer."
    return [Fault(str(file), reason, fix)]


def _unit_faults(stimulus: Stimulus) -> list[tuple[str, str]]:
    faults = []
    if not _RATES_HZ[0] <= stimulus.rate_hz <= _RATES_HZ[1]:
        faults.append((f"stimuli at {stimulus.rate_hz:g} Hz", "Give 'rate_hz' in steps per second."))
    if isinstance(stimulus, FrameClip):
        return faults + _clip_faults(stimulus)
    return faults + _walk_faults(stimulus) if isinstance(stimulus, SelfMotion) else faults


def _clip_faults(clip: FrameClip) -> list[tuple[str, str]]:
    width = clip.frames.shape[2] * clip.degrees_per_pixel
    if width <= _WIDEST_DEG:
        return []
    return [(f"clips {width:.4g} degrees wide", "Give 'degrees_per_pixel' in degrees of visual angle.")]


def _walk_faults(walk: SelfMotion) -> list[tuple[str, str]]:
    faults = []
    speed = float(np.median(np.hypot(*walk.velocity.T)))
    if speed > _FASTEST_M_S:
        faults.append(("walks faster than any animal", "Give 'velocity' in m/s; these look like cm/s."))
    if max(walk.arena_m) > _LARGEST_ARENA_M:
        size = " x ".join(f"{side:g}" for side in walk.arena_m)
        faults.append((f"an arena of {size} m", "Give 'arena_m' in m; these look like cm."))
    return faults


def _twin_faults(stimuli: StimulusSet, file: Path) -> list[Fault]:
    by_content: dict[str, list[str]] = defaultdict(list)
    for stimulus in stimuli:
        by_content[stimulus.content_hash].append(stimulus.identifier)
    twins = [names[:2] for names in by_content.values() if len(names) > 1]
    if not twins:
        return []
    reason = f"{len(twins)} stimuli stand under two names, such as {' and '.join(twins[0])}"
    return [
        Fault(str(file), reason, "Keep one of each, and make its presentations repetitions of one stimulus.")
    ]


def _late_faults(recording: xr.DataArray, known: dict[str, Stimulus], file: Path) -> list[Fault]:
    """Bins with values that begin after the stimulus has ended; the last state of a model would stand for them."""
    if "time_bin" not in recording.dims:
        return []
    start = coordinate(recording, "time_bin_start_ms")
    recorded = np.isfinite(np.asarray(recording.values)).any(axis=1)  # (presentation, time_bin)
    ends = {name: stimulus.n_steps * 1000.0 / stimulus.rate_hz for name, stimulus in known.items()}
    end = np.array([ends[str(name)] for name in coordinate(recording, "stimulus_id")])
    late = (recorded & (start[None, :] >= end[:, None])).sum(axis=1)
    if not late.any():
        return []
    worst = int(np.argmax(late))
    reason = (
        f"{int((late > 0).sum())} presentations have values in bins after the stimulus's end, "
        f"such as {coordinate(recording, 'stimulus_id')[worst]} ({end[worst]:g} ms)"
    )
    fix = "Count bins in ms from the stimulus's first step, and give NaN after its end."
    return [Fault(str(file), reason, fix)]


def _stimuli_used(recording: xr.DataArray) -> set[str]:
    names = ("stimulus_a", "stimulus_b") if "pair" in recording.dims else ("stimulus_id",)
    return {str(value) for name in names for value in coordinate(recording, name)}
