"""The functions of ``import innerscore``, whose ``__all__`` has their names."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from . import benchmarks, candidates, data_registry, metrics
from .benchmarks import Benchmark
from .candidates import LoadedCandidate
from .core.cards import Card
from .core.errors import InvalidArgumentError
from .core.records import ResultRecord
from .core.settings import Settings, load_settings
from .data_registry import Dataset
from .metrics import Metric
from .scoring import Report, job_of, keep_targets, object_name, score_object, write_activations, write_stimuli

if TYPE_CHECKING:
    import pandas as pd

    from .checking import CandidateReport
    from .workflows.placement import Place
    from .workflows.running import Result

#: Called with the pair, the stage, the number done and the number of all.
Progress = Callable[[str, str, int, int], None]


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


def cards(
    kind: Literal["candidates", "benchmarks", "metrics", "datasets"], *, settings: Settings | None = None
) -> pd.DataFrame:
    """The registered cards of a kind, as ``innerscore list --json`` has them.

    Parameters
    ----------
    kind : {"candidates", "benchmarks", "metrics", "datasets"}
        Kind of things to list.
    settings : Settings, optional
        Default: from environment and file.

    Returns
    -------
    cards : pandas.DataFrame
        One row a name, which is the index; a column for each key of the cards.

    Examples
    --------
    >>> import innerscore
    >>> innerscore.cards("candidates").loc["pixels", "model_class"]
    'baseline'
    """
    from .workflows.frames import cards_frame

    return cards_frame(kind, settings or load_settings())


def card(name: str, *, settings: Settings | None = None) -> Card:
    """The card of a candidate, benchmark, metric or data set, as ``innerscore info`` shows it.

    Raises
    ------
    UnknownNameError
        If nothing has that name; the closest names are suggested.
    """
    from .workflows.registries import find_anything

    found: Card = find_anything(name, settings or load_settings())[1].card
    return found


def check(
    name: str | os.PathLike[str],
    *,
    benchmarks: Sequence[str] | None = None,
    sandbox: bool = False,
    seed: int = 0,
    settings: Settings | None = None,
) -> CandidateReport:
    """Check a candidate, a data set or a benchmark without scoring anything, as ``innerscore check`` does.

    Parameters
    ----------
    name : str or path
        Registered name, or a folder with a card.
    benchmarks : sequence of str, optional
        Benchmarks for which the time and memory of a candidate are estimated. Default: two simulated ones.
    sandbox : bool, default=False
        Whether a candidate runs in the sandbox, as a board's workers do it.
    seed : int, default=0
        Seed of candidates that draw.
    settings : Settings, optional
        Default: from environment and file.

    Returns
    -------
    report : CandidateReport
        Its `faults`, each with file, reason and fix; `notes`; and `estimates` of time and memory.
    """
    from .workflows.checking import report_on

    chosen = settings or load_settings()
    return report_on(os.fspath(name), chosen, benchmarks=benchmarks, sandbox=sandbox, seed=seed)[1]


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
    candidates: Sequence[str | os.PathLike[str]],
    benchmarks: Sequence[str] | None = None,
    *,
    seed: int = 0,
    rerun: bool = False,
    progress: Progress | None = None,
    settings: Settings | None = None,
) -> list[Result]:
    """Score candidates on benchmarks and store the records, as ``innerscore score`` does.

    A pair that is stored under the same hashes is not run again, unless it failed or `rerun` is set.

    Parameters
    ----------
    candidates : sequence of str or path
        Registered names, folders with a ``candidate.yaml``, bundles, tables of predictions, files of activations,
        networks of other libraries, as in ``"timm:resnet50.a1_in1k"``, ``"torchvision:resnet18#layer2,layer4"``.
    benchmarks : sequence of str, optional
        Registered names. Default: all; the behavioural ones where all candidates are tables of predictions.
    seed : int, default=0
        Seed of candidates that use random numbers.
    rerun : bool, default=False
        Whether stored pairs are run again; the new records supersede the old ones.
    progress : callable, optional
        Called with the pair as text, the stage, the number done and the number of all.
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
        for a file of activations; if a candidate is an object, of which no bytes could be kept.
    """
    from .workflows.running import benchmarks_for, run_pairs

    chosen, given = settings or load_settings(), _named(candidates)
    names = benchmarks_for(given, chosen) if benchmarks is None else benchmarks
    shown = None if progress is None else partial(_pair_progress, progress)
    return list(run_pairs(given, names, chosen, seed=seed, rerun=rerun, progress=shown))


def sweep(
    candidates: Sequence[str | os.PathLike[str]],
    benchmarks: Sequence[str] | None = None,
    *,
    executor: Literal["local", "slurm"] = "local",
    jobs: int | None = None,
    slurm: Mapping[str, str] | None = None,
    seed: int = 0,
    rerun: bool = False,
    progress: Progress | None = None,
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
    seed, rerun, settings
        As for :func:`run`.
    progress : callable, optional
        Called with "sweep", the phase ("show" or "score"), the number of tasks done and of all.

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

    chosen, given = settings or load_settings(), _named(candidates)
    names = benchmarks_for(given, chosen) if benchmarks is None else benchmarks
    tasks = make_executor(executor, chosen, jobs=jobs, slurm=slurm)
    report = None if progress is None else partial(progress, "sweep")
    return list(sweep_pairs(given, names, chosen, tasks, seed=seed, rerun=rerun, report=report))


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
    from .workflows.frames import board_frame

    return board_frame(settings or load_settings())


def scores(
    *,
    candidates: Sequence[str] | None = None,
    benchmarks: Sequence[str] | None = None,
    settings: Settings | None = None,
) -> pd.DataFrame:
    """The values on the board, best first within each benchmark.

    Parameters
    ----------
    candidates, benchmarks : sequence of str, optional
        Names to show. Default: all.
    settings : Settings, optional
        Default: from environment and file.

    Returns
    -------
    scores : pandas.DataFrame
        One row a candidate and benchmark that has a value: version and bundle of the candidate, version of the
        benchmark, the ceiling-normalised score with its interval, its rank interval and tie group (1 is best),
        then raw value and ceiling, win rate, layer, seed and hashes.

    Examples
    --------
    >>> import innerscore
    >>> results = innerscore.run(["position", "velocity"], ["SimulatedMEC.rsa"])
    >>> innerscore.scores()[["candidate", "rank_low", "tie_group"]]
      candidate  rank_low  tie_group
    0  position         1          1
    1  velocity         2          2
    """
    from .workflows.frames import scores_frame

    return scores_frame(settings or load_settings(), candidates, benchmarks)


def compare(
    *candidates: str, benchmarks: Sequence[str] | None = None, settings: Settings | None = None
) -> pd.DataFrame:
    """Differences of candidates' stored scores, by the board's paired tests.

    Parameters
    ----------
    *candidates : str
        Names of two candidates or more. Of more than five, each benchmark's best is compared with the others.
    benchmarks : sequence of str, optional
        Benchmarks to compare on. Default: all that at least two of them have a score on.
    settings : Settings, optional
        Default: from environment and file.

    Returns
    -------
    differences : pandas.DataFrame
        One row a benchmark and pair: both ceiling-normalised scores, the first less the second with its 95 %
        interval, and the p-value corrected by Holm over all pairs of the board's column.

    Raises
    ------
    UnknownNameError
        If a name is no candidate's on the board, or no benchmark's.
    InvalidInputError
        If there are fewer than two candidates, or no benchmark on which two of them have a score.

    Examples
    --------
    >>> import innerscore
    >>> results = innerscore.run(["position", "velocity"], ["SimulatedMEC.rsa"])
    >>> innerscore.compare("position", "velocity")[["first", "second", "simulated"]]
          first    second  simulated
    0  position  velocity       True
    """
    from .workflows.frames import comparison_frame

    return comparison_frame(candidates, settings or load_settings(), benchmarks or ())


def record(record_sha256: str, *, settings: Settings | None = None) -> ResultRecord:
    """A stored record by its hash, which each table and page has as ``record_sha256``.

    Raises
    ------
    UnknownNameError
        If the store has no such record, or hides it.
    """
    from .workflows.frames import record_of

    return record_of(record_sha256, settings or load_settings())


def targets(record: ResultRecord | Result | str, *, settings: Settings | None = None) -> pd.DataFrame:
    """The values behind a score, one row a neuroid or dissimilarity matrix.

    Parameters
    ----------
    record : ResultRecord, Result or str
        A record of :func:`score` or :func:`record`, a result of :func:`run`, or the hash of a stored record.
    settings : Settings, optional
        Default: from environment and file.

    Returns
    -------
    targets : pandas.DataFrame
        Columns that identify each target, such as ``neuroid_id`` and ``animal``, then its ``raw`` value, its
        ``ceiling`` and the ``normalised`` value, NaN where one is not defined.

    Raises
    ------
    MissingPartError
        If the record has no score. The values of a score that was not stored are kept in the cache folder, and
        are missing when they have gone from there.
    """
    from .workflows.frames import record_of, targets_frame
    from .workflows.running import Result

    chosen = settings or load_settings()
    found = record_of(record, chosen) if isinstance(record, str) else record
    whose = found.record if isinstance(found, Result) else found
    if whose is None:
        raise InvalidArgumentError(
            "The 'record' parameter", got="a result without one", needed="with a record"
        )
    return targets_frame(whose, chosen)


def score(
    candidate: object,
    benchmark: str | Benchmark,
    *,
    layers: Mapping[str, str] | Sequence[str] | None = None,
    name: str | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    settings: Settings | None = None,
) -> ResultRecord:
    """Score a candidate on a benchmark and return the record, without storing it.

    Parameters
    ----------
    candidate : str, path or object
        Whatever :func:`run` takes; or a model: an object with ``activations(stimulus)``, or a torch module with
        named `layers`, read out frame by frame.
    benchmark : str or Benchmark
        Registered name, or a benchmark of :func:`load_benchmark`, whose data then are read once for many models.
    layers : mapping of str to str, or sequence of str, optional
        Layers of a torch module, as :class:`~innerscore.candidates.TorchCandidate` takes them.
    name : str, optional
        Name of an object in the record. Default: that of its class.
    seed, progress, settings
        As for :func:`run`.

    Returns
    -------
    record : ResultRecord
        Record with status "value", or "not applicable" where the candidate does not accept the stimuli. Of an
        object, ``bundle_sha256`` is the hash over what it answered, as it has no bytes.

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
    judge = load_benchmark(benchmark, settings=chosen) if isinstance(benchmark, str) else benchmark
    if isinstance(candidate, str | os.PathLike):
        job = job_of(os.fspath(candidate), judge, chosen, seed=seed)
        outcome = job.do(None, _report(progress, f"{job.name} on {judge.identifier}"))
    else:
        model, called = _model(candidate, layers), name or _name_of(candidate)
        report = _report(progress, f"{called} on {judge.identifier}")
        outcome = score_object(model, judge, chosen, name=called, report=report)
    if outcome.error is not None:
        raise outcome.error
    if outcome.targets_csv is not None:
        keep_targets(outcome.targets_csv, chosen.cache_dir)
    return outcome.record


