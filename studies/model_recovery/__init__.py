"""The model recovery study: brains simulated from each candidate, and whether the ranking finds their source."""

from .design import QUICK_BENCHMARKS, RELIABILITIES, Design, why_not
from .fresh import fresh_calibration
from .run import Study, run_study
from .shipped import shipped_report

__all__ = [
    "QUICK_BENCHMARKS",
    "RELIABILITIES",
    "Design",
    "Study",
    "fresh_calibration",
    "run_study",
    "shipped_report",
    "why_not",
]
