"""The design of a model recovery study: its size, its benchmarks, and the settings of their metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...core.cards import BenchmarkCard
from ...core.errors import InvalidArgumentError

__all__ = [
    "HIGHEST",
    "LOWEST",
    "QUICK_BENCHMARKS",
    "RELIABILITIES",
    "Design",
    "MetricUse",
    "use_of_metric",
    "why_not",
]

RELIABILITIES = (0.3, 0.6, 0.9)
LOWEST, HIGHEST = 0.1, 0.98  # reliabilities; below the first, benchmarks leave neurons out

QUICK_BENCHMARKS = (
    "SimulatedDMFC.occluded-ridge",
    "SimulatedDMFC.occluded-rsa",
    "SimulatedMEC.ridge",
    "SimulatedMEC.rsa",
)


@dataclass(frozen=True)
class Design:
    """The size of a simulation.

    Parameters
    ----------
    seed : int
        Seed of readouts, spikes and shuffles; each draw has a child of its own.
    draws : int
        Simulated brains for each generating candidate and reliability.
    reliabilities : tuple of float
        Split-half reliability of the average over repetitions, corrected to full length, median over neurons.
    n_neurons : int
        Neurons of a simulated brain, half in each of two animals.
    max_samples : int
        Approximate most samples in time: every k-th of each condition is taken, so that at most about so many
        remain. Spatial bins are all taken: maps have no gaps.
    max_repetitions : int
        Most of the recording's repetitions that are simulated. Reliability is matched in any case.
    max_units : int
        Number of principal components that replace a wider layer, or of units drawn at random where single units
        count.
    limit_neurons, limit_reliability : int, float
        Number of neurons and reliability of the brain that represents unlimited data.
    as_recorded : bool
        Whether a brain has the recording's cells, animals, gaps and reliability, in place of `n_neurons` and
        `reliabilities`: a study of what these very data can tell.
    """

    seed: int = 0
    draws: int = 20
    reliabilities: tuple[float, ...] = RELIABILITIES
    n_neurons: int = 60
    max_samples: int = 250
    max_repetitions: int = 4
    max_units: int = 64
    limit_neurons: int = 600
    limit_reliability: float = 0.99
    as_recorded: bool = False

    def __post_init__(self) -> None:
        if self.draws < 1:
            raise InvalidArgumentError("The number of draws", got=self.draws, needed="1 or more")
        wrong = [one for one in self.reliabilities if not LOWEST <= one <= HIGHEST]
        if wrong or not self.reliabilities:
            raise InvalidArgumentError(
                "The reliability of simulated neurons",
                got=wrong or "none",
                needed=f"from {LOWEST}, below which benchmarks leave neurons out, to {HIGHEST}",
            )
        if self.n_neurons < 8:
            raise InvalidArgumentError("The number of neurons", got=self.n_neurons, needed="8 or more")


@dataclass(frozen=True)
class MetricUse:
    """The use of a metric in a study.

    Parameters
    ----------
    fast : mapping
        Parameters in place of the card's: fewer resamples and splits, never another formula.
    single_units : bool
        Whether it looks at single units, so that a layer's axes must stay as they are.
    units_per_neuron : int
        Number of units that a simulated neuron sums. One where cells are compared with units as populations: a
        sum of grid cells is no grid cell.
    """

    fast: Mapping[str, Any] = field(default_factory=dict)
    single_units: bool = False
    units_per_neuron: int = 5


# In units of the features' sum of squares, as the default grid is, which is three times as fine.
_PENALTIES = tuple(10.0**power for power in (-8, -6, -5, -4, -3, -2, 0))
_MAP = {"n_boot": 100, "n_splits": 2}
_RIDGE = {**_MAP, "alphas": _PENALTIES, "n_inner": 2}
_POPULATION = {"n_boot": 100, "max_units": 64}
_METRICS = {
    "ridge": MetricUse(_RIDGE),
    "ridge-animals": MetricUse({**_RIDGE, "n_source_splits": 1}),
    "pls": MetricUse(_MAP),
    "least-squares": MetricUse(_MAP),
    "one-to-one": MetricUse(_MAP, single_units=True),
    "spatial-predictivity": MetricUse(_MAP),
    "quadrant-predictivity": MetricUse(_MAP, single_units=True),
    "rsa": MetricUse({"n_boot": 200, "n_splits": 2}),
    "rsa-factors": MetricUse({"n_boot": 200, "n_splits": 1, "n_factors": 15}),
    "gridness": MetricUse(
        {**_POPULATION, "max_units": 40, "n_null": 19}, single_units=True, units_per_neuron=1
    ),
    "border-fraction": MetricUse(_POPULATION, single_units=True, units_per_neuron=1),
    "direction-fraction": MetricUse(_POPULATION, single_units=True, units_per_neuron=1),
}

_READ_OUT = (
    "scores what can be read out of a candidate; neurons only set the unit, so candidates stand in the same order "
    "whatever brain is simulated"
)
_NOT_OF_NEURONS = {
    "ball-decoding": _READ_OUT,
    "endpoint-decoding": _READ_OUT,
    "interval-decoding": _READ_OUT,
    "simulation-index": _READ_OUT,
    "rsa-dissimilarities": "compares published dissimilarities; there are no neurons to simulate",
    "position-error": "scores the walker's true position; there is no brain in it to simulate",
}
_NOT_ALIGNED = {
    "answer": "compares answers with people's; there are no neurons to simulate",
    "endpoint": "compares a candidate's endpoints with players'; there are no neurons to simulate",
    "interval": "compares a candidate's produced intervals with animals'; there are no neurons to simulate",
}


def use_of_metric(card: BenchmarkCard) -> MetricUse:
    """The use of a benchmark's metric; one that is not known here is used as its card says."""
    known = _METRICS.get(card.metric, MetricUse())
    if card.metric != "spatial-predictivity":
        return known
    further = {"alphas": _PENALTIES, "n_inner": 2} if card.parameters.get("mapping") == "ridge" else {}
    draws = {"n_draws": 3} if card.parameters.get("held_out") == "random-bins" else {}
    one = card.parameters.get("mapping") == "one-to-one"
    return MetricUse({**known.fast, **further, **draws}, single_units=one)


def why_not(card: BenchmarkCard) -> str | None:
    """Why no brain can be simulated for a benchmark, or None if one can."""
    return _NOT_OF_NEURONS.get(card.metric) or _NOT_ALIGNED.get(card.alignment)
