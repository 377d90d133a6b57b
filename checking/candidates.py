"""Checks of a candidate: it is built, shown a few stimuli of each kind that it accepts, and built again."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..candidates import LoadedCandidate, load_candidate
from ..candidates.interface import accepts
from ..core.activations import Activations
from ..core.cards import CandidateCard
from ..core.errors import CandidateError, InvalidCardError
from ..core.settings import Settings
from ..core.stimuli import FrameClip, Stimulus, StimulusKind, StimulusSet
from .faults import Fault, entry_file, fault_of

__all__ = ["CandidateReport", "Estimate", "check_candidate"]


@dataclass(frozen=True)
class Estimate:
    """The estimated cost of showing a benchmark's stimuli to a candidate; the metric's own time comes on top.

    Parameters
    ----------
    benchmark : str
        Name of the benchmark.
    applicable : bool
        Whether the candidate accepts its stimuli; if not, the numbers are 0.
    seconds : float
        Time, from the pace at which the candidate was shown its first stimuli here.
    memory_mb : float
        Memory of all activations together, in MB (float32), as they are held while scoring.
    """

    benchmark: str
    applicable: bool
    seconds: float
    memory_mb: float


@dataclass(frozen=True)
class CandidateReport:
    """The result of a check.

    Parameters
    ----------
    faults : tuple of Fault
        Faults to put right.
    estimates : tuple of Estimate
        An estimate for each benchmark asked for; empty if the candidate cannot be shown anything.
    notes : tuple of str
        Notes on a data set or benchmark: no faults, but worth knowing, such as a session that is left out.
    """

    faults: tuple[Fault, ...]
    estimates: tuple[Estimate, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Pace:
    """The cost of one step of a stimulus."""

    seconds: float
    bytes: float


def check_candidate(
    name: str,
    path: Path,
    card: CandidateCard,
    sets: Mapping[str, StimulusSet],
    settings: Settings,
    *,
    seed: int,
) -> CandidateReport:
    """Check a candidate whose card is valid.

    Parameters
    ----------
    name : str
        Registered name or folder.
    path : pathlib.Path
        The card's file.
    card : CandidateCard
        The card.
    sets : mapping of str to StimulusSet
        Stimuli by the name of their benchmark: one set at least of each kind.
    settings : Settings
        Device and plugins.
    seed : int
        Seed of the run.
    """
    file = entry_file(path, card.entry)
    try:
        builds = [load_candidate(name, settings, seed=seed) for _ in range(2)]
    except (CandidateError, InvalidCardError) as error:
        return CandidateReport((fault_of(error, file),))
    faults: list[Fault] = []
    paces: dict[StimulusKind, _Pace] = {}
    for kind in card.accepts:
        probes = _probes(card, kind, sets)
        faults += _probe_faults(builds, kind, probes, file, path)
        if len(probes) == 2 and not faults:
            paces[kind] = _pace(builds[0], probes)
    return CandidateReport(tuple(faults), _estimates(card, sets, paces))


def _probes(card: CandidateCard, kind: StimulusKind, sets: Mapping[str, StimulusSet]) -> list[Stimulus]:
    """The first two stimuli of a kind that are long enough for the candidate."""
    of_kind = [stimulus for stimuli in sets.values() if stimuli.kind == kind for stimulus in stimuli]
    long_enough = (s for s in of_kind if not isinstance(s, FrameClip) or s.n_steps >= card.min_frames)
    return [stimulus for stimulus, _ in zip(long_enough, range(2), strict=False)]


def _probe_faults(
    builds: Sequence[LoadedCandidate], kind: StimulusKind, probes: Sequence[Stimulus], file: Path, path: Path
) -> list[Fault]:
    if len(probes) < 2:
        reason = f"the card accepts {kind}, but no stimulus of the benchmarks is that long"
        return [Fault(str(path), reason, "Lower 'min_frames', or take the kind out of 'accepts'.")]
    try:
        first, other, after = (builds[0].activations([probes[k]])[0] for k in (0, 1, 0))
        anew = builds[1].activations([probes[0]])[0]
    except CandidateError as error:
        return [fault_of(error, file)]
    return [
        *_unit_faults(first, other, file),
        *_constant_faults(first, other, file),
        *_repeat_faults(first, anew, after, file),
    ]


def _unit_faults(first: Activations, other: Activations, file: Path) -> list[Fault]:
    units = {layer: (first[layer].values.shape[1], other[layer].values.shape[1]) for layer in first}
    return [
        Fault(
            str(file),
            f"layer '{layer}' has {a} units for one stimulus and {b} for the next",
            "Make a layer the same units for every stimulus: pool what depends on its size or length.",
        )
        for layer, (a, b) in units.items()
        if a != b
    ]


def _constant_faults(first: Activations, other: Activations, file: Path) -> list[Fault]:
    shown = {
        layer: np.concatenate([first[layer].values.ravel(), other[layer].values.ravel()]) for layer in first
    }
    return [
        Fault(str(file), f"layer '{layer}' never changes", "Return what depends on the stimulus.")
        for layer, values in shown.items()
        if (values == values[0]).all()
    ]


def _repeat_faults(first: Activations, anew: Activations, after: Activations, file: Path) -> list[Fault]:
    if _differing(first, anew):
        return [
            Fault(
                str(file),
                f"built twice under one seed, it gives different numbers in layers {_differing(first, anew)}",
                "Draw from a generator made of the run's seed: 'takes: [seed]' on the card.",
            )
        ]
    if _differing(first, after):
        return [
            Fault(
                str(file),
                f"what layers {_differing(first, after)} give for a stimulus depends on what was shown before",
                "Begin every call of activations() from the same state.",
            )
        ]
    return []


def _differing(one: Activations, two: Activations) -> list[str]:
    return [layer for layer in one if not np.array_equal(one[layer].values, two[layer].values)]


def _pace(candidate: LoadedCandidate, probes: Sequence[Stimulus]) -> _Pace:
    """Time and float32 bytes a step; the candidate is warm by now."""
    steps = sum(stimulus.n_steps for stimulus in probes)
    start = time.perf_counter()
    shown = candidate.activations(probes)
    seconds = time.perf_counter() - start
    size = sum(timed.values.nbytes for layers in shown for timed in layers.values())
    return _Pace(seconds / steps, size / steps)


def _estimates(
    card: CandidateCard, sets: Mapping[str, StimulusSet], paces: Mapping[StimulusKind, _Pace]
) -> tuple[Estimate, ...]:
    if not paces:
        return ()
    return tuple(_estimate(name, card, stimuli, paces) for name, stimuli in sets.items())


def _estimate(
    name: str, card: CandidateCard, stimuli: StimulusSet, paces: Mapping[StimulusKind, _Pace]
) -> Estimate:
    if not accepts(card, stimuli) or stimuli.kind not in paces:
        return Estimate(name, applicable=False, seconds=0.0, memory_mb=0.0)
    steps = sum(stimulus.n_steps for stimulus in stimuli)
    pace = paces[stimuli.kind]
    return Estimate(name, True, round(pace.seconds * steps, 3), round(pace.bytes * steps / 1e6, 3))
