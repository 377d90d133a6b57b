"""Checks of a benchmark: no leak between choosing a layer and scoring it, and a ceiling to be scored under."""

from __future__ import annotations

import math
from pathlib import Path

from ..benchmarks import Benchmark
from ..core.errors import InnerscoreError, MissingPartError
from .faults import Fault, fault_of

__all__ = ["check_benchmark", "split_faults"]

_LOWEST_CEILING = 0.1


def check_benchmark(benchmark: Benchmark, path: Path) -> list[Fault]:
    """Check a benchmark whose card is valid.

    Parameters
    ----------
    benchmark : Benchmark
        Put together from its card.
    path : pathlib.Path
        The card's file.

    Raises
    ------
    MissingPartError
        If its data are not here.
    """
    try:
        kept, scored = benchmark.layer_selection_conditions, benchmark.scored_conditions
        return [*split_faults(kept, scored, path), *_ceiling_faults(float(benchmark.ceiling), path)]
    except MissingPartError:
        raise
    except InnerscoreError as error:
        return [fault_of(error, path)]


def split_faults(kept: tuple[str, ...], scored: tuple[str, ...], path: Path) -> list[Fault]:
    """Conditions that choose the layer and are scored, too."""
    both = sorted(set(kept) & set(scored))
    if both:
        reason = f"{len(both)} conditions are both held out for layer selection and scored, such as {both[0]}"
        return [Fault(str(path), reason, "Let no condition both choose the layer and be scored.")]
    if not scored:
        return [
            Fault(str(path), "no condition is left to be scored", "Raise 'layer_selection.holdout_every'.")
        ]
    return []


def _ceiling_faults(ceiling: float, path: Path) -> list[Fault]:
    if math.isfinite(ceiling) and ceiling >= _LOWEST_CEILING:
        return []
    reason = f"a ceiling of {ceiling:.3g}: models cannot be ranked under it"
    return [
        Fault(str(path), reason, "Choose another epoch, region or metric, or data with more repetitions.")
    ]