def save_activations(
    model: object,
    benchmarks: Sequence[str],
    path: str | os.PathLike[str],
    *,
    layers: Mapping[str, str] | Sequence[str] | None = None,
    progress: Progress | None = None,
    settings: Settings | None = None,
) -> Path:
    """Show a model the stimuli of benchmarks and keep what it answers, so that its scores can be stored.

    The file is the candidate for :func:`run`, under the file's name, on the benchmarks named here: a record of it
    can be traced to the file's bytes. Keep it as long as the record. A model that others are to run again is better
    off as a folder with a card (``innerscore init``).

    Parameters
    ----------
    model : object
        A model as for :func:`score`.
    benchmarks : sequence of str
        Registered names; one file for all, for a row of the board is one candidate.
    path : str or path
        File to write, with a name that ends in .npz.
    layers : mapping of str to str, or sequence of str, optional
        Layers of a torch module.
    progress : callable, optional
        Called with the file's name, the stage, the number done and the number of all.
    settings : Settings, optional
        Default: from environment and file.

    Returns
    -------
    path : pathlib.Path
        The file that was written.

    Raises
    ------
    CandidateError
        If the model fails.
    InvalidArgumentError
        If the name does not end in .npz, or benchmarks have different stimuli of one name.
    """
    chosen, place = settings or load_settings(), Path(path)
    judges = [load_benchmark(benchmark, settings=chosen) for benchmark in benchmarks]
    report = _report(progress, place.name)
    return write_activations(_model(model, layers), judges, place, name=place.stem, report=report)


