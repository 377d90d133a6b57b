"""The benchmarks on Mental-Pong: independent implementations, known truth, and the controls in their order."""

from functools import cache

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from sklearn.decomposition import PCA, FactorAnalysis
from sklearn.linear_model import LinearRegression

from innerscore.benchmarks import load_benchmark, load_benchmarks
from innerscore.candidates import load_candidate
from innerscore.core.activations import check_activations
from innerscore.core.errors import InvalidDataError
from innerscore.core.labelled import coordinate
from innerscore.metrics.functional.decoding.decoding import random_splits

pytestmark = pytest.mark.once

HIDDEN = [
    "ball-decoding",
    "simulation-index",
    "occluded-rsa-factors",
    "occluded-ridge",
    "occluded-ridge-animals",
]
SEEN = ["visible-ridge", "endpoint-decoding"]


@pytest.fixture(scope="module")
def scores(settings_of_module):
    """A function that scores a candidate on a benchmark once."""
    names = [f"SimulatedDMFC.{name}" for name in [*HIDDEN, *SEEN]]
    benchmarks = {one.identifier: one for one in load_benchmarks(names, settings_of_module)}

    @cache
    def score(name, candidate):
        return benchmarks[f"SimulatedDMFC.{name}"](load_candidate(candidate, settings_of_module))

    return score


@pytest.mark.parametrize("name", HIDDEN)
def test_the_simulating_control_beats_the_frozen_one_where_the_ball_is_hidden(name, scores):
    simulated, frozen = scores(name, "ball-simulated").normalised, scores(name, "ball-visible").normalised
    assert simulated.value > frozen.value
    if name != "occluded-rsa-factors":  # whose intervals overlap; the difference is paired, see the next test
        assert simulated.low > frozen.high


@pytest.mark.parametrize("name", SEEN)
def test_it_does_not_where_the_ball_is_seen(name, scores):
    simulated, frozen = scores(name, "ball-simulated").normalised, scores(name, "ball-visible").normalised
    assert simulated.low < frozen.high
    assert abs(simulated.value - frozen.value) < 0.06


def test_the_simulation_index_reports_its_error_in_degrees(scores):
    facts = scores("simulation-index", "ball-simulated").facts
    assert facts["simulation_index_deg"] == pytest.approx(
        (facts["mae_ball_x_deg"] + facts["mae_ball_y_deg"]) / 2
    )
    assert (
        facts["simulation_index_deg"]
        < 0.1
        < scores("simulation-index", "ball-visible").facts["simulation_index_deg"]
    )


def given(benchmark, states_of):
    """Activations of one layer from a function of the stimulus."""
    return {
        stimulus.identifier: check_activations(
            {"layer": states_of(stimulus)}, stimulus, candidate="c", layers=("layer",)
        )
        for stimulus in benchmark.stimuli
    }


@pytest.fixture(scope="module")
def random_states(settings_of_module):
    """A candidate of 60 random smooth units, and the same at the samples, averaged over each 50 ms bin."""
    benchmark = load_benchmark("SimulatedDMFC.ball-decoding", settings_of_module)
    ball = load_candidate("ball-simulated", settings_of_module).activations(benchmark.stimuli.stimuli)
    mix = np.random.default_rng(0).normal(size=(4, 60))
    kinematics = {
        stimulus.identifier: layers["kinematics"].values / [5, 5, 10, 10]
        for stimulus, layers in zip(benchmark.stimuli, ball, strict=True)
    }
    states = {name: np.tanh(values @ mix) for name, values in kinematics.items()}
    return benchmark, given(benchmark, lambda stimulus: states[stimulus.identifier]), states


def at_samples(benchmark, states):
    brain = benchmark._scored_brains[0]
    names, start = coordinate(brain, "stimulus_id"), coordinate(brain, "time_bin_start_ms")
    rows = []
    for name, begin in zip(names, start, strict=True):
        times = np.arange(len(states[name])) * (1000 / 60)
        rows.append(states[name][(times >= begin - 1e-6) & (times < begin + 50 - 1e-6)].mean(axis=0))
    return brain, np.stack(rows)


