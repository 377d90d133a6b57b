"""Scoring of a model that is an object in this process, and of no bytes that anybody could get.

Such a model is known by what it answered: the hash over its activations to the stimuli takes the place of a
bundle's. A record that rests on it is for the one who made it. To be stored, what it answered is written as a file
(:func:`write_activations`), which is scored like any file of activations and can be checked by others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..benchmarks import Benchmark
from ..core.activations import Activations, check_activations
from ..core.batching import show
from ..core.errors import CandidateError, InvalidArgumentError, foreign_errors
from ..core.files import atomic_path
from ..core.hashing import canonical_json, sha256_of_bytes
from ..core.records import CandidateRef
from ..core.settings import Settings
from ..core.stimuli import Stimulus
from .array_files import TIMES
from .from_file import score_inputs
from .run import Outcome, Report, run_inputs

__all__ = ["object_name", "score_object", "show_object", "write_activations"]

_BATCH = 16


def score_object(
    model: object, benchmark: Benchmark, settings: Settings, *, name: str, report: Report | None = None
) -> Outcome:
    """Show a benchmark's stimuli to a model and score what it answers.

    Parameters
    ----------
    model : object
        Anything with ``activations(stimulus)``, as a candidate's class has it.
    benchmark : Benchmark
        Benchmark that it is scored on.
    settings : Settings
        Settings for the record.
    name : str
        Name of the candidate in the record.
    report : callable, optional
        Called with the stage, the number done and the number of all.

    Returns
    -------
    outcome : Outcome
        A record whose ``bundle_sha256`` is the hash over the activations.

    Raises
    ------
    CandidateError
        If the model fails; its error is the cause.
    ActivationError
        If what it returns is not as the stimuli demand.
    """
    stimuli = benchmark.stimuli
    activations = show_object(model, stimuli.stimuli, name=name, report=report)
    whose = CandidateRef(identifier=name, version=1, bundle_sha256=_sha256_of(activations, stimuli.stimuli))
    inputs = run_inputs(whose, benchmark, stimuli_sha256=stimuli.content_hash, seed=0)
    if report is not None:
        report("score", 0, 1)
    return score_inputs(inputs, lambda: benchmark.score(activations), settings)


def show_object(
    model: Any, stimuli: Sequence[Stimulus], *, name: str, report: Report | None = None
) -> dict[str, Activations]:
    """Checked activations of a model by stimulus; it must have the same layers for all of them."""
    layers: tuple[str, ...] = ()
    found = {}
    for start in range(0, len(stimuli), _BATCH):
        if report is not None:
            report("activations", start, len(stimuli))
        batch = stimuli[start : start + _BATCH]
        with foreign_errors(
            CandidateError,
            f"Candidate '{name}'",
            needed=f"able to run when shown {len(batch)} stimuli",
            hint="Its own error is the cause of this one.",
        ):
            answers = show(model, batch)
        for stimulus, answer in zip(batch, answers, strict=True):
            layers = layers or tuple(map(str, answer)) if isinstance(answer, dict) else layers
            found[stimulus.identifier] = check_activations(answer, stimulus, candidate=name, layers=layers)
    return found


def write_activations(
    model: object, benchmarks: Iterable[Benchmark], path: Path, *, name: str, report: Report | None = None
) -> Path:
    """Show a model the stimuli of benchmarks and write what it answers as one file of activations.

    One file for all, as a row of the board is one candidate, which is known by the bytes of the file.

    Raises
    ------
    InvalidArgumentError
        If the file's name does not end in .npz, or two benchmarks have different stimuli of one name.
    """
    if path.suffix != ".npz":
        raise InvalidArgumentError("The 'path' parameter", got=path.name, needed="a name that ends in .npz")
    stimuli: dict[str, Stimulus] = {}
    for benchmark in benchmarks:
        for stimulus in benchmark.stimuli:
            known = stimuli.setdefault(stimulus.identifier, stimulus)
            if known.content_hash != stimulus.content_hash:
                raise InvalidArgumentError(
                    "The 'benchmarks' parameter",
                    got=f"two stimuli '{stimulus.identifier}' that differ",
                    needed="benchmarks whose stimuli have names of their own: write a file for each",
                )
    shown = show_object(model, tuple(stimuli.values()), name=name, report=report)
    arrays = {}
    for identifier, layers in shown.items():
        for layer, timed in layers.items():
            arrays[f"{identifier}/{layer}"] = timed.values
            if not np.array_equal(timed.times_ms, stimuli[identifier].times_ms):
                arrays[f"{identifier}/{layer}{TIMES}"] = timed.times_ms
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
    return path


def object_name(model: object) -> str:
    """The name of a model's class as a candidate's: small letters, digits and hyphens."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", type(model).__name__)
    return re.sub(r"[^a-z0-9]+", "-", spaced.lower()).strip("-")[:60] or "model"


def _sha256_of(activations: dict[str, Activations], stimuli: Sequence[Stimulus]) -> str:
    """Hash over what was answered to what: names of layers, values as float32, times."""
    answered = [
        [
            stimulus.content_hash,
            layer,
            list(timed.values.shape),
            sha256_of_bytes(np.ascontiguousarray(timed.values, dtype="<f4").tobytes()),
            sha256_of_bytes(np.ascontiguousarray(timed.times_ms, dtype="<f8").tobytes()),
        ]
        for stimulus in stimuli
        for layer, timed in activations[stimulus.identifier].items()
    ]
    return sha256_of_bytes(canonical_json(answered))
