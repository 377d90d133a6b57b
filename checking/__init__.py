"""Pure checks of candidates, data sets and benchmarks, for faults that a score would show less clearly."""

from .adding import Added, add_dataset, remove_dataset
from .adding_remote import add_remote_dataset
from .benchmarks import check_benchmark, impossible_benchmarks
from .candidates import PROBES, CandidateReport, Estimate, check_candidate
from .datasets import check_dataset, read_regions, region_notes
from .faults import Fault, card_faults, fault_of
from .targets import Target, find_target, name_faults

__all__ = [
    "PROBES",
    "Added",
    "CandidateReport",
    "Estimate",
    "Fault",
    "Target",
    "add_dataset",
    "add_remote_dataset",
    "card_faults",
    "check_benchmark",
    "check_candidate",
    "check_dataset",
    "fault_of",
    "find_target",
    "impossible_benchmarks",
    "name_faults",
    "read_regions",
    "region_notes",
    "remove_dataset",
]
