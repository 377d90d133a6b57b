"""``innerscore check``: list the faults of a candidate, a data set or a benchmark, with file, reason and fix."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated

import typer

from .options import JsonOption, LayersOption, SeedOption, repeated
from .output import emit_json, write

if TYPE_CHECKING:
    from ..checking import CandidateReport, Target

__all__ = ["check"]


def check(
    name: Annotated[
        str, typer.Argument(help="Folder with a card, a registered name, or a network of another library.")
    ],
    benchmark: Annotated[
        list[str] | None,
        repeated(
            "Benchmark for which to estimate time and memory",
            "--benchmark",
            "-b",
            default="two simulated ones",
        ),
    ] = None,
    layers: LayersOption = None,
    seed: SeedOption = 0,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Run the candidate in a sandbox, as a board's workers do.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Check a candidate, a data set or a benchmark.

    Each fault is listed with its file, its reason and its fix. A candidate is held against the rules by which a
    board takes it, and the time and memory of its activations to the stimuli of the benchmarks are estimated. Exit
    code 3 if there is a fault.
    """
    from ..candidates.hub.folder import resolved
    from ..candidates.hub.names import with_layers
    from ..core.settings import load_settings
    from ..workflows.checking import report_on

    settings = load_settings()
    name = resolved(with_layers([name], layers)[0], settings)
    target, report = report_on(name, settings, benchmarks=benchmark, seed=seed, sandbox=sandbox)
    if json:
        emit_json({"kind": target.kind, "card": str(target.path), **dataclasses.asdict(report)})
    else:
        _write_report(target, report)
    if report.faults:
        raise typer.Exit(3)


def _write_report(target: Target, report: CandidateReport) -> None:
    from ..core.words import number_of

    for fault in report.faults:
        write(f"{fault.file}: {fault.reason}\n  {fault.fix}")
    for note in report.notes:
        write(f"note: {note}")
    for entry in report.estimates:
        cost = f"about {entry.seconds:.3g} s and {entry.memory_mb:.3g} MB to be shown its stimuli"
        write(f"{entry.benchmark}: {cost if entry.applicable else 'not applicable'}")
    n = len(report.faults)
    write(f"{target.kind} {target.path.name}: {number_of(n, 'fault') if n else 'no faults'}")
