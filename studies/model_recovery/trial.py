"""One trial of the ranking: all candidates scored on one simulated brain, by the rules of benchmark and board."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import xarray as xr

from ...benchmarks import Benchmark
from ...benchmarks.alignment import subset
from ...core.cards import BenchmarkCard
from ...core.errors import InnerscoreError
from ...core.resamples import Resamples
from ...core.scores import Score
from ...data_registry import Dataset
from ...leaderboard.ranking import compare
from ...metrics import Metric

__all__ = ["Placed", "Ranking", "SimulatedBrainBenchmark", "ranking"]

States = Mapping[str, xr.DataArray]


class SimulatedBrainBenchmark(Benchmark):
    """A benchmark with another brain in the place of its recording, for states that are aligned already.

    Parameters
    ----------
    card, dataset, metric
        As for `Benchmark`.
    brain : assembly (repetition, presentation, neuroid)
        In the form of the benchmark's own samples.
    """

    def __init__(self, card: BenchmarkCard, dataset: Dataset, metric: Metric, brain: xr.DataArray) -> None:
        super().__init__(card, dataset, metric)
        self._brain = brain

    def of_states(self, states: States) -> Score:
        """Select a layer on the held-out conditions and score it on the others, as `Benchmark.score` does.

        Parameters
        ----------
        states : mapping of str to assembly (presentation, neuroid)
            States by layer, at the samples of the brain.
        """
        layer, layer_scores = self._select_layer(states, tuple(states))  # type: ignore[arg-type]
        model = self._model(states, layer, self.scored_conditions)
        return self.metric(model, *self._scored_brains).with_layer(layer, layer_scores)

    @cached_property
    def _samples(self) -> xr.DataArray:
        return self._brain

    def _model(self, activations: Mapping[str, Any], layer: str, conditions: tuple[str, ...]) -> xr.DataArray:
        return subset(activations[layer], conditions)


@dataclass(frozen=True)
class Placed:
    """A candidate's score in a trial.

    Parameters
    ----------
    value, low, high : float
        Ceiling-normalised score and its 95 % interval; NaN where there is none.
    layer : str
        Committed to.
    """

    value: float
    low: float
    high: float
    layer: str


@dataclass(frozen=True)
class Ranking:
    """The outcome of a trial.

    Parameters
    ----------
    placed : dict of str to Placed
        Results by candidate.
    first : str or None
        The candidate of the highest value; None if no candidate has one. Of several with that value it is one
        that the brain did not come from.
    front : tuple of str
        Members of the best tie group.
    pairs : dict of str to (float, float, bool)
        Comparisons of the generating candidate with every other: difference of values (positive where the
        generating one is ahead), its standard error, and whether the board finds the two significantly different.
        A pair without an error is left out.
    """

    placed: dict[str, Placed]
    first: str | None
    front: tuple[str, ...]
    pairs: dict[str, tuple[float, float, bool]]


def ranking(benchmark: SimulatedBrainBenchmark, candidates: Mapping[str, States], generating: str) -> Ranking:
    """Score all candidates and order them as the board does.

    Parameters
    ----------
    benchmark : SimulatedBrainBenchmark
    candidates : mapping of str to states
        States of each candidate, by name.
    generating : str
        The candidate that the brain came from.
    """
    placed: dict[str, Placed] = {}
    resamples: dict[str, Resamples | None] = {}
    for name, states in candidates.items():
        placed[name], resamples[name] = _placed(benchmark, states)
    names = [name for name, one in placed.items() if not math.isnan(one.value)]
    values = [placed[name].value for name in names]
    comparison = compare(values, [resamples[name] for name in names], "normalised")
    groups = {
        name: set(standing.tie_groups)
        for name, standing in zip(names, comparison.rank_intervals(), strict=True)
    }
    return Ranking(
        placed=placed,
        first=_first(names, values, generating),
        front=tuple(name for name in names if 0 in groups[name]),
        pairs=_pairs(generating, names, comparison.errors, placed, groups),
    )


def _first(names: list[str], values: list[float], generating: str) -> str | None:
    highest = [name for name, value in zip(names, values, strict=True) if value == max(values)]
    return next((name for name in highest if name != generating), generating if highest else None)


def _placed(benchmark: SimulatedBrainBenchmark, states: States) -> tuple[Placed, Resamples | None]:
    """A candidate that a metric refuses has no value, as on the board."""
    try:
        parts = benchmark.of_states(states)
    except InnerscoreError:
        return Placed(math.nan, math.nan, math.nan, ""), None
    score = parts.normalised
    return Placed(float(score.value), float(score.low), float(score.high), parts.layer), parts.resamples


def _pairs(
    generating: str,
    names: list[str],
    errors: Any,
    placed: Mapping[str, Placed],
    groups: Mapping[str, set[int]],
) -> dict[str, tuple[float, float, bool]]:
    if generating not in names:
        return {}
    own = names.index(generating)
    return {
        other: (
            placed[generating].value - placed[other].value,
            float(errors[own, place]),
            not groups[generating] & groups[other],
        )
        for place, other in enumerate(names)
        if other != generating and math.isfinite(errors[own, place])
    }
