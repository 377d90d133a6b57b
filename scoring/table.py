"""Scoring a table of answers: no candidate is run, and the record names the table by the hash of its bytes."""

from __future__ import annotations

import re
import time
from pathlib import Path

from ..benchmarks import Benchmark
from ..benchmarks.behaviour import BehaviouralBenchmark, read_table
from ..core.errors import InvalidArgumentError, InvalidDataError
from ..core.hashing import sha256_of_bytes
from ..core.provenance import current_environment, peak_memory_mb, utc_now
from ..core.records import CandidateRef, Cost, ResultRecord, RunInputs, score_record
from ..core.scores import unpack_score
from ..core.settings import Settings
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
    if not isinstance(benchmark, BehaviouralBenchmark):
        raise InvalidArgumentError(
            "The benchmark of a table", got=f"'{benchmark.identifier}'", needed="one that compares answers"
        )
    whose = CandidateRef(identifier=_name(path), version=1, bundle_sha256=sha256_of_bytes(_bytes(path)))
    return run_inputs(whose, benchmark, stimuli_sha256=benchmark.judged_sha256, seed=0)


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
        For the record.
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
    started = time.perf_counter()
    inputs = table_inputs(path, benchmark)
    answers = read_table(_bytes(path), name=str(path))
    parts = unpack_score(benchmark.score_table(answers))
    targets_csv = parts.targets.to_csv(index=False, lineterminator="\n", float_format="%.17g").encode()
    hashes = {name: sha256_of_bytes(body) for name, body in parts.files.items()}
    record = ResultRecord(
        inputs=inputs,
        status="value",
        score=score_record(parts, sha256_of_bytes(targets_csv), hashes),
        failure=None,
        environment=current_environment(settings.device, sandboxed=False),
        cost=Cost(
            seconds=round(time.perf_counter() - started, 3),
            activation_seconds=0.0,
            peak_memory_mb=round(peak_memory_mb(), 1),
        ),
        created=utc_now(),
        supersedes=supersedes,
    )
    return Outcome(record, targets_csv, parts.files)


def _name(path: Path) -> str:
    """The file's name as a candidate's: small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")[:60] or "table"


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidDataError(
            f"The file {path}", got=error.strerror or str(error), needed="one that can be read"
        ) from error
