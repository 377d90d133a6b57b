"""A pair of candidate and benchmark as a job: by what its run is known, and how it is done.

Whatever a candidate is given as, name, folder, bundle, table of answers or file of activations, it comes through
here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..benchmarks import Benchmark
from ..core.records import RunInputs
from ..core.settings import Settings
from .activation_file import activation_inputs, score_activations
from .bundle_folder import bundle_folder, is_bundle
from .run import Outcome, Report, Run, execute, prepare
from .sandbox import Sandbox
from .table import score_table, table_inputs

__all__ = ["Job", "is_activations", "is_table", "job_of"]


@dataclass(frozen=True, eq=False)
class Job:
    """A run to be done, if it has not been.

    Parameters
    ----------
    name : str
        Name of the candidate.
    inputs : RunInputs
        Inputs that identify the run.
    do : callable
        Does it, given the hash of the record that it corrects and a function to report to, either may be None.
    run : Run or None
        None where no model is run, but a file scored.
    """

    name: str
    inputs: RunInputs
    do: Callable[[str | None, Report | None], Outcome]
    run: Run | None = None


def job_of(
    candidate: str, benchmark: Benchmark, settings: Settings, *, seed: int, sandbox: Sandbox | None = None
) -> Job:
    """The job of a pair; with a sandbox, a model runs in it.

    Raises
    ------
    InnerscoreError
        If the name is unknown, a card or file not valid, or the benchmark's data not here.
    """
    if is_table(candidate):
        return _file_job(Path(candidate), benchmark, settings, table_inputs, score_table)
    if is_activations(candidate):
        return _file_job(Path(candidate), benchmark, settings, activation_inputs, score_activations)
    if is_bundle(candidate):
        candidate = str(bundle_folder(Path(candidate), settings.cache_dir))
    run = prepare(candidate, benchmark, settings, seed=seed)

    def do(supersedes: str | None, report: Report | None) -> Outcome:
        return execute(run, settings, report=report, supersedes=supersedes, sandbox=sandbox)

    return Job(run.card.identifier, run.inputs, do, run)


def is_table(candidate: str) -> bool:
    """Whether a candidate is given as a table of answers."""
    return candidate.lower().endswith(".csv")


def is_activations(candidate: str) -> bool:
    """Whether a candidate is given as a file of activations."""
    return candidate.lower().endswith((".npz", ".nc"))


def _file_job(
    path: Path,
    benchmark: Benchmark,
    settings: Settings,
    inputs_of: Callable[[Path, Benchmark], RunInputs],
    score: Callable[..., Outcome],
) -> Job:
    """The job of a file; what it holds was computed elsewhere, so it has no seed here."""
    inputs = inputs_of(path, benchmark)

    def do(supersedes: str | None, report: Report | None) -> Outcome:  # noqa: ARG001
        return score(path, benchmark, settings, supersedes=supersedes)

    return Job(inputs.candidate.identifier, inputs, do)
