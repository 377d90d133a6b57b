"""Benchmarks of endpoints on simulated players, whose errors are known."""

import numpy as np
import pandas as pd
import pytest

from innerscore.benchmarks import load_benchmark
from innerscore.candidates import load_candidate
from innerscore.core.activations import check_activations
from innerscore.core.errors import ActivationError, InvalidArgumentError, InvalidDataError
from innerscore.data_registry.simulated_dmfc.players import mean_endpoints
from innerscore.scoring.table import score_table

NAMES = ["SimulatedDMFC.endpoint-consistency-A", "SimulatedDMFC.endpoint-consistency-B"]


@pytest.fixture(params=NAMES)
def benchmark(request, settings):
    return load_benchmark(request.param, settings)


def playing(benchmark, endpoints, layer="endpoint"):
    """A candidate that ends where it is told to, whatever it did before."""
    found = {}
    for stimulus, endpoint in zip(benchmark.stimuli, endpoints, strict=True):
        states = np.zeros((stimulus.n_steps, 1))
        states[-1] = endpoint
        found[stimulus.identifier] = check_activations(
            {layer: states}, stimulus, candidate="c", layers=(layer,)
        )
    return found


def test_the_players_own_mean_is_the_true_model(benchmark):
    parts = benchmark.score(playing(benchmark, mean_endpoints(benchmark.dataset.conditions)))
    assert parts.normalised.low < 1 < parts.normalised.high
    assert parts.normalised.value == pytest.approx(1, abs=0.03)
    assert parts.layer == "endpoint"


def test_errors_of_the_wrong_conditions_are_no_likeness(benchmark):
    conditions = benchmark.dataset.conditions
    final = np.array([condition.final_y for condition in conditions])
    errors = mean_endpoints(conditions) - final
    elsewhere = final + np.random.default_rng(0).permutation(errors)
    parts = benchmark.score(playing(benchmark, elsewhere))
    assert parts.normalised.low < 0 < parts.normalised.high


def test_a_read_out_of_the_endpoint_itself_is_the_endpoint(benchmark):
    """Of a candidate without an endpoint layer it is learnt on other conditions, whatever the unit's scale."""
    final = np.array([condition.final_y for condition in benchmark.dataset.conditions])
    parts = benchmark.score(playing(benchmark, 7 * final + 3, layer="state"))
    assert parts.facts["model_endpoint_error_deg"] < 0.05


def test_the_layer_nearest_to_the_ball_is_taken_and_all_are_reported(benchmark):
    final = np.array([condition.final_y for condition in benchmark.dataset.conditions])
    near, far = (
        playing(benchmark, values, "x") for values in (final, np.random.default_rng(0).permutation(final))
    )
    both = {name: {"far": far[name]["x"], "near": near[name]["x"]} for name in near}
    parts = benchmark.score(both)
    assert parts.layer == "near"
    assert parts.layer_scores["near"] > parts.layer_scores["far"]


def test_a_model_that_stops_at_the_occluder_shares_the_disbelief_in_bounces(benchmark, settings):
    """The players half believe in a straight path: so does a linear read-out of the last seen state."""
    frozen, simulating = (
        benchmark(load_candidate(name, settings)) for name in ("ball-visible", "ball-simulated")
    )
    assert frozen.raw.low > 0
    assert frozen.raw.value > simulating.raw.value
    assert simulating.facts["model_endpoint_error_deg"] < 0.2 < frozen.facts["model_endpoint_error_deg"]


def test_an_endpoint_has_one_unit(benchmark):
    wide = {
        stimulus.identifier: check_activations(
            {"endpoint": np.zeros((stimulus.n_steps, 2))}, stimulus, candidate="c", layers=("endpoint",)
        )
        for stimulus in benchmark.stimuli
    }
    with pytest.raises(ActivationError, match="2 units"):
        benchmark.score(wide)


def table_of(path, names, endpoints):
    pd.DataFrame({"stimulus": names, "endpoint_deg": endpoints}).to_csv(path, index=False)
    return path


def test_a_table_of_endpoints_is_scored_as_a_candidate_that_plays(benchmark, settings, tmp_path):
    endpoints = mean_endpoints(benchmark.dataset.conditions)
    names = [condition.identifier for condition in benchmark.dataset.conditions]
    order = np.random.default_rng(0).permutation(len(names))
    path = table_of(tmp_path / "Ada plays.csv", np.array(names)[order], endpoints[order])
    record = score_table(path, benchmark, settings).record
    assert record.inputs.candidate.identifier == "ada-plays"
    played = benchmark.score(playing(benchmark, endpoints))
    assert record.score.normalised.value == pytest.approx(played.normalised.value, abs=1e-6)
    assert record.score.layer == "endpoint"


@pytest.mark.parametrize(
    ("rows", "endpoint", "message"),
    [
        (slice(1, None), 0.0, "no row for"),
        (slice(None), 10.5, "within 10 of the centre"),
        (slice(None), None, "height in deg"),
    ],
)
def test_a_table_of_endpoints_that_is_not_whole_or_leaves_the_arena_is_refused(
    settings, tmp_path, rows, endpoint, message
):
    benchmark = load_benchmark(NAMES[0], settings)
    names = [condition.identifier for condition in benchmark.dataset.conditions][rows]
    with pytest.raises(InvalidDataError, match=message):
        score_table(table_of(tmp_path / "t.csv", names, endpoint), benchmark, settings)


def test_a_benchmark_of_intervals_takes_no_tables(settings, tmp_path):
    benchmark = load_benchmark("SimulatedRSG.behaviour-bias-A", settings)
    with pytest.raises(InvalidArgumentError, match="takes tables"):
        score_table(table_of(tmp_path / "t.csv", ["a"], 0.0), benchmark, settings)
