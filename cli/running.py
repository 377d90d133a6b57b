"""Running pairs of candidates and benchmarks against the store: skipping what is done, showing what goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from rich.progress import TextColumn

from ..benchmarks import Benchmark, load_benchmark
from ..core.errors import InnerscoreError, MissingPartError
from ..core.records import ResultRecord
from ..core.settings import Settings
from ..leaderboard.store import Store
from ..scoring import Job, Report, job_of
from ..scoring.sandbox import Sandbox
from .output import say
from .progress import terminal_bar
from .stored import open_store

__all__ = ["Result", "limit_threads", "run_pairs"]


@dataclass(frozen=True)
class Result:
    """What came of one pair.

    Parameters
    ----------
    candidate, benchmark : str
        The pair.
    record : ResultRecord or None
        None if the benchmark's data are missing.
    reused : bool
        Whether it was stored already.
    error : InnerscoreError or None
        Why it failed now, or what is missing.
    """

    candidate: str
    benchmark: str
    record: ResultRecord | None
    reused: bool = False
    error: InnerscoreError | None = None

    @property
    def failed(self) -> bool:
        """Whether the candidate failed; its record says how."""
        return self.record is not None and self.record.status == "failed"

    def to_json(self) -> dict[str, Any]:
        """The pair's outcome for ``--json``."""
        state = "not run" if self.record is None else self.record.status
        content: dict[str, Any] = {"candidate": self.candidate, "benchmark": self.benchmark, "state": state}
        if self.error is not None:
            content["reason"] = str(self.error)
        if self.record is None:
            return content
        content |= {"reused": self.reused, "record_sha256": self.record.record_sha256}
        content |= {"values_sha256": self.record.values_sha256}
        if self.record.failure is not None:
            content["failure"] = self.record.failure.model_dump()
        if self.record.score is not None:
            content["score"] = self.record.score.model_dump(mode="json")
        return content


def run_pairs(
    candidates: Sequence[str],
    benchmarks: Sequence[str],
    settings: Settings,
    *,
    seed: int,
    rerun: bool = False,
    sandbox: Sandbox | None = None,
) -> Iterator[Result]:
    """Score every candidate on every benchmark, storing each record as soon as it is there.

    A pair whose run is stored already is not run again, unless it failed or `rerun` is set; then the new
    record supersedes the old one. A benchmark whose data are missing gives results without a record.

    Raises
    ------
    InnerscoreError
        If a name is unknown, a card invalid, a data file altered, or the store refuses.
    """
    store = open_store(settings)
    for name in benchmarks:
        benchmark = load_benchmark(name, settings)
        for candidate in candidates:
            job = partial(job_of, candidate, benchmark, settings, seed=seed, sandbox=sandbox)
            yield _run_pair(job, candidate, benchmark, store, rerun=rerun)


def limit_threads(settings: Settings) -> None:
    """Use as many threads for numerical work as the settings say."""
    if settings.threads is not None:
        import torch

        torch.set_num_threads(settings.threads)


def _run_pair(
    prepare: Callable[[], Job], candidate: str, benchmark: Benchmark, store: Store, *, rerun: bool
) -> Result:
    try:
        job = prepare()
    except MissingPartError as error:
        return Result(candidate, benchmark.identifier, None, error=error)
    known = store.current(job.inputs.run_sha256)
    if known is not None and known.status != "failed" and not rerun:
        return Result(job.name, benchmark.identifier, known, reused=True)
    with _shown(f"{job.name} on {benchmark.identifier}") as report:
        outcome = job.do(None if known is None else known.record_sha256, report)
    store.add(outcome.record, files=outcome.all_files)
    return Result(job.name, benchmark.identifier, outcome.record, error=outcome.error)


@contextmanager
def _shown(label: str) -> Iterator[Report]:
    """Show a run's progress: a bar on a terminal, a line elsewhere, from its first stage on."""
    bar = terminal_bar(TextColumn("{task.fields[stage]} {task.completed:.0f}/{task.total:.0f}"))

    def report(stage: str, done: int, of: int) -> None:
        if not bar.tasks:
            bar.add_task(label, total=1, stage="")
            if bar.disable:
                say(label)
        bar.update(bar.tasks[0].id, completed=done, total=of, stage=stage)

    with bar:
        yield report
