"""``innerscore validate``: simulate brains from candidates, and see whether the ranking finds them."""

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

__all__ = ["validate"]

_FOR_ROUNDS = 0.75  # of the time given; the rest is for what more data do


def validate(
    benchmark: Annotated[
        list[str] | None,
        typer.Option(
            "--benchmark",
            "-b",
            help="Benchmark by name, repeatable; all on simulated neurons if none is given.",
        ),
    ] = None,
    candidate: Annotated[
        list[str] | None,
        typer.Option("--candidate", "-c", help="Candidate by name or folder, repeatable; all by default."),
    ] = None,
    draws: Annotated[
        int | None, typer.Option("--draws", min=1, help="Brains from each candidate; 20, or 2 with --quick.")
    ] = None,
    reliability: Annotated[
        list[float] | None,
        typer.Option("--reliability", "-r", help="Of the neurons, repeatable; 0.3, 0.6 and 0.9 by default."),
    ] = None,
    quick: Annotated[
        bool,
        typer.Option("--quick", help="A first look: four benchmarks, reliability 0.6, 2 draws, unless told."),
    ] = False,
    minutes: Annotated[
        float | None,
        typer.Option(
            "--minutes", min=0, help="Begin nothing new after so long; the report is of what is there."
        ),
    ] = None,
    fresh: Annotated[
        int,
        typer.Option(
            "--fresh",
            min=0,
            help="Calibrate also on so many sets of new conditions, of tasks in time.",
        ),
    ] = 0,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of readouts, spikes and shuffles.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="Report (.json), and beside it as text (.md); in the data folder by default."
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Simulate brains from each candidate, score all candidates on them, and report how often each is found.

    Every draw is kept: an interrupted command goes on where it was, and the same seed gives the same numbers. The
    report is what the board's page of trust shows; what an older one says of other benchmarks is kept.
    """
    from ..core.files import write_bytes
    from ..core.settings import load_settings
    from ..studies.model_recovery import QUICK_BENCHMARKS, RELIABILITIES, Design
    from ..studies.model_recovery.report import SUMMARY_COLUMNS, markdown, summary_rows
    from .contents import trust_file
    from .running import limit_threads
    from .tables import print_table

    settings = load_settings()
    limit_threads(settings)
    wanted = tuple(dict.fromkeys(reliability or ())) or ((0.6,) if quick else RELIABILITIES)
    design = Design(seed=seed, draws=draws or (2 if quick else 20), reliabilities=wanted)
    names = benchmark or (list(QUICK_BENCHMARKS) if quick else None)
    path = out or trust_file(settings)
    _older_report(path)  # one that cannot be read is said before the work, not after it
    report = _studied(design, names, candidate, minutes, fresh, settings).beside(_older_report(path))
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
    from .contents import read_trust

    content = read_trust(path)
    return None if content is None else read_report(content)


def _studied(
    design: Design,
    benchmarks: list[str] | None,
    candidates: list[str] | None,
    minutes: float | None,
    fresh: int,
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

    began, whole = time.monotonic(), float("inf") if minutes is None else 60 * minutes
    chosen, left_out = _benchmarks(benchmarks, settings)
    names = list(dict.fromkeys(candidates or registry(settings).entries()))
    with shown_progress("validate") as show:
        scenes, failed = prepare_benchmarks(chosen, names, design, settings, show)
        study = Study(
            design, scenes, settings.data_dir / "validity", began + _FOR_ROUNDS * whole, began + whole
        )
        report = run_study(study, show, further=left_out | failed)
        further = fresh_calibration(scenes, study.files, fresh, design, settings, show)
    made = {"command": " ".join(["innerscore", *sys.argv[1:]]), "code": report.code}
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
