"""What scoring takes beside the measures: the scheduling of an array of tasks, and warm rescoring.

Scheduling: 200 tasks that each wait a second, as a pair of the demo takes on average (1.1 s), by two workers of
this machine, from handing them over to the last one's end; what it takes above 200 x 1 s / 2 is overhead, the start
of the workers (Python, torch and this package) included. Tasks that wait are not slowed by what else the machine
does; the workers' start is, so it is reported apart.

Rescoring: up to 20 candidates whose activations are cached, on one benchmark, one by one as ``innerscore score
--rerun`` does it; the share of the time that is not spent in the measure (finding cards, hashing, reading
activations, the record, the store).
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from limits import Limit

from innerscore import benchmarks, candidates
from innerscore.benchmarks import Benchmark
from innerscore.core.settings import Settings
from innerscore.scoring.executors import LocalExecutor, Task
from innerscore.workflows.running import run_pairs

_TASKS, _SECONDS, _WORKERS = 200, 1.0, 2
_BENCHMARK, _CANDIDATES = "SimulatedMEC.ridge", 20


def _scheduling() -> Mapping[str, float]:
    tasks = [Task(f"task-{k}", "os:system", (f"sleep {_SECONDS}",)) for k in range(_TASKS)]
    executor = LocalExecutor(processes=_WORKERS, threads=1)
    began = time.perf_counter()
    first = None
    for ended in executor.run(tasks):
        assert ended.error is None
        first = first or time.perf_counter() - began - _SECONDS
    passed = time.perf_counter() - began
    executor.close()
    ideal = _TASKS * _SECONDS / _WORKERS
    return {
        "overhead, % of the array": 100 * (passed / ideal - 1),
        "without the workers' start, %": 100 * ((passed - first) / ideal - 1),
        "the workers' start, s": first,
    }


def _rescoring() -> Mapping[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder) / "data", cache_dir=Path(folder) / "cache", offline=True)
        names = list(islice(_walkers(settings), _CANDIDATES))
        for _ in run_pairs(names, [_BENCHMARK], settings, seed=0):
            pass  # fills the cache
        spent: list[float] = []
        watched = _watched(Benchmark.score, spent)
        Benchmark.score = watched
        try:
            began = time.process_time()
            done = sum(1 for _ in run_pairs(names, [_BENCHMARK], settings, seed=0, rerun=True))
            passed = time.process_time() - began
        finally:
            Benchmark.score = watched.__wrapped__
        return {
            "outside the measures, %": 100 * (1 - sum(spent) / passed),
            "s a candidate": passed / done,
            "candidates": done,
        }


def _walkers(settings: Settings) -> Any:
    """Candidates that accept what the benchmark shows."""
    kind = benchmarks.load_benchmark(_BENCHMARK, settings).stimuli.kind
    entries = candidates.registry(settings).entries().items()
    return (name for name, entry in entries if kind in entry.card.accepts)


def _watched(function: Callable[..., Any], spent: list[float]) -> Any:
    def timed(*arguments: Any) -> Any:
        began = time.process_time()
        try:
            return function(*arguments)
        finally:
            spent.append(time.process_time() - began)

    timed.__wrapped__ = function
    return timed


LIMITS = [
    Limit(
        f"scheduling of {_TASKS} tasks of {_SECONDS} s by {_WORKERS} workers",
        _scheduling,
        {"overhead, % of the array": 5.0},
    ),
    Limit(f"warm rescoring of up to {_CANDIDATES} candidates, {_BENCHMARK}", _rescoring, {}),
]
