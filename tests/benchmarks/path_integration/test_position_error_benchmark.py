"""Path integration through the benchmark's machinery: known answers, and candidates whose place is known."""

import numpy as np
import pytest

from innerscore.benchmarks import load_benchmark
from innerscore.candidates import load_candidate
from innerscore.core.activations import check_activations
from innerscore.core.errors import InvalidArgumentError, InvalidDataError
from innerscore.metrics.path_integration import PositionError

NAME = "SimulatedPaths.position-error"


@pytest.fixture(scope="module")
def benchmark(settings_of_module):
    return load_benchmark(NAME, settings_of_module)


def scored(benchmark, states_of):
    """Score states that are made from each walk's positions."""
    activations = {}
    for number, walk in enumerate(benchmark.stimuli):
        states = states_of(walk, np.random.default_rng(number))
        activations[walk.identifier] = check_activations({"s": states}, walk, candidate="c", layers=("s",))
    return benchmark.score(activations)


def test_the_position_itself_has_no_error_and_velocity_is_at_chance(benchmark, settings_of_module):
    values = {name: benchmark(load_candidate(name, settings_of_module)) for name in ("position", "velocity")}
    assert values["position"].normalised.value == pytest.approx(1, abs=1e-6)
    assert values["velocity"].normalised.value < 0.05
    assert values["velocity"].facts["chance_m_larger"] > 1.3 * values["velocity"].facts["chance_m_same"]


def test_a_constant_offset_of_noise_gives_the_error_that_it_must(benchmark):
    """Noise of SD s on each axis and step: Rayleigh of mean s sqrt(pi / 2), less by sqrt(5) in bins of 5."""
    noise = 0.05
    parts = scored(
        benchmark, lambda walk, rng: walk.positions + noise * rng.normal(size=walk.positions.shape)
    )
    expected = noise / np.sqrt(5) * np.sqrt(np.pi / 2)
    for name in ("same", "longer", "larger"):
        assert parts.facts[f"error_m_{name}"] == pytest.approx(expected, rel=0.05)
        skill = 1 - parts.facts[f"error_m_{name}"] / parts.facts[f"chance_m_{name}"]
        assert parts.facts[f"skill_{name}"] == pytest.approx(skill)
    mean = np.mean([parts.facts[f"skill_{name}"] for name in ("same", "longer", "larger")])
    assert parts.raw.value == pytest.approx(mean)
    assert parts.raw.low < parts.raw.value < parts.raw.high
    assert parts.raw.unit == "walks"
    assert (parts.ceiling.value, parts.normalised.value) == (1.0, parts.raw.value)
    assert parts.facts["n_walks"] == 90
    assert parts.resamples.values.shape == (1000, 3)


def test_an_integrator_that_drifts_is_further_off_the_longer_it_goes(benchmark):
    drifts = {}

    def drifting(walk, rng):
        drifts[walk.identifier] = 0.01 * np.cumsum(rng.normal(size=walk.positions.shape), axis=0)
        return walk.positions + drifts[walk.identifier]

    parts = scored(benchmark, drifting)
    table = parts.targets.set_index("walk_set")
    longer = table.loc["longer", "error_m"].to_numpy()
    assert len(longer) == 10
    assert table.loc["longer", "until_s"].iloc[-1] == 100
    assert longer[-1] > 2 * longer[0]
    assert parts.facts["error_m_longer"] > 1.5 * parts.facts["error_m_same"]
    tested = [name for name in benchmark.scored_conditions if name.startswith("longer")]
    drift = np.mean([np.linalg.norm(drifts[name][-100:], axis=1).mean() for name in tested])
    assert longer[-1] == pytest.approx(drift, rel=0.15)  # the readout shrinks it a little


def test_a_code_that_saturates_fails_in_the_larger_box_only(benchmark):
    parts = scored(benchmark, lambda walk, rng: np.minimum(walk.positions, 1.0))
    assert parts.facts["skill_same"] > 0.999
    assert parts.facts["skill_larger"] < 0.9


def test_without_sets_or_with_one_alone_it_is_refused(benchmark):
    brain = benchmark._scored_brains[0]
    model = brain.isel(repetition=0)
    for kept in ("train", "same"):
        rows = np.flatnonzero(brain["walk_set"].values == kept)
        with pytest.raises(InvalidDataError, match="walk_set"):
            PositionError().value(model.isel(presentation=rows), brain.isel(presentation=rows))
    with pytest.raises(InvalidArgumentError, match="n_stretches"):
        PositionError(n_stretches=0)
