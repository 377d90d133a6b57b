"""Our benchmarks and metrics as brainscore-core's, so that its tooling can score with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from ...benchmarks import Benchmark as OurBenchmark
from ...benchmarks.alignment import brain_samples
from ...core.errors import InvalidDataError
from ...core.labelled import coordinate
from ...core.scores import Estimate
from ...core.scores import Score as OurScore
from ...metrics import Metric as OurMetric
from .installed import Benchmark, Metric, Score
from .labelled import from_assembly, states_in_order
from .models import BrainScoreSubject

__all__ = ["BrainScoreBenchmark", "BrainScoreMetric", "to_score"]


class BrainScoreBenchmark(Benchmark):  # type: ignore[misc]  # brainscore-core is not typed
    """One of our benchmarks as a brainscore-core ``Benchmark``.

    Parameters
    ----------
    benchmark : Benchmark
        A benchmark from :func:`innerscore.load_benchmark`.
    targets : sequence of str, default=("IT",)
        Recording targets of a ``BrainModel``; each is a layer, and the benchmark selects among them.
    """

    def __init__(self, benchmark: OurBenchmark, targets: Sequence[str] = ("IT",)) -> None:
        self._benchmark = benchmark
        self._targets = tuple(targets)

    @property
    def identifier(self) -> str:
        """Its registered name."""
        return self._benchmark.identifier

    @property
    def version(self) -> int:
        """The version of its card, raised whenever its scores change."""
        return self._benchmark.version

    @property
    def bibtex(self) -> str:
        """The works to cite, as BibTeX."""
        return self._benchmark.card.citation

    @property
    def parent(self) -> str:
        """The system it belongs to."""
        return self._benchmark.card.system

    @property
    def ceiling(self) -> Score:
        """The metric's ceiling on the scored conditions."""
        return Score(self._benchmark.ceiling)

    def __call__(self, candidate: Any) -> Score:
        """Score a ``BrainModel``, or whatever has ``activations(stimuli)`` as our loaded candidates do."""
        shown = (
            candidate if hasattr(candidate, "activations") else BrainScoreSubject(candidate, self._targets)
        )
        return to_score(self._benchmark(shown))


class BrainScoreMetric(Metric):  # type: ignore[misc]
    """One of our metrics as a brainscore-core ``Metric``.

    Parameters
    ----------
    metric : Metric
        A metric from :func:`innerscore.load_metric`; one that compares samples with neuroids.
    """

    def __init__(self, metric: OurMetric) -> None:
        self._metric = metric

    def __call__(self, model: xr.DataArray, brain: xr.DataArray) -> Score:
        """Compare a model's assembly with a recording's.

        Parameters
        ----------
        model : NeuroidAssembly of dims (presentation, neuroid)
            One presentation of each of the recording's stimuli, in any order.
        brain : NeuroidAssembly of dims (presentation, neuroid)
            Each stimulus in each ``repetition``; see :func:`.labelled.from_assembly` for coordinates it may lack.

        Raises
        ------
        InvalidDataError
            If a coordinate is missing, or the model lacks a stimulus.
        """
        samples = brain_samples(from_assembly(brain), epoch=None, needed=self._metric.samples_needed)
        return to_score(self._metric(_at_samples(model, samples), samples))


def to_score(score: OurScore) -> Score:
    """A score as brainscore-core's: the normalised value, with ``raw``, ``ceiling`` and ``error``.

    Returns
    -------
    score : brainscore_core.metrics.Score
        A scalar; ``error`` is half the interval's width, ``innerscore`` our own value.
    """
    return Score(
        score.normalised.value,
        attrs={
            Score.RAW_VALUES_KEY: _plain(score.raw),
            "ceiling": _plain(score.ceiling),
            "error": _half_width(score.normalised),
            "innerscore": score,
        },
    )


def _plain(estimate: Estimate) -> Score:
    return Score(estimate.value, attrs={"error": _half_width(estimate)})


def _half_width(estimate: Estimate) -> float:
    return (estimate.high - estimate.low) / 2


def _at_samples(model: xr.DataArray, samples: xr.DataArray) -> xr.DataArray:
    """The model's states in the order of the samples, as our metrics want them."""
    names, wanted = coordinate(model, "stimulus_id"), coordinate(samples, "stimulus_id")
    missing = sorted(set(map(str, wanted)) - set(map(str, names)))
    if missing or len(set(names)) != len(names) or set(model.dims) != {"presentation", "neuroid"}:
        raise InvalidDataError(
            "The model's assembly",
            got=f"{dict(model.sizes)}, {len(set(names))} stimuli, without {missing[:3]}",
            needed="of (presentation, neuroid), with each stimulus of the recording once",
        )
    values = states_in_order(model, wanted).astype(np.float64)
    coords = {name: ("presentation", coordinate(samples, name)) for name in ("stimulus_id", "condition")}
    return xr.DataArray(
        values,
        dims=["presentation", "neuroid"],
        coords={**coords, "neuroid_id": ("neuroid", np.arange(values.shape[1]))},
    )