def test_ball_decoding_equals_plain_scikit_learn(random_states):
    benchmark, activations, states = random_states
    ours = benchmark.score(activations)
    brain, features = at_samples(benchmark, states)
    variables = ["ball_x_deg", "ball_y_deg", "ball_dx", "ball_dy"]
    y = np.stack([coordinate(brain, name) for name in variables], axis=1)
    hidden = coordinate(brain, "occluded").astype(bool)
    splits = random_splits(coordinate(brain, "condition"))
    for states_, column in ((features, "raw"), (brain.values.mean(axis=0), "ceiling")):
        components = PCA(50, svd_solver="full").fit_transform(states_.astype(np.float64))
        r = []
        for split in splits:
            fitted = LinearRegression().fit(components[~split], y[~split])
            predicted = fitted.predict(components[split & hidden])
            truth = y[split & hidden]
            r.append([np.corrcoef(predicted[:, j], truth[:, j])[0, 1] for j in range(4)])
        np.testing.assert_allclose(ours.targets[column], np.mean(r, axis=0), atol=1e-6)


@pytest.mark.parametrize("nuisances", [False, True], ids=["as published", "partial"])
def test_similarity_in_factors_equals_plain_numpy(random_states, settings_of_module, nuisances):
    name = "occluded-rsa-partial" if nuisances else "occluded-rsa-factors"
    benchmark = load_benchmark(f"SimulatedDMFC.{name}", settings_of_module)
    _, activations, states = random_states
    ours = benchmark.score(activations).raw.value
    brain, features = at_samples(benchmark, states)
    hidden = coordinate(brain, "occluded").astype(bool)
    average = brain.values.astype(np.float64).mean(axis=0)
    factors = FactorAnalysis(50, random_state=0).fit_transform(average)
    distances = [pdist(factors[hidden]), pdist(features[hidden])]
    if nuisances:
        ball = np.stack([coordinate(brain, name)[hidden] for name in ("ball_x_deg", "ball_y_deg")], axis=1)
        time = coordinate(brain, "time_bin_start_ms")[hidden][:, None]
        explained = np.stack([np.ones(len(distances[0])), pdist(ball), pdist(time)], axis=1)
        distances = [d - explained @ np.linalg.lstsq(explained, d, rcond=None)[0] for d in distances]
    assert ours == pytest.approx(np.corrcoef(*distances)[0, 1], abs=1e-6)


def test_a_candidate_that_is_the_ball_alone_is_nothing_beyond_the_ball(settings_of_module, random_states):
    """Distances of bare ball positions are their own nuisance: nothing is left of them."""
    benchmark = load_benchmark("SimulatedDMFC.occluded-rsa-partial", settings_of_module)
    names = {c.identifier: c for c in benchmark.dataset.conditions}
    from innerscore.tasks.mental_pong import STILL_MS, ball_state

    def ball(stimulus):
        times = (np.arange(stimulus.n_steps) + 0.5) * 1000 / 60 - STILL_MS
        state = ball_state(names[stimulus.identifier], times)
        return np.stack([state.x, state.y], axis=1)

    partial = benchmark.score(given(benchmark, ball)).raw.value
    whole = load_benchmark("SimulatedDMFC.occluded-rsa-factors", settings_of_module)
    assert abs(partial) < 0.15 < whole.score(given(whole, ball)).raw.value


def test_time_shuffled_states_score_nothing(random_states, settings_of_module):
    """Frames of all trials in random order: no metric under the occluder may find anything."""
    _, _, states = random_states
    pool = np.concatenate(list(states.values()))
    order = np.random.default_rng(1).permutation(len(pool))
    lengths = [len(values) for values in states.values()]
    shuffled = dict(zip(states, np.split(pool[order], np.cumsum(lengths)[:-1]), strict=True))
    for name in ("ball-decoding", "occluded-rsa-factors", "occluded-ridge"):
        benchmark = load_benchmark(f"SimulatedDMFC.{name}", settings_of_module)
        score = benchmark.score(given(benchmark, lambda s: shuffled[s.identifier]))
        assert abs(score.raw.value) < 0.05, name


def test_an_animal_that_was_not_recorded_is_named(settings_of_module):
    benchmark = load_benchmark("SimulatedDMFC.occluded-ridge", settings_of_module)
    benchmark.card = benchmark.card.model_copy(update={"animal": "simulated-B"})
    assert set(coordinate(benchmark._scored_brains[0], "animal")) == {"simulated-B"}
    other = load_benchmark("SimulatedDMFC.occluded-ridge", settings_of_module)
    other.card = other.card.model_copy(update={"animal": "nobody"})
    with pytest.raises(InvalidDataError, match="nobody"):
        other.ceiling  # noqa: B018
