"""Many pairs of candidates and benchmarks as tasks of an executor, in two phases.

1. **Show**: one task a candidate. It shows the stimuli of all its benchmarks and leaves the activations in the
   cache. A pair that ends here (not applicable, failed) has its result already.
2. **Score**: one task a pair, which finds its activations in the cache and builds no candidate.

So no candidate runs twice, whatever it is scored on, and no task waits for another's lock: locks are not to be
relied on across machines. Layers are no axis of the array: the choice of a layer is part of a pair's score, on
conditions that are not scored, and each layer takes its activations from one reading of the same files.

What tasks share with the head is ``cache_dir/sweep``: a file for each task that says what to do, and results,
each a record's canonical JSON with the files that it names. The head reads results as it reads records
from outside; no task opens the store, as databases on network file systems lose data.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeAlias

from ..benchmarks import Benchmark, load_benchmark
from ..core.errors import CandidateError, InvalidInputError
from ..core.files import write_bytes
from ..core.hashing import canonical_json, sha256_of_bytes
from ..core.records import Stage
from ..core.settings import Settings
from .executors import Ended, Task
from .jobs import Job, job_of
from .run import Outcome, lost, show

__all__ = [
    "Cell",
    "Phase",
    "Planned",
    "do_task",
    "file_beside",
    "lost_cell",
    "result_path",
    "sweep_folder",
    "tasks_of",
]

Phase: TypeAlias = Literal["show", "score"]

_STAGES: dict[Phase, Stage] = {"show": "activations", "score": "score"}


@dataclass(frozen=True)
class Cell:
    """A pair to be scored.

    Parameters
    ----------
    candidate : str
        Name, folder or file, as :func:`~.jobs.job_of` takes it.
    benchmark : str
        Name of the benchmark.
    seed : int
        Seed of candidates that draw.
    run_sha256 : str
        Hash of the run, as the head prepared it.
    supersedes : str or None
        Hash of the record that this one corrects.
    shown : bool
        Whether there is a model to show stimuli to.
    """

    candidate: str
    benchmark: str
    seed: int
    run_sha256: str
    supersedes: str | None
    shown: bool

    @property
    def key(self) -> str:
        """The key it is known by."""
        return f"{self.run_sha256}-{self.supersedes or 'first'}"


@dataclass(frozen=True)
class Planned:
    """A task with the cells that it is for."""

    task: Task
    cells: tuple[Cell, ...]


def sweep_folder(settings: Settings) -> Path:
    """The folder that head and tasks share."""
    return settings.cache_dir.resolve() / "sweep"


def tasks_of(
    phase: Phase, cells: Sequence[Cell], settings: Settings, memory_mb: Mapping[str, float]
) -> dict[str, Planned]:
    """Write the files of a phase's tasks.

    Parameters
    ----------
    phase : {"show", "score"}
        With "show", there is a task for each candidate that is shown something; with "score", one for each cell.
    cells : sequence of Cell
        Cells left to do.
    settings : Settings
        Settings of the tasks; without the address of the store, which may hold a password.
    memory_mb : mapping of str to float
        Memory that a task is expected to need, by benchmark.

    Returns
    -------
    planned : dict of str to Planned
        Planned tasks by name.
    """
    groups: dict[str, list[Cell]] = {}
    for cell in cells:
        if phase == "score":
            groups[cell.key] = [cell]
        elif cell.shown:
            groups.setdefault(f"{cell.candidate} {cell.seed}", []).append(cell)
    planned = [_planned(phase, key, group, settings, memory_mb) for key, group in groups.items()]
    return {one.task.name: one for one in planned}


def do_task(path: str) -> None:
    """Do the task that a file describes, and write the results of its cells.

    Raises
    ------
    InvalidInputError
        If the code, the data or the candidate are not those that the head saw.
    MissingPartError
        If data or a needed part are not here.
    """
    content = json.loads(Path(path).read_bytes())
    settings = Settings(**content["settings"])
    for cell in [Cell(**fields) for fields in content["cells"]]:
        outcome = _outcome(content["phase"], cell, settings)
        if outcome is not None:
            _write_result(cell, outcome, settings)


def lost_cell(phase: Phase, cell: Cell, ended: Ended, settings: Settings) -> Outcome | None:
    """The failed outcome of a cell whose task ended without a result; None where a file was to be scored.

    A wrong file is refused and leaves no record.
    """
    job = job_of(cell.candidate, _benchmark(cell.benchmark, settings), settings, seed=cell.seed)
    if job.run is None:
        return None
    error = CandidateError(
        f"The task of candidate '{job.name}' on '{cell.benchmark}'",
        got=str(ended.error),
        needed="able to end by itself",
        hint="Run the same command to try it again.",
    )
    return lost(job.run, settings, _STAGES[phase], error, supersedes=cell.supersedes)


def result_path(cell: Cell, settings: Settings) -> Path:
    """Path of a cell's result: a record's canonical JSON."""
    return sweep_folder(settings) / "results" / f"{cell.key}.json"


def file_beside(result: Path, name: str) -> Path:
    """Path of a file that a result's record names."""
    return result.with_name(f"{result.stem}.{name}")


def _planned(
    phase: Phase, key: str, cells: Sequence[Cell], settings: Settings, memory_mb: Mapping[str, float]
) -> Planned:
    """The task's name is by what it is about, so that another head knows it again."""
    content = {
        "phase": phase,
        "settings": settings.model_dump(mode="json", exclude={"store_url"}),
        "cells": [asdict(cell) for cell in cells],
    }
    name = f"{phase}-{sha256_of_bytes(key.encode())[:24]}"
    path = sweep_folder(settings) / "tasks" / f"{name}.json"
    write_bytes(path, canonical_json(content))
    needed = max(memory_mb[cell.benchmark] for cell in cells)
    return Planned(Task(name, f"{__name__}:do_task", (str(path),), needed), tuple(cells))


def _outcome(phase: Phase, cell: Cell, settings: Settings) -> Outcome | None:
    job = job_of(cell.candidate, _benchmark(cell.benchmark, settings), settings, seed=cell.seed)
    _check_same(job, cell)
    if phase == "score":
        return job.do(cell.supersedes, None)
    return None if job.run is None else show(job.run, settings, supersedes=cell.supersedes)


def _check_same(job: Job, cell: Cell) -> None:
    if job.inputs.run_sha256 != cell.run_sha256:
        raise InvalidInputError(
            f"The run of '{cell.candidate}' on '{cell.benchmark}'",
            got=f"hash {job.inputs.run_sha256[:12]} in the task",
            needed=f"of hash {cell.run_sha256[:12]}, as the head saw it",
            hint="Code, data or candidate changed meanwhile, or are others on that machine.",
        )


@lru_cache(maxsize=16)
def _benchmark(name: str, settings: Settings) -> Benchmark:
    """Loaded once for a process's tasks: a candidate is shown what many benchmarks show, then comes the next."""
    return load_benchmark(name, settings)


def _write_result(cell: Cell, outcome: Outcome, settings: Settings) -> None:
    """The files first: a reader who sees the record finds them."""
    path = result_path(cell, settings)
    for name, body in outcome.all_files.items():
        write_bytes(file_beside(path, name), body)
    write_bytes(path, outcome.record.to_json())
