"""Running pairs as an array: the head, which alone opens the store, plans cells and merges results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

from ..benchmarks import Benchmark, load_benchmarks
from ..candidates.hub.folder import resolved
from ..core.errors import InnerscoreError, InvalidInputError, MissingExtraError, MissingPartError
from ..core.files import exclusive
from ..core.records import read_record
from ..core.settings import Settings
from ..leaderboard.incoming_records import read_entry
from ..leaderboard.store import Entry, Store
from ..scoring import Report, job_of
from ..scoring.executors import Ended, Executor, LocalExecutor, SlurmExecutor
from ..scoring.sweep import Cell, Phase, file_beside, lost_cell, result_path, sweep_folder, tasks_of
from .running import Result, due
from .stored import open_store

__all__ = ["make_executor", "sweep_pairs"]

_MISSING = (MissingPartError.__name__, MissingExtraError.__name__)
_MEMORY_MB = 2000.0  # where nothing is known: what most pairs of this package's own stay below


def make_executor(
    name: str, settings: Settings, *, jobs: int | None = None, slurm: Mapping[str, str] | None = None
) -> Executor:
    """The executor of a name.

    Raises
    ------
    MissingPartError
        If it is "slurm", and submitit or Slurm are not here.
    """
    if name == "slurm":
        parallel = {} if jobs is None else {"array_parallelism": str(jobs)}
        return SlurmExecutor(sweep_folder(settings) / "slurm", {**parallel, **(slurm or {})})
    return LocalExecutor(processes=jobs, threads=settings.threads)


def sweep_pairs(
    candidates: Sequence[str],
    benchmarks: Sequence[str],
    settings: Settings,
    executor: Executor,
    *,
    seed: int,
    rerun: bool = False,
    report: Report | None = None,
) -> Iterator[Result]:
    """Score every candidate on every benchmark by tasks of an executor; as :func:`.running.run_pairs`.

    One head at a time works with a cache folder. One that was killed is taken over where it was: results that
    its tasks left are merged, and its jobs on a cluster waited for.
    """
    store = open_store(settings)
    candidates = [resolved(candidate, settings) for candidate in candidates]
    with exclusive(sweep_folder(settings) / "head"), closing(executor):
        sweep = _Sweep(store, settings, executor, report or (lambda *_: None))
        cells: list[Cell] = []
        for benchmark in load_benchmarks(benchmarks, settings):
            for candidate in candidates:
                planned = sweep.plan(candidate, benchmark, seed=seed, rerun=rerun)
                if isinstance(planned, Result):
                    yield planned
                else:
                    cells.append(planned)
                    executor.start(len(cells))
        yield from sweep.results(cells)


class _Sweep:
    """One sweep: the store, where tasks run, and which cells are done."""

    def __init__(self, store: Store, settings: Settings, executor: Executor, report: Report) -> None:
        self._store, self._settings, self._executor, self._report = store, settings, executor, report
        self._names: dict[Cell, str] = {}
        self._memory_mb: dict[str, float] = {}

    def plan(self, candidate: str, benchmark: Benchmark, *, seed: int, rerun: bool) -> Cell | Result:
        """The cell to be done for a pair, or the result that is known of it."""
        whose = str(Path(candidate).resolve()) if Path(candidate).exists() else candidate
        prepare = partial(job_of, candidate, benchmark, self._settings, seed=seed)
        found = due(prepare, candidate, benchmark, self._store, rerun=rerun)
        if isinstance(found, Result):
            return found
        job, shown = found.job, found.job.run is not None
        cell = Cell(whose, benchmark.identifier, seed, job.inputs.run_sha256, found.supersedes, shown)
        self._names[cell] = job.name
        if cell.benchmark not in self._memory_mb:
            self._memory_mb[cell.benchmark] = self._largest(cell.benchmark)
        return cell

    def _largest(self, benchmark: str) -> float:
        """What stored runs on a benchmark needed at most, in MB."""
        known = self._store.records(benchmark=benchmark)
        return max((record.cost.peak_memory_mb for record in known), default=_MEMORY_MB)

    def results(self, cells: Sequence[Cell]) -> Iterator[Result]:
        """Merge what lies there already, show, score; each result as soon as it is there."""
        left = dict.fromkeys(cells)
        yield from self._merged(cells, left)
        phases: tuple[Phase, ...] = ("show", "score")
        for phase in phases:
            tasks = tasks_of(phase, list(left), self._settings, self._memory_mb)
            self._report(phase, 0, len(tasks))
            with closing(self._executor.run([planned.task for planned in tasks.values()])) as running:
                for number, ended in enumerate(running, start=1):
                    self._report(phase, number, len(tasks))
                    yield from self._settled(phase, tasks[ended.name].cells, ended, left)

    def _settled(
        self, phase: Phase, cells: Sequence[Cell], ended: Ended, left: dict[Cell, None]
    ) -> Iterator[Result]:
        """What came of a task: results, and failed cells where it left none and none can come any more."""
        yield from self._merged(cells, left)
        if ended.error is not None or phase == "score":
            yield from [self._lost(phase, cell, ended, left) for cell in cells if cell in left]

    def _merged(self, cells: Sequence[Cell], left: dict[Cell, None]) -> Iterator[Result]:
        """The results of those cells that have one, put into the store."""
        for cell in cells:
            entry = self._read(cell)
            if entry is not None:
                yield self._kept(cell, entry, left)

    def _kept(
        self, cell: Cell, entry: Entry, left: dict[Cell, None], error: InnerscoreError | None = None
    ) -> Result:
        self._store.add(entry.record, files=entry.files)
        path = result_path(cell, self._settings)
        for one in [path, *(file_beside(path, name) for name in entry.files)]:
            one.unlink(missing_ok=True)
        left.pop(cell)
        return Result(self._names[cell], cell.benchmark, entry.record, error=error)

    def _lost(self, phase: Phase, cell: Cell, ended: Ended, left: dict[Cell, None]) -> Result:
        """A failed cell; missing data and refused files leave no record, as when run one by one."""
        outcome = None
        if ended.kind not in _MISSING:
            outcome = lost_cell(phase, cell, ended, self._settings)
        if outcome is not None:
            return self._kept(cell, Entry(outcome.record, outcome.all_files), left, outcome.error)
        left.pop(cell)
        missing = ended.kind in _MISSING
        kind = MissingPartError if missing else InvalidInputError
        error = kind(
            f"The task of '{self._names[cell]}' on '{cell.benchmark}'",
            got=str(ended.error),
            needed="able to run",
        )
        return Result(self._names[cell], cell.benchmark, None, error=error)

    def _read(self, cell: Cell) -> Entry | None:
        """A cell's result, if there is a whole one of the run that is asked for."""
        path = result_path(cell, self._settings)
        try:
            data = path.read_bytes()
            named = read_record(data).files
            entry = read_entry(
                data, {sha256: file_beside(path, name).read_bytes() for name, sha256 in named.items()}
            )
        except (OSError, InvalidInputError):
            return None
        asked = (cell.run_sha256, cell.supersedes)
        return entry if (entry.record.run_sha256, entry.record.supersedes) == asked else None
