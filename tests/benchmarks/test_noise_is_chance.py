"""A candidate of noise scores the stated chance value on every benchmark that runs here without downloads.

Noise is new in every sample and independent of everything, so what is scored is drawn at the samples themselves.
The raw value averaged over seeds lies within two standard errors (the quantile of Student's t where seeds are few)
of the chance value, and ``BIAS`` more: r of each neuroid is 0 in expectation, but the median over neuroids, which
all share one model, is not quite. One-to-one on SimulatedMEC, 200 units, 200 seeds: mean over neuroids 0.0002
(0.0007), median -0.0071 (0.0008); ridge, 5 units, 100 seeds: mean 0.0000 (0.0014), median 0.0063 (0.0015). For
likenesses of populations chance is that of many units; a few units are like no distribution and must not exceed it.
"""

from functools import cache

import numpy as np
import pytest
from labelled_arrays import model_array
from scipy.stats import t as student

from innerscore.benchmarks import load_benchmark, registry
from innerscore.benchmarks.endpoints import EndpointBenchmark
from innerscore.benchmarks.intervals import IntervalBenchmark
from innerscore.core.labelled import coordinates_along
from innerscore.core.settings import Settings
from innerscore.metrics import load_metric
from innerscore.metrics import registry as metrics

pytestmark = pytest.mark.once

BIAS = 0.012
FEW, MANY = 5, 200
# By which layers are compared is not what is scored.
SCORED_OTHERWISE = {
    "border-fraction",
    "direction-fraction",
    "gridness",
    "quadrant-predictivity",
    "ridge-animals",
    "spatial-predictivity",
}
POPULATIONS = {"border-fraction", "direction-fraction", "gridness"}
# Chance is that of who answers the mean whatever it sees: noise that is read out scatters about it and is below.
OF_THE_MEAN = {"interval-bias", "interval-variability", "time-scaling"}
# Where a score of noise takes seconds: fewer seeds, and the interval of Student's t is wider.
SEEDS = {
    "SimulatedDMFC.occluded-ridge": 3,
    "SimulatedDMFC.occluded-ridge-animals": 2,
    "SimulatedDMFC.visible-ridge": 2,
    "SimulatedDMFC.whole-ridge": 2,
    "SimulatedDMFC.occluded-rsa-factors": 3,
    "SimulatedDMFC.occluded-rsa-partial": 3,
    "SimulatedDMFC.endpoint-decoding": 3,
    "SimulatedMEC.gridness": 3,
    "SimulatedMEC.half-box": 10,
    "SimulatedMEC.random-bins": 6,
    "SimulatedMEC.ridge": 10,
    "SimulatedMEC.ridge-animals": 10,
    "SimulatedRSG.interval-decoding": 4,
    "SimulatedRSG.measurement-ridge": 4,
    "SimulatedRSG.production-ridge": 3,
    "SimulatedRSG.production-scaled": 3,
    "SimulatedRSG.speed": 10,
    "SimulatedRSG.time-scaling": 4,
}
# Those on real rats' walks need a file, and ask the same of the same cells as their twins.
NAMES = [
    name
    for name in registry(Settings()).entries()
    if name.startswith("Simulated") and not name.startswith("SimulatedMECRatWalks")
]


@cache
def dataset(name):
    """One of each name for all benchmarks, since making one takes seconds."""
    return {}


def chance_of(card, settings):
    metric = metrics(settings).find(card.metric).card
    return metric.chance if card.chance is None else card.chance


def noise_at(samples, n_units, seed):
    levels = coordinates_along(samples, "presentation")
    rng = np.random.default_rng([seed, n_units])
    noise = rng.normal(size=(samples.sizes["presentation"], n_units))
    return model_array(noise, {level: samples[level].values for level in levels})


def raw_values(benchmark, n_units, n_seeds):
    """The raw value of noise for each seed."""
    if isinstance(benchmark, EndpointBenchmark | IntervalBenchmark):
        return [_read_out_value(benchmark, n_units, seed) for seed in range(n_seeds)]
    brains = benchmark._scored_brains
    brain = brains[0]
    samples = benchmark._stimulus_samples if "pair" in brain.dims else brain
    models = (noise_at(samples, n_units, seed) for seed in range(n_seeds))
    if benchmark.card.metric in SCORED_OTHERWISE:
        return [benchmark.metric(model, *brains).raw.value for model in models]
    return [benchmark.metric.value(model, brain) for model in models]


def _read_out_value(benchmark, n_units, seed):
    states = np.random.default_rng([seed, n_units]).normal(size=(len(benchmark.scored_conditions), n_units))
    model = benchmark._as_model(benchmark._read_out(states), "l")
    return benchmark.metric.value(model, benchmark._samples)


@pytest.fixture(scope="module", params=NAMES)
def benchmark(request, settings_of_module):
    loaded = load_benchmark(request.param, settings_of_module)
    known = dataset(loaded.card.dataset)
    parameters = dict(loaded.card.parameters)
    if loaded.card.metric in SCORED_OTHERWISE:
        # The raw value does not depend on the number of resamples, nor on how halves are split for its ceiling.
        parameters |= {"n_boot": 10} | ({"n_splits": 4} if loaded.card.metric == "ridge-animals" else {})
    loaded.metric = load_metric(loaded.card.metric, settings_of_module, **parameters)
    loaded.dataset = known.setdefault("dataset", loaded.dataset)
    return loaded


@pytest.mark.parametrize("n_units", [FEW, MANY])
def test_noise_scores_chance(benchmark, settings_of_module, n_units):
    n_seeds = SEEDS.get(benchmark.identifier, 20)
    values = np.array(raw_values(benchmark, n_units, n_seeds))
    chance = chance_of(benchmark.card, settings_of_module)
    assert chance is not None
    error = values.std(ddof=1) / np.sqrt(n_seeds)
    off = values.mean() - chance
    allowed = max(2.0, student.ppf(0.975, n_seeds - 1)) * error + BIAS
    if benchmark.card.metric in OF_THE_MEAN or (benchmark.card.metric in POPULATIONS and n_units == FEW):
        assert off <= allowed
    else:
        assert abs(off) <= allowed, (values.mean(), error)
