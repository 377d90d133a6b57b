"""``innerscore recovery``: simulate brains from candidates, and measure how often the ranking recovers them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import CandidatesOption, JsonOption, repeated
from .output import emit_json, say, write

if TYPE_CHECKING:
    from ..core.recovery_report import RecoveryReport

__all__ = ["recovery"]


def recovery(
    benchmark: Annotated[
        list[str] | None,
        repeated("Benchmark by name", "--benchmark", "-b", default="all on simulated neurons"),
    ] = None,
    candidate: CandidatesOption = None,
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
        repeated(
            "Reliability of the simulated neurons",
            "--reliability",
            "-r",
            default="0.3, 0.6 and 0.9, or 0.6 with --quick",
        ),
    ] = None,
    as_recorded: Annotated[
        bool,
        typer.Option(
            "--as-recorded",
            help="Simulate as many neurons as the recording of a named benchmark has, in its animals and with "
            "its reliability, to learn what these very data can tell apart.",
        ),
    ] = False,
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
    from ..core.settings import load_settings
    from ..studies.model_recovery import QUICK_BENCHMARKS, RELIABILITIES, Design
    from ..workflows.board_contents import trust_file
    from ..workflows.recovery import recovery_study
    from ..workflows.running import limit_threads
    from .progress import shown_progress

    settings = load_settings()
    limit_threads(settings)
    if as_recorded:
        _check_as_recorded(benchmark, reliability)
    wanted = tuple(dict.fromkeys(reliability or ())) or ((0.6,) if quick else RELIABILITIES)
    path = out or trust_file(settings)
    _older_report(path)  # one that cannot be read is said before the work, not after it
    with shown_progress("recovery") as show:
        made = recovery_study(
            Design(seed, draws or (2 if quick else 20), wanted, as_recorded=as_recorded),
            settings,
            benchmarks=benchmark or (list(QUICK_BENCHMARKS) if quick else None),
            candidates=candidate,
            minutes=minutes,
            resample_conditions=resample_conditions,
            command=_command_line(),
            report=show,
        )
    report = made.beside(_older_report(path))
    _write_report(report, path)
    if json:
        emit_json(report.model_dump(mode="json"))
    else:
        _tell(report, path)


def _check_as_recorded(benchmarks: list[str] | None, reliabilities: list[float] | None) -> None:
    from ..core.errors import InvalidArgumentError

    if reliabilities or not benchmarks:
        raise InvalidArgumentError(
            "The option '--as-recorded'",
            got="'--reliability' beside it" if reliabilities else "no benchmark",
            needed="beside '--benchmark', whose recording has its own reliability",
        )


def _command_line() -> str:
    """The command as it was given, in today's names."""
    import sys

    from .renamed import renamed

    return " ".join(["innerscore", *renamed(sys.argv[1:]).arguments])


def _write_report(report: RecoveryReport, path: Path) -> None:
    """The numbers, and the text beside them."""
    from ..core.files import write_bytes
    from ..studies.model_recovery.report import markdown

    write_bytes(path, report.model_dump_json(indent=1).encode() + b"\n")
    write_bytes(path.with_suffix(".md"), markdown(report, numbers=path.name).encode())


def _tell(report: RecoveryReport, path: Path) -> None:
    from ..studies.model_recovery.report import SUMMARY_COLUMNS, summary_rows
    from .tables import print_table

    print_table(summary_rows(report), SUMMARY_COLUMNS)
    for one in report.left_out:
        say(f"left out {one.name}: {one.why}")
    write(f"the report: {path.resolve()}")


def _older_report(path: Path) -> RecoveryReport | None:
    from ..core.recovery_report import read_report
    from ..workflows.board_contents import read_trust

    content = read_trust(path)
    return None if content is None else read_report(content)
