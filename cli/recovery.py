"""``innerscore recovery``: simulate brains from candidates, and measure how often the ranking recovers them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import JsonOption
from .output import emit_json, say, write

if TYPE_CHECKING:
    from ..core.recovery_report import RecoveryReport
    from ..core.settings import Settings
    from ..studies.model_recovery import Design

__all__ = ["recovery"]

_FOR_ROUNDS = 0.75  # of the time given; the rest is for what more data do


def recovery(
    benchmark: Annotated[
        list[str] | None,
        typer.Option(
            "--benchmark",
            "-b",
            help="Benchmark by name; may be repeated; default all on simulated neurons.",
        ),
    ] = None,
    candidate: Annotated[
        list[str] | None,
        typer.Option("--candidate", "-c", help="Candidate by name or folder; may be repeated; default all."),
    ] = None,
    draws: Annotated[
        int | None,
        typer.Option(
            "--draws",
            min=1,
            help="Number of brains to simulate from each candidate; default 20, or 2 with --quick.",
        ),
    ] = None,
    reliability: Annotated[
        list[float] | None,
        typer.Option(
            "--reliability",
            "-r",
            help="Reliability of the simulated neurons; may be repeated; default 0.3, "
            "0.6 and 0.9, or 0.6 with --quick.",
        ),
    ] = None,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick",
            help="Take a first look: four benchmarks, reliability 0.6 and 2 draws, "
            "where no other option says otherwise.",
        ),
    ] = False,
    minutes: Annotated[
        float | None,
        typer.Option(
            "--minutes",
            min=0,
            help="Start no new draws after this many minutes, and report on the draws made so far.",
        ),
    ] = None,
    resample_conditions: Annotated[
        int,
        typer.Option(
            "--resample-conditions",
            min=0,
            help="Number of sets of new conditions to calibrate intervals on as well, for tasks in time.",
        ),
    ] = 0,
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="Seed of the readouts, spikes and shuffles.")
    ] = 0,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="File of the report (.json); its text is written beside it (.md); default in the data folder.",
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Measure how often the ranking recovers the true model.

    Simulates brains from each candidate, scores all candidates on them, and reports how often each is recovered.
    Every draw is kept: an interrupted command goes on where it was, and the same seed gives the same numbers. The
    board's page on ranking validity shows the report; results of an older report on other benchmarks are kept.
    """
    from ..core.files import write_bytes
    from ..core.settings import load_settings
    from ..studies.model_recovery import QUICK_BENCHMARKS, RELIABILITIES, Design
    from ..studies.model_recovery.report import SUMMARY_COLUMNS, markdown, summary_rows
    from ..workflows.board_contents import trust_file
    from ..workflows.running import limit_threads
    from .tables import print_table

    settings = load_settings()
    limit_threads(settings)
    wanted = tuple(dict.fromkeys(reliability or ())) or ((0.6,) if quick else RELIABILITIES)
    design = Design(seed=seed, draws=draws or (2 if quick else 20), reliabilities=wanted)
    names = benchmark or (list(QUICK_BENCHMARKS) if quick else None)
    path = out or trust_file(settings)
    _older_report(path)  # one that cannot be read is said before the work, not after it
    report = _studied(design, names, candidate, minutes, resample_conditions, settings).beside(
        _older_report(path)
    )
    write_bytes(path, report.model_dump_json(indent=1).encode() + b"\n")
    write_bytes(path.with_suffix(".md"), markdown(report).encode())
    if json:
        emit_json(report.model_dump(mode="json"))
        return
    print_table(summary_rows(report), SUMMARY_COLUMNS)
    for one in report.left_out:
        say(f"left out {one.name}: {one.why}")
    write(f"the report: {path.resolve()}")


def _older_report(path: Path) -> RecoveryReport | None:
    from ..core.recovery_report import read_report
    from ..workflows.board_contents import read_trust

    content = read_trust(path)
    return None if content is None else read_report(content)


def _studied(
    design: Design,
    benchmarks: list[str] | None,
    candidates: list[str] | None,
    minutes: float | None,
    resample_conditions: int,
    settings: Settings,
) -> RecoveryReport:
    """Run the study, or what is left of it."""
    import sys
    import time

    from ..candidates import registry
    from ..core.provenance import utc_now
    from ..studies.model_recovery import Study, fresh_calibration, run_study
    from ..studies.model_recovery.scenes import prepare_benchmarks
    from .progress import shown_progress
    from .renamed import renamed

    began, whole = time.monotonic(), float("inf") if minutes is None else 60 * minutes
    chosen, left_out = _benchmarks(benchmarks, settings)
    names = list(dict.fromkeys(candidates or registry(settings).entries()))
    with shown_progress("recovery") as show:
        scenes, failed = prepare_benchmarks(chosen, names, design, settings, show)
        study = Study(
            design, scenes, settings.data_dir / "validity", began + _FOR_ROUNDS * whole, began + whole
        )
        report = run_study(study, show, further=left_out | failed)
        further = fresh_calibration(scenes, study.files, resample_conditions, design, settings, show)
    made = {"command": " ".join(["innerscore", *renamed(sys.argv[1:]).arguments]), "code": report.code}
    return report.model_copy(
        update={
            **made,
            "recovery": tuple(one.model_copy(update=made) for one in report.recovery),
            "calibration": (*report.calibration, *further),
            "created": utc_now(),
            "study": "this board's own study",
        }
    )


def _benchmarks(names: list[str] | None, settings: Settings) -> tuple[list[str], dict[str, str]]:
    """Those named, or all on simulated recordings for which a brain can be simulated; and why not the others."""
    from ..benchmarks import registry
    from ..studies.model_recovery import why_not

    known = registry(settings)
    home = [entry.card for name, entry in known.entries().items() if name.startswith("Simulated")]
    reasons = {card.identifier: why_not(card) for card in home}
    chosen = [name for name, reason in reasons.items() if reason is None]
    if names:
        chosen = [known.find(name).card.identifier for name in dict.fromkeys(names)]
    return chosen, {name: reason for name, reason in reasons.items() if reason is not None}
