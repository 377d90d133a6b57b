"""Scoring activations computed elsewhere: by a model with closed weights, or in another language.

The file has for each stimulus and layer an array (time, units) of real numbers, one row for each step of the
stimulus; and where a layer has times of its own, these in ms:

==========  =======================================  ================================================
format      values                                   times, optional
==========  =======================================  ================================================
``.npz``    array ``<stimulus>/<layer>``             array ``<stimulus>/<layer>@times_ms``
``.nc``     variable ``<layer>`` in a group           variable ``<layer>@times_ms`` in the same group
            ``<stimulus>``
==========  =======================================  ================================================

It may hold further stimuli, those of other benchmarks. Nothing is unpickled, and no array is read before its
declared size, type and shape are known to be right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ..benchmarks import Benchmark
from ..core.activations import Activations, check_activations
from ..core.errors import ActivationError, InvalidDataError
from ..core.first_reading import read_apart
from ..core.records import RunInputs
from ..core.scores import Score
from ..core.settings import Settings
from ..core.stimuli import StimulusSet
from .array_files import TIMES, Entry, layer_values, open_arrays
from .from_file import file_candidate, score_file
from .pictures import with_pictures
from .run import Outcome, run_inputs

__all__ = [
    "MAX_BYTES",
    "activation_inputs",
    "read_activations",
    "score_activations",
]

MAX_BYTES = 8 * 2**30


def activation_inputs(path: Path, benchmark: Benchmark) -> RunInputs:
    """All that determines the score of a file of activations: its bytes stand for the candidate.

    Raises
    ------
    InvalidDataError
        If the file is a link or cannot be read.
    """
    stimuli_sha256 = benchmark.stimuli.content_hash
    return run_inputs(file_candidate(path), benchmark, stimuli_sha256=stimuli_sha256, seed=0)


def score_activations(
    path: Path, benchmark: Benchmark, settings: Settings, *, supersedes: str | None = None
) -> Outcome:
    """Score a file of activations.

    Parameters
    ----------
    path : pathlib.Path
        A file of one of the module's formats.
    benchmark : Benchmark
        Any benchmark.
    settings, supersedes
        As for :func:`.from_file.score_file`.

    Returns
    -------
    outcome : Outcome
        As of :func:`.from_file.score_file`.

    Raises
    ------
    InvalidDataError
        If the file is not as it must be. A wrong file is refused; it is no failure of a model.
    """
    inputs = activation_inputs(path, benchmark)

    def compute() -> Score:
        with _faults_of(path):
            activations = read_activations(path, benchmark.stimuli)
            return with_pictures(benchmark.score(activations), benchmark, activations)

    return score_file(path, inputs, compute, settings, supersedes=supersedes)


def read_activations(
    path: Path, stimuli: StimulusSet, *, max_bytes: int = MAX_BYTES
) -> dict[str, Activations]:
    """Read and check the activations for all stimuli of a set.

    Parameters
    ----------
    path : pathlib.Path
        ``.npz`` or ``.nc``.
    stimuli : StimulusSet
        Stimuli that were shown.
    max_bytes : int
        Most memory that all arrays of these stimuli may take together.

    Raises
    ------
    InvalidDataError
        If a stimulus is missing, stimuli have different layers, or the arrays are too large.
    ActivationError
        If an array is not as its stimulus demands.
    """
    read_apart([path])
    with open_arrays(path) as entries:
        layers = _layers(path, entries, stimuli)
        _check_size(path, entries, stimuli, layers, max_bytes)
        return {
            stimulus.identifier: check_activations(
                {layer: layer_values(entries, stimulus, layer) for layer in layers},
                stimulus,
                candidate=path.name,
                layers=layers,
            )
            for stimulus in stimuli
        }


def _layers(path: Path, entries: Mapping[str, Entry], stimuli: StimulusSet) -> tuple[str, ...]:
    """The layers, in the file's order: the same for all stimuli of the set."""
    found: dict[str, list[str]] = {stimulus.identifier: [] for stimulus in stimuli}
    for key in entries:
        stimulus, _, layer = key.rpartition("/")
        if stimulus in found and not layer.endswith(TIMES):
            found[stimulus].append(layer)
    missing = [name for name, layers in found.items() if not layers]
    if missing:
        raise InvalidDataError(
            f"The file {path}",
            got=f"nothing for {missing[:3]} ({len(missing)} of {len(found)} stimuli)",
            needed="with arrays for every stimulus of the benchmark",
            hint="'innerscore export-stimuli' writes the stimuli with their identifiers.",
        )
    first, layers = next(iter(found.items()))
    for name, others in found.items():
        if set(others) != set(layers):
            raise InvalidDataError(
                f"The file {path}",
                got=f"layers {sorted(layers)} for '{first}' and {sorted(others)} for '{name}'",
                needed="with the same layers for every stimulus",
            )
    return tuple(layers)


def _check_size(
    path: Path, entries: Mapping[str, Entry], stimuli: StimulusSet, layers: tuple[str, ...], max_bytes: int
) -> None:
    names = [f"{stimulus.identifier}/{layer}" for stimulus in stimuli for layer in layers]
    timed = [name + TIMES for name in names if name + TIMES in entries]
    size = sum(entries[name].held_bytes for name in (*names, *timed))
    if size > max_bytes:
        raise InvalidDataError(
            f"The arrays of {path}",
            got=f"{size / 2**30:.3g} GiB",
            needed=f"at most {max_bytes / 2**30:.3g} GiB for a benchmark",
            hint="Pool the units of large layers, or give fewer layers.",
        )


@contextmanager
def _faults_of(path: Path) -> Iterator[None]:
    """Report as a file's fault what would otherwise be a candidate's failure."""
    try:
        yield
    except ActivationError as error:
        raise InvalidDataError(
            f"In the file {path}: {error.subject}", got=error.got, needed=error.needed, hint=error.hint
        ) from error
