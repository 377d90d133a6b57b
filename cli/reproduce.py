"""``innerscore reproduce``: run a published study again and report its numbers beside the printed ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import JsonOption, SeedOption
from .output import emit_json, say, write

if TYPE_CHECKING:
    from ..core.records import ResultRecord
    from ..core.settings import Settings
    from ..data_registry import Dataset
    from ..studies import Study

__all__ = ["reproduce"]


def reproduce(
    study: Annotated[str, typer.Argument(help="Name of the study: rajalingham2025 or nayebi2023.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the report; default reports/STUDY.")
    ] = None,
    candidate: Annotated[
        list[str] | None,
        typer.Option("--candidate", "-c", help="Candidate by name or folder; may be repeated; default all."),
    ] = None,
    simulated: Annotated[
        bool, typer.Option("--simulated", help="Use the simulated recording even if the real one is here.")
    ] = False,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Run a published study again.

    Writes a table and figures with the study's numbers beside the printed ones, and says for each number whether it
    is comparable. The study runs on the real recording where it is on this machine, otherwise on a simulated one of
    the same structure. Scores go to the store; those that are there already are not run again.
    """
    from ..core.settings import load_settings
    from ..studies import load_study
    from ..studies import reproduce as run_study
    from ..studies.report import as_json, write_report
    from ..workflows.running import limit_threads

    settings = load_settings()
    limit_threads(settings)
    chosen = load_study(study)
    dataset = _recording_of(chosen, settings, simulated=simulated)
    records, missing = _scores(chosen, dataset, candidate, settings, seed)
    report = run_study(chosen, dataset, records, notes=missing, say=lambda what: say(f"  {what}"))
    table = write_report(report, out or Path("reports") / study)
    if json:
        emit_json({**as_json(report), "report": str(table.resolve())})
        return
    write(f"{chosen.title}\non {report.dataset}{' (SIMULATED)' if report.simulated else ''}")
    for row in report.rows:
        printed = "" if row.printed is None else f"   printed {row.printed.value:.3f}; comparable: {row.why}"
        write(f"  {row.finding.what}: {row.finding.value:.3f}{printed}")
    write(f"the report: {table.resolve()}")


def _recording_of(study: Study, settings: Settings, *, simulated: bool) -> Dataset:
    """The real data set if it can be had, else the simulated one."""
    from ..core.errors import MissingPartError
    from ..data_registry import load_dataset

    if not simulated:
        dataset = load_dataset(study.recorded, settings)
        try:
            dataset.recording("DMFC")
        except MissingPartError as error:
            say(f"{study.recorded} is not here, {study.simulated} stands in for it: {error}")
        else:
            return dataset
    return load_dataset(study.simulated, settings)


def _scores(
    study: Study, dataset: Dataset, candidates: list[str] | None, settings: Settings, seed: int
) -> tuple[list[ResultRecord], tuple[str, ...]]:
    """Records of the candidates on the study's benchmarks, and what was left out."""
    from ..benchmarks import registry
    from ..candidates import registry as candidate_registry
    from ..workflows.running import run_pairs
    from .progress import pair_progress

    known = registry(settings).entries()
    wanted = study.benchmark_names(dataset.card.identifier)
    names = candidates or list(candidate_registry(settings).entries())
    here = [name for name in wanted if name in known]
    results = list(run_pairs(names, here, settings, seed=seed, progress=pair_progress))
    missing = [f"{result.benchmark}: {result.error}" for result in results if result.record is None]
    absent = [f"{name}: no such benchmark" for name in wanted if name not in known]
    return [r.record for r in results if r.record is not None], tuple(dict.fromkeys([*missing, *absent]))
