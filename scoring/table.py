"""Scoring a table of answers: no candidate is run, and the record names the table by the hash of its bytes."""

from __future__ import annotations

from pathlib import Path

from ..benchmarks import Benchmark
from ..benchmarks.answer_table import AnswerTable
from ..benchmarks.answers import AnswerBenchmark
from ..core.errors import InvalidArgumentError
from ..core.records import NO_STIMULI, RunInputs
from ..core.scores import Score
from ..core.settings import Settings
from .from_file import file_candidate, score_file
from .run import Outcome, run_inputs

__all__ = ["score_table", "table_inputs"]


def table_inputs(path: Path, benchmark: Benchmark) -> RunInputs:
    """All that determines a table's score: its bytes stand for the candidate, whose name is the file's.

    Raises
    ------
    InvalidArgumentError
        If the benchmark takes no tables.
    InvalidDataError
        If the file cannot be read.
    """
    taking, _ = _taking_tables(benchmark)
    return run_inputs(file_candidate(path), taking, stimuli_sha256=NO_STIMULI, seed=0)


def score_table(
    path: Path, benchmark: Benchmark, settings: Settings, *, supersedes: str | None = None
) -> Outcome:
    """Score a table of answers, such as probabilities or endpoints.

    Parameters
    ----------
    path : pathlib.Path
        CSV with the columns ``stimulus`` and that of the benchmark's answers, such as ``probability``.
    benchmark : Benchmark
        One that compares answers.
    settings, supersedes
        As for :func:`.from_file.score_file`.

    Returns
    -------
    outcome : Outcome
        As of :func:`.from_file.score_file`.

    Raises
    ------
    InvalidArgumentError, InvalidDataError
        If the benchmark takes no tables, or the table is not as it must be.
    """
    inputs = table_inputs(path, benchmark)
    taking, form = _taking_tables(benchmark)

    def compute() -> Score:
        return taking.score_table(form.read(path.read_bytes(), name=str(path)))

    return score_file(path, inputs, compute, settings, supersedes=supersedes)


def _taking_tables(benchmark: Benchmark) -> tuple[AnswerBenchmark, AnswerTable]:
    """The benchmark, if it takes tables, and their form."""
    if not isinstance(benchmark, AnswerBenchmark) or benchmark.table is None:
        raise InvalidArgumentError(
            "The benchmark of a table",
            got=f"'{benchmark.identifier}'",
            needed="one that compares answers and takes tables of them",
        )
    return benchmark, benchmark.table
