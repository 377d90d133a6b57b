"""Folders to start from: a candidate, a data set, a benchmark or a board that works as it is, as text by path."""

from .facts import benchmark_facts, board_facts, candidate_facts, dataset_facts, declared_facts
from .folders import DECLARED, Kind, scaffold_files
from .names import check_name

__all__ = [
    "DECLARED",
    "Kind",
    "benchmark_facts",
    "board_facts",
    "candidate_facts",
    "check_name",
    "dataset_facts",
    "declared_facts",
    "scaffold_files",
]
