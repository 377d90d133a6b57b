"""What is wrong with a candidate, a data set or a benchmark, before a score says so less clearly: pure checks."""

from .benchmarks import check_benchmark
from .candidates import CandidateReport, Estimate, check_candidate
from .datasets import check_dataset
from .faults import Fault, card_faults, fault_of
from .targets import Target, find_target, name_faults

__all__ = [
    "CandidateReport",
    "Estimate",
    "Fault",
    "Target",
    "card_faults",
    "check_benchmark",
    "check_candidate",
    "check_dataset",
    "fault_of",
    "find_target",
    "name_faults",
]
