"""Scoring a table of answers: no candidate is run, and the record names the table by the hash of its bytes."""

from __future__ import annotations

from pathlib import Path

from ..benchmarks import Benchmark
from ..benchmarks.behaviour import BehaviouralBenchmark, read_table
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
    return run_inputs(file_candidate(path), _judged(benchmark), stimuli_sha256=NO_STIMULI, seed=0)


def score_table(
    path: Path, benchmark: Benchmark, settings: Settings, *, supersedes: str | None = None
) -> Outcome:
    """Score a table of probabilities on a benchmark of answers.

    Parameters
    ----------
    path : pathlib.Path
        CSV with the columns ``stimulus`` and ``probability``.
    benchmark : Benchmark
        One that compares answers.
    settings : Settings
        Settings for the record.
    supersedes : str, optional
        Hash of the record that this one corrects.

    Returns
    -------
    outcome : Outcome
        A record with status "value" and its files.

    Raises
    ------
    InvalidArgumentError, InvalidDataError
        If the benchmark takes no tables, or the table is not as it must be.
    """
    inputs = table_inputs(path, benchmark)

    def compute() -> Score:
        return _judged(benchmark).score_table(read_table(path.read_bytes(), name=str(path)))

    return score_file(path, inputs, compute, settings, supersedes=supersedes)


def _judged(benchmark: Benchmark) -> BehaviouralBenchmark:
    if not isinstance(benchmark, BehaviouralBenchmark):
        raise InvalidArgumentError(
            "The benchmark of a table", got=f"'{benchmark.identifier}'", needed="one that compares answers"
        )
    return benchmark
