"""``innerscore score``: score candidates on benchmarks and put the records on the board."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from .options import BenchmarksOption, JsonOption, LayersOption, SeedOption, repeated
from .output import emit_json, say, write

if TYPE_CHECKING:
    from ..core.settings import Settings
    from ..leaderboard.store import Store
    from ..workflows.running import Result

__all__ = ["score"]

#: Runs candidates on benchmarks, given the settings, the seed and whether stored pairs run again.
_Run: TypeAlias = "Callable[..., Iterable[Result]]"


class ExecutorName(StrEnum):
    """Executors of tasks."""

    local = "local"
    slurm = "slurm"


def score(
    candidates: Annotated[
        list[str],
        typer.Argument(
            help="Names, folders with a candidate.yaml, bundles (.zip), tables of answers "
            "(.csv), files of activations (.npz, .nc), or networks of other libraries (timm:NAME, "
            "torchvision:NAME, hf:OWNER/NAME, packaged:NAME)."
        ),
    ],
    benchmark: BenchmarksOption = None,
    suite: Annotated[
        list[str] | None, repeated("Suite whose benchmarks to score on, by name", "--suite")
    ] = None,
    layers: LayersOption = None,
    seed: SeedOption = 0,
    rerun: Annotated[
        bool,
        typer.Option("--rerun", help="Run pairs again that are stored; the new record supersedes the old."),
    ] = False,
    array: Annotated[
        bool,
        typer.Option(
            "--array", help="Run pairs side by side, as tasks of an executor, rather than one by one."
        ),
    ] = False,
    executor: Annotated[
        ExecutorName, typer.Option("--executor", help="Executor that runs the tasks of --array.")
    ] = ExecutorName.local,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            min=1,
            help="Largest number of tasks of --array that run at once; default as many as the executor takes.",
        ),
    ] = None,
    slurm: Annotated[
        list[str] | None,
        repeated("Option of sbatch as NAME=VALUE, such as partition, time or mem", "--slurm"),
    ] = None,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Run models in the sandbox, as the workers of a board do.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Score candidates on benchmarks.

    A table of answers (CSV with the columns stimulus and probability, or endpoint_deg for endpoints of Mental-Pong)
    represents a model that ran elsewhere, on behavioural benchmarks such as Bear2021.OCP-agreement. A file of
    activations (npz or netCDF, an array (time, units) for each stimulus and layer) does so on the benchmarks that
    are named.

    A network of another library is fetched by that library, tried, and kept as a folder in the cache, before the
    first pair is run. Its layers are chosen by a rule, by --layers, or after its name
    (timm:resnet18#layer2,layer4).

    A pair that was scored before under the same hashes is not run again, so an interrupted command goes on where
    it was. At the end each score's place on the board is printed: its rank interval by paired tests, and the
    candidates that it is not significantly different from.

    Exit code 4 if a candidate failed, 7 if the data of a named benchmark are missing.
    """
    from ..benchmarks.suites import benchmarks_of
    from ..candidates.hub.names import with_layers
    from ..core.settings import load_settings
    from ..workflows.running import benchmarks_for, limit_threads
    from ..workflows.stored import open_store

    settings = load_settings()
    candidates = with_layers(candidates, layers)
    in_suites = [name for one in suite or () for name in benchmarks_of(one, settings)]
    named = list(dict.fromkeys([*(benchmark or ()), *in_suites]))
    names = named or benchmarks_for(candidates, settings)
    limit_threads(settings)
    _check_options(executor, jobs, slurm, array=array, sandbox=sandbox)
    run = _array(executor, jobs, slurm or [], settings) if array else _one_by_one(settings, sandbox=sandbox)
    pairs = run(candidates, names, settings, seed=seed, rerun=rerun)
    results, error = _followed(pairs, len(candidates) * len(names), quiet=json)
    if error is not None and json:
        raise error
    store = open_store(settings)
    _report(results, store, json=json)
    _warn(results, store, settings)
    if error is not None:
        raise error
    _exit_if_lacking(results, named)


def _check_options(
    executor: ExecutorName, jobs: int | None, slurm: list[str] | None, *, array: bool, sandbox: bool
) -> None:
    """Some options are for pairs that run as an array, and one for those that run in this process."""
    if array and sandbox:
        raise typer.BadParameter("--sandbox is for pairs that run one by one, without --array.")
    given = {"--executor slurm": executor is ExecutorName.slurm, "--jobs": jobs is not None, "--slurm": slurm}
    for option, is_given in given.items():
        if is_given and not array:
            raise typer.BadParameter(f"{option} is for --array.")


def _array(executor: ExecutorName, jobs: int | None, slurm: list[str], settings: Settings) -> _Run:
    """Pairs run as tasks of an executor."""
    from ..workflows.sweeping import make_executor, sweep_pairs

    chosen = make_executor(executor.value, settings, jobs=jobs, slurm=_pairs(slurm))
    return partial(sweep_pairs, executor=chosen)


def _one_by_one(settings: Settings, *, sandbox: bool) -> _Run:
    """Pairs run in this process."""
    from ..scoring.sandbox import Sandbox
    from ..workflows.running import run_pairs
    from .progress import pair_progress

    return partial(run_pairs, sandbox=Sandbox(settings) if sandbox else None, progress=pair_progress)


def _exit_if_lacking(results: Sequence[Result], named: Sequence[str]) -> None:
    """Exit with the code of what failed; missing data are an error only of a benchmark that was named."""
    from ..core.errors import CandidateError, MissingPartError

    if any(result.failed for result in results):
        raise typer.Exit(CandidateError.exit_code)
    if named and any(isinstance(result.error, MissingPartError) for result in results):
        raise typer.Exit(MissingPartError.exit_code)


def _followed(
    running: Iterable[Result], n_pairs: int, *, quiet: bool
) -> tuple[list[Result], Exception | None]:
    """The results, each shown as it comes, with the time left now and then; and the error that ended them early."""
    from ..workflows.placement import Remaining
    from .tables import result_line

    remaining, results = Remaining(n_pairs), []
    try:
        for result in running:
            results.append(result)
            if not quiet:
                write(result_line(result))
            if (left := remaining.step()) is not None:
                say(left)
    except Exception as error:  # what was scored is summed up before it is raised again
        return results, error
    return results, None


def _report(results: Sequence[Result], store: Store, *, json: bool) -> None:
    """Where the scores stand on the board, and what went wrong."""
    from ..workflows.placement import places

    standing = places([result.record for result in results if result.record is not None], store)
    placed = [
        (result, standing.get(result.record.record_sha256) if result.record else None) for result in results
    ]
    if json:
        emit_json(
            {
                "results": [
                    result.to_json() | ({} if place is None else {"standing": place.to_json()})
                    for result, place in placed
                ]
            }
        )
    else:
        for result, place in placed:
            if place is not None:
                write(f"{result.candidate} on {result.benchmark}: {place.text}")
    told = [result for result in results if result.error is not None and not result.impossible]
    for error in dict.fromkeys(str(result.error) for result in told):
        say(f"error: {error}")


def _warn(results: Sequence[Result], store: Store, settings: Settings) -> None:
    """Say what a reader of the board would take wrongly."""
    from ..workflows.placement import cautions

    records = [result.record for result in results if result.record is not None]
    for caution in cautions(records, store, settings):
        say(f"warning: {caution}")


def _pairs(texts: list[str]) -> dict[str, str]:
    for text in texts:
        if "=" not in text:
            raise typer.BadParameter(f"--slurm takes NAME=VALUE, not '{text}'.")
    return {name.strip(): value.strip() for name, _, value in (text.partition("=") for text in texts)}
