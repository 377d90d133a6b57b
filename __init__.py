"""innerscore: score models of the brain's inner simulations against recordings and behaviour.

Examples
--------
>>> import innerscore
>>> "pixels" in innerscore.list_candidates()
True
"""

# ruff: noqa: F403, F405  (the names of a module that is read when one of them is first asked for)
from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .api import *

__all__ = [
    "board",
    "card",
    "cards",
    "check",
    "compare",
    "export_board",
    "export_stimuli",
    "list_benchmarks",
    "list_candidates",
    "list_datasets",
    "list_metrics",
    "load_benchmark",
    "load_candidate",
    "load_dataset",
    "load_metric",
    "places",
    "record",
    "run",
    "save_activations",
    "score",
    "scores",
    "sweep",
    "targets",
]


def __getattr__(name: str) -> Any:
    """Load the functions when first asked for, so that ``innerscore --help`` need not import science."""
    if name in __all__:
        from . import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
