"""The functions of ``import innerscore``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from . import benchmarks, candidates, data_registry, metrics
from .benchmarks import Benchmark
from .candidates import LoadedCandidate
from .core.records import ResultRecord
from .core.settings import Settings, load_settings
from .data_registry import Dataset
from .metrics import Metric
from .scoring import execute, prepare

if TYPE_CHECKING:
    import pandas as pd

    from .workflows.placement import Place
    from .workflows.running import Result

__all__ = [
    "board",
    "list_benchmarks",
    "list_candidates",
    "list_datasets",
    "list_metrics",
    "load_benchmark",
    "load_candidate",
    "load_dataset",
    "load_metric",
    "places",
    "run",
    "score",
    "sweep",
]


def list_candidates(settings: Settings | None = None) -> list[str]:
    """Names of the registered candidates, from their cards; nothing of them is imported."""
    return list(candidates.registry(settings or load_settings()).entries())


def list_benchmarks(settings: Settings | None = None) -> list[str]:
    """Names of the registered benchmarks."""
    return list(benchmarks.registry(settings or load_settings()).entries())


def list_metrics(settings: Settings | None = None) -> list[str]:
    """Names of the registered metrics."""
    return list(metrics.registry(settings or load_settings()).entries())


def list_datasets(settings: Settings | None = None) -> list[str]:
    """Names of the registered data sets."""
    return list(data_registry.registry(settings or load_settings()).entries())


def load_candidate(name: str, *, seed: int = 0, settings: Settings | None = None) -> LoadedCandidate:
    """Build a candidate by name, from a folder with a ``candidate.yaml``, or a network of another library."""
    return candidates.load_candidate(name, settings or load_settings(), seed=seed)


def load_benchmark(name: str, *, settings: Settings | None = None) -> Benchmark:
    """Put a benchmark together by name; its data are read when first needed."""
    return benchmarks.load_benchmark(name, settings or load_settings())


def load_metric(name: str, *, settings: Settings | None = None, **parameters: Any) -> Metric:
    """Build a metric by name with its parameters."""
    return metrics.load_metric(name, settings or load_settings(), **parameters)


def load_dataset(name: str, *, settings: Settings | None = None) -> Dataset:
    """Build the loader of a data set by name; files are read when first needed."""
    return data_registry.load_dataset(name, settings or load_settings())


def run(
    candidates: Sequence[str],
    benchmarks: Sequence[str] | None = None,
    *,
    seed: int = 0,
    rerun: bool = False,
    settings: Settings | None = None,
) -> list[Result]:
    """Score candidates on benchmarks and store the records, as ``innerscore score`` does.

    A pair that is stored under the same hashes is not run again, unless it failed or `rerun` is set.

    Parameters
    ----------
    candidates : sequence of str
        Registered names, folders with a ``candidate.yaml``, bundles, tables of predictions, files of activations,
        networks of other libraries, as in ``"timm:resnet50.a1_in1k"``, ``"torchvision:resnet18#layer2,layer4"``.
    benchmarks : sequence of str, optional
        Registered names. Default: all; the behavioural ones where all candidates are tables of predictions.
    seed : int, default=0
        Seed of candidates that use random numbers.
    rerun : bool, default=False
        Whether stored pairs are run again; the new records supersede the old ones.
    settings : Settings, optional
        Default: from environment and file.

    Returns
    -------
    results : list of Result
        One a pair: its record, whether it was stored before, and the error if the candidate failed or data are
        missing.

    Raises
    ------
    InnerscoreError
        If a name is unknown, a card invalid, a data file altered, or the store refuses; if no benchmark is named
        for a file of activations.
    """
    from .workflows.running import benchmarks_for, run_pairs

    chosen = settings or load_settings()
    names = benchmarks_for(candidates, chosen) if benchmarks is None else benchmarks
    return list(run_pairs(candidates, names, chosen, seed=seed, rerun=rerun))


def sweep(
    candidates: Sequence[str],
    benchmarks: Sequence[str] | None = None,
    *,
    executor: Literal["local", "slurm"] = "local",
    jobs: int | None = None,
    slurm: Mapping[str, str] | None = None,
    seed: int = 0,
    rerun: bool = False,
    settings: Settings | None = None,
) -> list[Result]:
    """Score many candidates side by side and store the records, as ``innerscore score --array`` does.

    The work is divided into tasks, one a candidate and then one a pair, which run in processes of their own or as
    arrays of jobs. Values are those of :func:`run`. A sweep that was interrupted goes on where it was.

    Parameters
    ----------
    candidates, benchmarks : sequence of str
        As for :func:`run`.
    executor : {"local", "slurm"}, default="local"
        Executor of the tasks: processes of this machine, or Slurm (extra ``slurm``).
    jobs : int, optional
        Largest number of tasks that run at once. Default: as many as there are processors here, or as Slurm gives.
    slurm : mapping of str to str, optional
        Options of sbatch, such as ``{"partition": "short", "time": "60"}``; for the executor "slurm" only.
    seed : int, default=0
        Seed of candidates that use random numbers.
    rerun : bool, default=False
        Whether stored pairs are run again; the new records supersede the old ones.
    settings : Settings, optional
        Default: from environment and file.

    Returns
    -------
    results : list of Result
        One a pair, in the order in which they were there.

    Raises
    ------
    InnerscoreError
        If a name is unknown, a card invalid, a data file altered, Slurm not here, or the store refuses.
    """
    from .workflows.running import benchmarks_for
    from .workflows.sweeping import make_executor, sweep_pairs

    chosen = settings or load_settings()
    names = benchmarks_for(candidates, chosen) if benchmarks is None else benchmarks
    tasks = make_executor(executor, chosen, jobs=jobs, slurm=slurm)
    return list(sweep_pairs(candidates, names, chosen, tasks, seed=seed, rerun=rerun))


def places(results: Sequence[Result], *, settings: Settings | None = None) -> list[Place | None]:
    """The place of each score on the board of the settings' store, by the board's paired tests.

    Parameters
    ----------
    results : sequence of Result
        Results of :func:`run` or :func:`sweep`.
    settings : Settings, optional
        Default: from environment and file.

    Returns
    -------
    places : list of Place or None
        One a result: its rank interval (1 is best) among the candidates with a value in the same column, and the
        candidates from which it is not significantly different. None where a pair has no value, or the board shows
        a newer record in its place.
    """
    from .workflows.placement import places as places_of
    from .workflows.stored import open_store

    records = [result.record for result in results if result.record is not None]
    found = places_of(records, open_store(settings or load_settings()))
    return [None if one.record is None else found.get(one.record.record_sha256) for one in results]


def board(*, settings: Settings | None = None) -> pd.DataFrame:
    """The board of the settings' store, one row a candidate and benchmark.

    Returns
    -------
    board : pandas.DataFrame
        The columns of ``innerscore board --json``: system, candidate, benchmark, state, raw, ceiling and
        normalised value with intervals, ranks, tie group, win rate, hashes.
    """
    import pandas as pd

    from .leaderboard.tables import board_rows
    from .workflows.stored import open_store, stored_board

    chosen = settings or load_settings()
    return pd.DataFrame(board_rows(stored_board(open_store(chosen), chosen)))


def score(candidate: str, benchmark: str, *, seed: int = 0, settings: Settings | None = None) -> ResultRecord:
    """Score a candidate on a benchmark and return the record, without storing it.

    Parameters
    ----------
    candidate : str
        Registered name, a folder with a ``candidate.yaml``, or a network of another library.
    benchmark : str
        Registered name.
    seed : int, default=0
        Seed of candidates that draw.
    settings : Settings, optional
        Default: from environment and file.

    Returns
    -------
    record : ResultRecord
        Record with status "value", or "not applicable" where the candidate does not accept the stimuli.

    Raises
    ------
    CandidateError
        If the candidate fails.
    InnerscoreError
        If a name is unknown, a card invalid or data missing.

    Examples
    --------
    >>> import innerscore
    >>> record = innerscore.score("position", "SimulatedMEC.rsa")
    >>> record.status
    'value'
    """
    chosen = settings or load_settings()
    outcome = execute(
        prepare(candidate, load_benchmark(benchmark, settings=chosen), chosen, seed=seed), chosen
    )
    if outcome.error is not None:
        raise outcome.error
    return outcome.record
