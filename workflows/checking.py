"""Checks of anything with a card, as ``innerscore check`` does them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from ..benchmarks import load_benchmark
from ..checking import (
    PROBES,
    CandidateReport,
    Fault,
    Target,
    card_faults,
    check_benchmark,
    check_candidate,
    check_dataset,
    fault_of,
    find_target,
    name_faults,
    read_regions,
    region_notes,
)
from ..checking.targets import CARD_TYPES
from ..core.cards import BenchmarkCard, CandidateCard, DatasetCard, read_card
from ..core.errors import InvalidInputError, UnknownNameError
from ..core.settings import Settings
from ..core.stimuli import StimulusSet
from ..data_registry import Dataset, load_dataset
from ..scoring.sandbox import Sandbox
from ..scoring.threads import limit_threads

__all__ = ["report_on"]


def report_on(
    name: str,
    settings: Settings,
    *,
    benchmarks: Sequence[str] | None = None,
    seed: int = 0,
    sandbox: bool = False,
) -> tuple[Target, CandidateReport]:
    """Faults, notes and estimated costs of a candidate, a data set or a benchmark.

    Parameters
    ----------
    name : str
        A registered name, or a folder or file with a card.
    settings : Settings
        Data folders, device and threads.
    benchmarks : sequence of str, optional
        Benchmarks for which the time and memory of a candidate are estimated. Default: two simulated ones.
    seed : int, default=0
        Seed of candidates that draw.
    sandbox : bool, default=False
        Whether a candidate runs in the sandbox.

    Returns
    -------
    target : Target
        What has been checked.
    report : CandidateReport
        What has been found.

    Raises
    ------
    UnknownNameError
        If there is nothing of that name.
    """
    target = find_target(name, settings)
    card_type = CARD_TYPES[target.kind]
    faults = card_faults(target.path, card_type)
    if not faults:
        faults = name_faults(target, read_card(target.path, card_type).identifier, settings)
    if faults:
        return target, CandidateReport(tuple(faults))
    if target.kind == "candidate":
        return target, _candidate_report(name, target, settings, benchmarks or PROBES, seed, sandbox)
    return target, _data_report(target, settings)


def _candidate_report(
    name: str, target: Target, settings: Settings, benchmarks: Sequence[str], seed: int, sandbox: bool
) -> CandidateReport:
    limit_threads(settings)
    card = read_card(target.path, CandidateCard)
    sets = _stimuli([*benchmarks, *PROBES], settings)
    box = Sandbox(settings) if sandbox else None
    report = check_candidate(name, target.path, card, sets, settings, seed=seed, sandbox=box)
    estimates = tuple(entry for entry in report.estimates if entry.benchmark in benchmarks)
    return dataclasses.replace(report, estimates=estimates)


def _stimuli(names: Sequence[str], settings: Settings) -> dict[str, StimulusSet]:
    return {name: load_benchmark(name, settings).stimuli for name in dict.fromkeys(names)}


def _data_report(target: Target, settings: Settings) -> CandidateReport:
    """Faults and notes of a data set or a benchmark; what cannot be put together at all is a fault, too."""
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
    dataset = load_dataset(read_card(target.path, DatasetCard).identifier, settings)
    return dataset, dataset.card.regions, check_dataset(dataset, target.path)


def _check_benchmark(target: Target, settings: Settings) -> tuple[Dataset, Sequence[str], list[Fault]]:
    benchmark = load_benchmark(read_card(target.path, BenchmarkCard).identifier, settings)
    return benchmark.dataset, [benchmark.card.region], check_benchmark(benchmark, target.path)
