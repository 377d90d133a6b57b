"""Running pairs of candidates and benchmarks against the store: skipping what is done, showing what goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..benchmarks import Benchmark, load_benchmarks, registry
from ..candidates.hub.folder import resolved
from ..core.display import Displayed, Summary
from ..core.errors import InnerscoreError, InvalidArgumentError, MissingPartError, UnfitRecordingError
from ..core.records import ResultRecord
from ..core.settings import Settings
from ..leaderboard.store import Store
from ..scoring import Job, Report, job_of
from ..scoring.jobs import is_activations, is_table
from ..scoring.sandbox import Sandbox
from ..scoring.threads import limit_threads
from .stored import open_store

__all__ = ["Due", "PairProgress", "Result", "benchmarks_for", "due", "limit_threads", "run_pairs"]

#: Given a pair's label, a context in which its progress is reported by stage, number done and number of all.
PairProgress = Callable[[str], AbstractContextManager[Report]]


@dataclass(frozen=True, repr=False)
class Result(Displayed):
    """Result of one pair of candidate and benchmark.

    Parameters
    ----------
    candidate, benchmark : str
        The pair.
    record : ResultRecord or None
        None if the benchmark's data are missing, or are none that it could be scored on.
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

    @property
    def impossible(self) -> str:
        """Why nobody can be scored on these data; empty where that is not so."""
        if isinstance(self.error, UnfitRecordingError):
            return str(self.error)
        return "" if self.record is None else self.record.reason or ""

    def _summary(self) -> Summary:
        if self.record is None:
            why = self.impossible or str(self.error)
            return Summary(f"{self.candidate} on {self.benchmark}", [("status", "not run"), ("reason", why)])
        found = self.record._summary()
        return Summary(found.title, [*found.facts, ("stored before", "yes" if self.reused else "no")])

    def to_json(self) -> dict[str, Any]:
        """The pair's outcome for ``--json``."""
        state = "not run" if self.record is None else self.record.status
        content: dict[str, Any] = {"candidate": self.candidate, "benchmark": self.benchmark, "state": state}
        if reason := self.impossible or (self.error and str(self.error)):
            content["reason"] = reason
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
    progress: PairProgress | None = None,
) -> Iterator[Result]:
    """Score every candidate on every benchmark, storing each record as soon as it is there.

    A pair whose run is stored already is not run again, unless it failed or `rerun` is set; then the new
    record supersedes the old one. A benchmark whose data are missing gives results without a record.

    Parameters
    ----------
    candidates, benchmarks : sequence of str
        Names, or for candidates also folders, bundles, tables of predictions, files of activations, and names of
        networks of other libraries, which are fetched before the first pair is run.
    settings : Settings
        Store, data and cache folders, device.
    seed : int
        Seed of candidates that use random numbers.
    rerun : bool, default=False
        Whether stored pairs are run again.
    sandbox : Sandbox, optional
        Sandbox in which candidates run; by default this process.
    progress : PairProgress, optional
        Shows the progress of each pair that is run.

    Raises
    ------
    InnerscoreError
        If a name is unknown, a card invalid, a data file altered, or the store refuses.
    """
    store = open_store(settings)
    candidates = [resolved(candidate, settings) for candidate in candidates]
    for benchmark in load_benchmarks(benchmarks, settings):
        for candidate in candidates:
            prepare = partial(job_of, candidate, benchmark, settings, seed=seed, sandbox=sandbox)
            found = due(prepare, candidate, benchmark, store, rerun=rerun)
            if isinstance(found, Due):
                name = benchmark.identifier
                found = _run(found.job, found.supersedes, name, store, progress or _silent)
            yield found


def benchmarks_for(candidates: Sequence[str], settings: Settings) -> list[str]:
    """Names of all benchmarks that candidates are scored on where none is named.

    Tables of predictions alone get the behavioural ones.

    Raises
    ------
    InvalidArgumentError
        If a file of activations is among the candidates: it is of some stimuli only.
    """
    if any(map(is_activations, candidates)):
        raise InvalidArgumentError("The benchmarks of a file of activations", got="none", needed="named")
    cards = [entry.card for entry in registry(settings).entries().values()]
    tables_only = all(map(is_table, candidates))
    return [card.identifier for card in cards if card.alignment == "answer" or not tables_only]


@dataclass(frozen=True)
class Due:
    """A pair that is to be run: its job, and the hash of the stored record that the new one supersedes."""

    job: Job
    supersedes: str | None


def due(
    prepare: Callable[[], Job], candidate: str, benchmark: Benchmark, store: Store, *, rerun: bool
) -> Due | Result:
    """The pair if it is to be run; otherwise its result: the stored record, or why it cannot be run here."""
    try:
        job = prepare()
    except (MissingPartError, UnfitRecordingError) as error:
        return Result(candidate, benchmark.identifier, None, error=error)
    known = store.current(job.inputs.run_sha256)
    if known is not None and known.status != "failed" and not rerun:
        return Result(job.name, benchmark.identifier, known, reused=True)
    return Due(job, None if known is None else known.record_sha256)


def _run(job: Job, supersedes: str | None, benchmark: str, store: Store, progress: PairProgress) -> Result:
    with progress(f"{job.name} on {benchmark}") as report:
        outcome = job.do(supersedes, report)
    store.add(outcome.record, files=outcome.all_files)
    return Result(job.name, benchmark, outcome.record, error=outcome.error)


def _silent(_label: str) -> AbstractContextManager[Report]:
    return nullcontext(lambda _stage, _done, _of: None)