def export_stimuli(
    benchmark: str, folder: str | os.PathLike[str], *, settings: Settings | None = None
) -> int:
    """Write the stimuli of a benchmark as files, as ``innerscore export-stimuli`` does; their number."""
    return write_stimuli(load_benchmark(benchmark, settings=settings), Path(folder))


def export_board(
    folder: str | os.PathLike[str], *, highlight: Sequence[str] = (), settings: Settings | None = None
) -> Path:
    """Write the board as files that need no server, as ``innerscore board export`` does.

    Parameters
    ----------
    folder : str or path
        Folder to write; an earlier export in it is replaced as a whole.
    highlight : sequence of str, optional
        Candidates that the pages mark as your own.
    settings : Settings, optional
        Default: from environment and file.

    Returns
    -------
    page : pathlib.Path
        The first page. Private data sets and hidden records are left out.
    """
    from .workflows.board_contents import export_shareable
    from .workflows.stored import open_store

    chosen = settings or load_settings()
    return export_shareable(open_store(chosen), chosen, Path(folder), highlight)[1]


def _named(candidates: Sequence[object]) -> list[str]:
    """Names and paths; an object is refused, as nothing of it would remain."""
    for one in candidates:
        if not isinstance(one, str | os.PathLike):
            raise InvalidArgumentError(
                "A candidate whose record is to be stored",
                got=f"an object of {type(one).__name__}",
                needed="a name, a folder with a card or a file, to whose bytes the record can be traced",
                hint="Keep what it answers, innerscore.save_activations(model, benchmarks, 'my-model.npz'), and "
                "run that file; or write a folder with 'innerscore init'. innerscore.score takes objects and "
                "stores nothing.",
            )
    return [os.fspath(one) for one in candidates if isinstance(one, str | os.PathLike)]


def _model(candidate: object, layers: Mapping[str, str] | Sequence[str] | None) -> object:
    """A model with ``activations(stimulus)``."""
    if isinstance(candidate, LoadedCandidate):
        return candidate.model
    if hasattr(candidate, "named_modules") and not hasattr(candidate, "activations"):
        from .candidates.torch_adapter import TorchCandidate

        if layers is None:
            raise InvalidArgumentError(
                "The 'layers' parameter", got="none", needed="named for a torch module"
            )
        return TorchCandidate(candidate, layers)  # type: ignore[arg-type]
    if not hasattr(candidate, "activations"):
        raise InvalidArgumentError(
            "The candidate",
            got=f"an object of {type(candidate).__name__} without 'activations'",
            needed="a name, a path, an object with activations(stimulus), or a torch module with 'layers'",
        )
    return candidate


def _name_of(candidate: object) -> str:
    return candidate.card.identifier if isinstance(candidate, LoadedCandidate) else object_name(candidate)


def _report(progress: Progress | None, label: str) -> Report | None:
    return None if progress is None else partial(progress, label)


def _pair_progress(progress: Progress, label: str) -> AbstractContextManager[Report]:
    return nullcontext(partial(progress, label))
