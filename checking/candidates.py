"""Checks of a candidate: it is built, shown a few stimuli of each kind that it accepts, and built again."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ..candidates.interface import accepts, bundle_sha256, find_candidate, has_needed
from ..core.activations import Activations
from ..core.bundles import CARD_NAME, pack_folder
from ..core.cards import CandidateCard
from ..core.errors import CandidateError, InvalidCardError, InvalidInputError
from ..core.identity import PACKAGE_ROOT
from ..core.settings import Settings
from ..core.stimuli import FrameClip, StimulusKind, StimulusSet
from ..scoring.run import Opener, opener
from ..scoring.sandbox import Sandbox
from .faults import Fault, entry_file, fault_of

__all__ = [
    "PROBES",
    "Behaviour",
    "CandidateReport",
    "Estimate",
    "behaviour_faults",
    "check_candidate",
    "observed",
    "probes_of",
]

#: Benchmarks that have a stimulus of each kind, to show a candidate where none is named.
PROBES = ("SimulatedDMFC.occluded-ridge", "SimulatedMEC.ridge")


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
    sandbox: Sandbox | None = None,
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
    sandbox : Sandbox, optional
        Sandbox to run it in, as a board's workers do; without one, it runs in this process.
    """
    file = entry_file(path, card.entry)
    faults = bundle_faults(path)
    paces: dict[StimulusKind, _Pace] = {}
    made_of = bundle_sha256(find_candidate(name, settings))
    opened = opener(name, made_of, settings, seed=seed, sandbox=sandbox)
    for kind in card.accepts:
        probes = probes_of(card, kind, sets)
        if probes is None:
            faults.append(_without_probes(card, kind, sets, path))
            continue
        try:
            behaviour = observed(opened, probes)
        except (CandidateError, InvalidCardError) as error:
            return CandidateReport((*faults, fault_of(error, file)))
        faults += behaviour_faults(behaviour, file)
        if not faults:
            paces[kind] = _pace(behaviour, probes)
    return CandidateReport(tuple(faults), _estimates(card, sets, paces))


def _without_probes(
    card: CandidateCard, kind: StimulusKind, sets: Mapping[str, StimulusSet], path: Path
) -> Fault:
    """The fault of a card that accepts what the benchmarks at hand do not have."""
    if not any(stimuli.kind == kind and has_needed(card, stimuli) for stimuli in sets.values()):
        wanted = f"{kind} with {', '.join(card.needs)}" if card.needs else kind
        fix = "Name a benchmark that has them by --benchmark, or take the kind out of 'accepts'."
        return Fault(str(path), f"the card accepts {wanted}, but no benchmark here has such stimuli", fix)
    reason = f"the card accepts {kind}, but no stimulus of the benchmarks is that long"
    return Fault(str(path), reason, "Lower 'min_frames', or take the kind out of 'accepts'.")


def bundle_faults(path: Path) -> list[Fault]:
    """The fault for which a board would refuse the folder of a card as a bundle; built-in candidates have none."""
    if path.name != CARD_NAME or path.resolve().is_relative_to(PACKAGE_ROOT):
        return []
    try:
        pack_folder(path.parent)
    except InvalidInputError as error:
        return [fault_of(error, path)]
    return []


def probes_of(card: CandidateCard, kind: StimulusKind, sets: Mapping[str, StimulusSet]) -> StimulusSet | None:
    """The first two stimuli of a kind that are long enough for the candidate; None if there are no two."""
    fitting = [stimuli for stimuli in sets.values() if stimuli.kind == kind and has_needed(card, stimuli)]
    of_kind = [stimulus for stimuli in fitting for stimulus in stimuli]
    long_enough = {
        s.identifier: s for s in of_kind if not isinstance(s, FrameClip) or s.n_steps >= card.min_frames
    }
    if len(long_enough) < 2:
        return None
    probes = tuple(long_enough.values())[:2]
    return StimulusSet("probes", probes, pd.DataFrame({"stimulus_id": [one.identifier for one in probes]}))


@dataclass(frozen=True, eq=False)
class Behaviour:
    """Activations of a candidate to two stimuli, of which the first was shown three times.

    Parameters
    ----------
    first, other : Activations
        For the first and the second stimulus.
    after : Activations
        For the first again, after the second.
    anew : Activations
        For the first, by a second build.
    seconds : float
        Duration of the showing that gave `after`, when the candidate was warm.
    """

    first: Activations
    other: Activations
    after: Activations
    anew: Activations
    seconds: float


def observed(opened: Opener, probes: StimulusSet) -> Behaviour:
    """Show a candidate two stimuli in turn, and the first to a second build of it.

    Raises
    ------
    CandidateError
        If it cannot be built or shown, or what it returns is not as the stimuli demand.
    """
    one, two = probes.stimuli
    with opened(probes) as candidate:
        first, other = (candidate.activations([stimulus])[0] for stimulus in (one, two))
        start = time.perf_counter()
        after = candidate.activations([one])[0]
        seconds = time.perf_counter() - start
    with opened(probes) as candidate:
        anew = candidate.activations([one])[0]
    return Behaviour(first, other, after, anew, seconds)


def behaviour_faults(behaviour: Behaviour, file: Path) -> list[Fault]:
    """Faults in what a candidate gives.

    These are the rules of ``check`` and of a board's workers alike: the same units for every stimulus, values that
    depend on the stimulus, and neither on what was shown before nor on anything but the seed.
    """
    first, other = behaviour.first, behaviour.other
    return [
        *_unit_faults(first, other, file),
        *_constant_faults(first, other, file),
        *_repeat_faults(first, behaviour.anew, behaviour.after, file),
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
                "Draw from a generator made of the run's seed: 'takes: [seed]' on the card. A torch module with "
                "dropout needs '.eval()'.",
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


def _pace(behaviour: Behaviour, probes: StimulusSet) -> _Pace:
    """Time and float32 bytes a step."""
    steps = probes.stimuli[0].n_steps
    size = sum(timed.values.nbytes for timed in behaviour.after.values())
    return _Pace(behaviour.seconds / steps, size / steps)


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
