"""The two sides of a benchmark's comparison, for those who look at more than its score.

In a module of its own: what determines scores is part of every run's identity by the modules that it lies in.
"""

from __future__ import annotations

from collections.abc import Mapping

import xarray as xr

from ..core.activations import Activations
from .benchmark import Benchmark

__all__ = ["compared"]


def compared(
    benchmark: Benchmark, activations: Mapping[str, Activations], layer: str, *, scored_only: bool = True
) -> tuple[xr.DataArray, xr.DataArray]:
    """A layer's states and the recording at the same samples, as the metric gets them.

    Parameters
    ----------
    benchmark : Benchmark
        One of recorded responses, not of answers.
    activations : mapping of str to Activations
        Checked activations of every layer, by stimulus identifier.
    layer : str
        The layer.
    scored_only : bool, default=True
        Whether conditions that choose the layer are left out, as they are of every score.

    Returns
    -------
    model : assembly of dims (presentation, neuroid)
    brain : assembly of dims (repetition, presentation, neuroid)
    """
    conditions = benchmark.scored_conditions if scored_only else benchmark._conditions
    brain = benchmark._scored_brains[0] if scored_only else benchmark._samples
    return benchmark._model(activations, layer, conditions), brain
