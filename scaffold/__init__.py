"""Folders to start from: a candidate, a data set or a benchmark that works as it is, as text by file name."""

from .facts import benchmark_facts, candidate_facts, dataset_facts, declared_facts
from .folders import DECLARED, Kind, scaffold_files
from .names import check_name

__all__ = [
    "DECLARED",
    "Kind",
    "benchmark_facts",
    "candidate_facts",
    "check_name",
    "dataset_facts",
    "declared_facts",
    "scaffold_files",
]
