"""``innerscore check``: list the faults of a candidate, a data set or a benchmark, with file, reason and fix."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from .options import JsonOption, LayersOption, SeedOption
from .output import emit_json, write

if TYPE_CHECKING:
    from ..checking import CandidateReport, Fault, Target
    from ..core.settings import Settings
    from ..core.stimuli import StimulusSet
    from ..data_registry import Dataset

__all__ = ["check"]


def check(
    name: Annotated[
        str, typer.Argument(help="Folder with a card, a registered name, or a network of another library.")
    ],
    benchmark: Annotated[
        list[str] | None,
        typer.Option(
            "--benchmark",
            "-b",
            help="Benchmark for which to estimate time and memory; may be repeated; default two simulated ones.",
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
    from ..checking import PROBES, find_target
    from ..core.settings import load_settings

    settings = load_settings()
    name = resolved(with_layers([name], layers)[0], settings)
    target = find_target(name, settings)
    report = _report(name, target, settings, benchmark or list(PROBES), seed, sandbox)
    if json:
        emit_json({"kind": target.kind, "card": str(target.path), **dataclasses.asdict(report)})
    else:
        _write_report(target, report)
    if report.faults:
        raise typer.Exit(3)


def _report(
    name: str, target: Target, settings: Settings, benchmarks: list[str], seed: int, sandbox: bool
) -> CandidateReport:
    from ..checking import CandidateReport, card_faults, name_faults
    from ..checking.targets import CARD_TYPES
    from ..core.cards import read_card

    card_type = CARD_TYPES[target.kind]
    faults = card_faults(target.path, card_type)
    if faults:
        return CandidateReport(tuple(faults))
    taken = name_faults(target, read_card(target.path, card_type).identifier, settings)
    if taken:
        return CandidateReport(tuple(taken))
    if target.kind == "candidate":
        return _candidate_report(name, target, settings, benchmarks, seed, sandbox)
    return _data_report(target, settings)


def _candidate_report(
    name: str, target: Target, settings: Settings, benchmarks: list[str], seed: int, sandbox: bool
) -> CandidateReport:
    from ..checking import PROBES, check_candidate
    from ..core.cards import CandidateCard, read_card
    from ..scoring.sandbox import Sandbox
    from ..workflows.running import limit_threads

    limit_threads(settings)
    card = read_card(target.path, CandidateCard)
    sets = _stimuli([*benchmarks, *PROBES], settings)
    box = Sandbox(settings) if sandbox else None
    report = check_candidate(name, target.path, card, sets, settings, seed=seed, sandbox=box)
    estimates = tuple(entry for entry in report.estimates if entry.benchmark in benchmarks)
    return dataclasses.replace(report, estimates=estimates)


def _stimuli(names: list[str], settings: Settings) -> dict[str, StimulusSet]:
    from ..benchmarks import load_benchmark

    return {name: load_benchmark(name, settings).stimuli for name in dict.fromkeys(names)}


def _data_report(target: Target, settings: Settings) -> CandidateReport:
    """Faults and notes of a data set or a benchmark; what cannot be put together at all is a fault, too."""
    from ..checking import CandidateReport, fault_of, read_regions, region_notes
    from ..core.errors import InvalidInputError, UnknownNameError

    plugins = tuple(dict.fromkeys([*settings.plugins, target.path.parent]))
    seeing = settings.model_copy(update={"plugins": plugins})
    check = _check_dataset if target.kind == "dataset" else _check_benchmark
    try:
        dataset, regions, faults = check(target, seeing)
        notes = [] if faults else region_notes(read_regions(dataset, regions))
    except (InvalidInputError, UnknownNameError) as error:
        return CandidateReport((fault_of(error, target.path),))
    return CandidateReport(tuple(faults), notes=tuple(notes))


def _check_dataset(target: Target, settings: Settings) -> tuple[Dataset, Sequence[str], list[Fault]]:
    from ..checking import check_dataset
    from ..core.cards import DatasetCard, read_card
    from ..data_registry import load_dataset

    dataset = load_dataset(read_card(target.path, DatasetCard).identifier, settings)
    return dataset, dataset.card.regions, check_dataset(dataset, target.path)


def _check_benchmark(target: Target, settings: Settings) -> tuple[Dataset, Sequence[str], list[Fault]]:
    from ..benchmarks import load_benchmark
    from ..checking import check_benchmark
    from ..core.cards import BenchmarkCard, read_card

    benchmark = load_benchmark(read_card(target.path, BenchmarkCard).identifier, settings)
    return benchmark.dataset, [benchmark.card.region], check_benchmark(benchmark, target.path)


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
