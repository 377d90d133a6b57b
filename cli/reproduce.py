"""``innerscore reproduce``: run a published study again and report its numbers beside the printed ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import CandidatesOption, JsonOption, SeedOption
from .output import emit_json, say, write

__all__ = ["reproduce"]


def reproduce(
    study: Annotated[
        str, typer.Argument(help="Name of the study: rajalingham2025, nayebi2023, sohn2019 or sargolini2006.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the report; default reports/STUDY.")
    ] = None,
    candidate: CandidatesOption = None,
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
    from ..studies.report import as_json, write_report
    from ..workflows.reproducing import reproduced
    from ..workflows.running import limit_threads
    from .progress import pair_progress

    settings = load_settings()
    limit_threads(settings)
    chosen = load_study(study)
    report = reproduced(
        chosen,
        settings,
        candidates=candidate,
        simulated=simulated,
        seed=seed,
        say=say,
        progress=pair_progress,
    )
    table = write_report(report, out or Path("reports") / study)
    if json:
        emit_json({**as_json(report), "report": str(table.resolve())})
        return
    write(f"{chosen.title}\non {report.dataset}{' (SIMULATED)' if report.simulated else ''}")
    for row in report.rows:
        printed = "" if row.printed is None else f"   printed {row.printed.value:.3f}; comparable: {row.why}"
        write(f"  {row.finding.what}: {row.finding.value:.3f}{printed}")
    write(f"the report: {table.resolve()}")
