"""The candidates' states at a benchmark's samples: computed and aligned once, for all simulated brains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr

from ...benchmarks.alignment import model_samples
from ...core.activations import Activations
from ...core.cards import BenchmarkCard
from ...core.labelled import coordinate
from ...core.seeds import generator
from ...core.stimuli import StimulusSet
from .brains import varies
from .design import Design, MetricUse

__all__ = ["CandidateStates", "candidate_states", "labelled_states", "thinned"]

Array = npt.NDArray[np.float64]

_MOST_READ = 400  # units of a layer that neurons are read out of


@dataclass(frozen=True, eq=False)
class CandidateStates:
    """A candidate at a benchmark's samples.

    Parameters
    ----------
    scored : dict of str to assembly (presentation, neuroid)
        Scored states, by layer.
    readable : array of shape (n_samples, n_units)
        Values that neurons are read out of: units of the generating layer, as far as `scored` holds them.
    layer : str
        The generating layer: the last on the card; the first where the benchmark does not choose among layers.
    """

    scored: dict[str, xr.DataArray]
    readable: Array
    layer: str


def thinned(samples: xr.DataArray, most: int) -> xr.DataArray:
    """Every k-th sample of each condition, so that about `most` remain; the first of each always does."""
    conditions = coordinate(samples, "condition")
    every = int(np.ceil(len(conditions) / most))
    return samples.isel(presentation=np.flatnonzero(rank_within(conditions) % every == 0))


def rank_within(conditions: npt.NDArray[np.str_]) -> npt.NDArray[np.int_]:
    """For each sample, the number of samples of its condition that come before it."""
    order = np.argsort(conditions, kind="stable")
    ranked = conditions[order]
    first = np.searchsorted(ranked, ranked, side="left")
    rank = np.empty(len(conditions), dtype=int)
    rank[order] = np.arange(len(conditions)) - first
    return rank


def candidate_states(
    activations: Mapping[str, Activations],
    stimuli: StimulusSet,
    samples: xr.DataArray,
    card: BenchmarkCard,
    use: MetricUse,
    design: Design,
) -> CandidateStates:
    """Align all layers of a candidate, and narrow the wide ones.

    Parameters
    ----------
    activations : mapping of str to Activations
        Activations by stimulus.
    stimuli : StimulusSet
    samples : assembly
        The benchmark's samples.
    card : BenchmarkCard
    use : MetricUse
    design : Design
    """
    layers = tuple(next(iter(activations.values())))
    layer = layers[-1] if card.layer_selection.is_made else layers[0]
    scored, readable = {}, np.empty((0, 0))
    for name in layers:
        aligned = model_samples(activations, name, stimuli, samples, card.alignment)
        values = np.asarray(aligned.values, dtype=np.float64)
        narrow, units = _narrowed(values, use, design, name)
        scored[name] = labelled_states(narrow, samples)
        readable = units if name == layer else readable
    return CandidateStates(scored, readable, layer)


def labelled_states(values: Array, samples: xr.DataArray) -> xr.DataArray:
    """States as an assembly over the samples, as benchmarks hand them to metrics."""
    return xr.DataArray(
        values,
        dims=["presentation", "neuroid"],
        coords={
            **{name: ("presentation", coordinate(samples, name)) for name in ("stimulus_id", "condition")},
            "neuroid_id": ("neuroid", np.arange(values.shape[1])),
            "layer": ("neuroid", np.repeat("states", values.shape[1])),
        },
    )


def _narrowed(values: Array, use: MetricUse, design: Design, layer: str) -> tuple[Array, Array]:
    """The values that represent a layer, and units in their span for neurons to read.

    Ridge, PLS, Euclidean distances and principal components are the same in any rotation of the units, so a wide
    layer is cut to its first components, and neurons read the units as those components give them back.
    """
    rng = generator(design.seed, "validity", "units", layer)
    if values.shape[1] <= design.max_units:
        return values, values
    if use.single_units:
        useful = np.flatnonzero(varies(values))
        chosen = np.sort(rng.permutation(useful)[: design.max_units])
        return values[:, chosen], values[:, chosen]
    mean = values.mean(axis=0)
    left, strength, right = np.linalg.svd(values - mean, full_matrices=False)
    kept = slice(0, min(design.max_units, int((strength > 1e-10 * strength[0]).sum())))
    scores = left[:, kept] * strength[kept]
    read = np.sort(rng.permutation(values.shape[1])[:_MOST_READ])
    return scores, np.asarray(scores @ right[kept][:, read] + mean[read])
