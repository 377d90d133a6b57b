"""Pictures made when a pair is scored: it is known what those of controls, a clock and an ideal code show."""

import numpy as np
import pytest

from innerscore.benchmarks import load_benchmark
from innerscore.candidates import load_candidate
from innerscore.core.activations import TimedValues
from innerscore.core.pictures import (
    BALL_FILE,
    MAPS_FILE,
    TRAJECTORIES_FILE,
    BallPicture,
    MapsPicture,
    TrajectoriesPicture,
    read_picture,
)
from innerscore.scoring.pictures import pictures_of


def shown(candidate, benchmark, settings):
    stimuli = benchmark.stimuli.stimuli
    loaded = load_candidate(candidate, settings, seed=0)
    named = zip(stimuli, loaded.activations(stimuli), strict=True)
    return {stimulus.identifier: layers for stimulus, layers in named}


def test_a_ball_that_goes_on_is_read_out_where_it_is_and_one_that_stops_where_it_stopped(settings):
    benchmark = load_benchmark("SimulatedDMFC.simulation-index", settings)
    found = {}
    for name in ("ball-simulated", "ball-visible"):
        files = pictures_of(benchmark, shown(name, benchmark, settings), "kinematics")
        assert list(files) == [BALL_FILE]
        assert len(files[BALL_FILE]) < 20_000
        found[name] = read_picture(files[BALL_FILE], BallPicture)
    simulated, visible = found["ball-simulated"], found["ball-visible"]
    assert simulated.model_error_deg < 0.5
    assert visible.model_error_deg > 1.5
    assert simulated.neural_error_deg == visible.neural_error_deg
    assert [trial.bounce for trial in simulated.trials] == ["none"] * 2 + ["visible"] * 2 + ["occluded"] * 2
    assert [trial.ball for trial in simulated.trials] == [trial.ball for trial in visible.trials]
    for trial in simulated.trials:
        assert all((x >= 5) == (step >= trial.hidden_from) for step, (x, _) in enumerate(trial.ball))


def test_a_clock_has_one_trajectory_for_all_intervals_and_neurons_have_not(settings):
    benchmark = load_benchmark("SimulatedRSG.production-ridge", settings)
    files = pictures_of(benchmark, shown("rsg-clock", benchmark, settings), "powers")
    picture = read_picture(files[TRAJECTORIES_FILE], TrajectoriesPicture)
    assert sorted(one.prior for one in picture.lines) == ["long"] * 5 + ["short"] * 5
    for prior in ("short", "long"):
        first, *others = (one for one in picture.lines if one.prior == prior)
        for other in others:
            n = min(len(first.model), len(other.model))
            model, neurons = (
                np.abs(np.subtract(getattr(first, side)[:n], getattr(other, side)[:n])).max()
                for side in ("model", "neurons")
            )
            assert model < 1e-3 * np.ptp(first.model)
            assert neurons > 0.01 * np.ptp(first.neurons)


def test_a_cell_among_the_units_is_found_with_its_own_map(settings):
    benchmark = load_benchmark("SimulatedMEC.ridge", settings)
    activations = shown("grid-code", benchmark, settings)
    files = pictures_of(benchmark, activations, "grid")
    picture = read_picture(files[MAPS_FILE], MapsPicture)
    scores = [pair.cell_score for pair in picture.pairs]
    assert scores == sorted(scores, reverse=True)
    assert min(pair.r for pair in picture.pairs) > 0.5
    flat = {
        name: {"grid": TimedValues(np.zeros_like(layers["grid"].values), layers["grid"].times_ms)}
        for name, layers in activations.items()
    }
    of_nothing = read_picture(pictures_of(benchmark, flat, "grid")[MAPS_FILE], MapsPicture)
    assert {pair.r for pair in of_nothing.pairs} == {0.0}
    assert {pair.unit_score for pair in of_nothing.pairs} == {None}


@pytest.mark.parametrize("name", ["SimulatedMEC.rsa", "SimulatedRSG.measurement-rsa"])
def test_a_benchmark_without_a_picture_has_none(settings, name):
    assert pictures_of(load_benchmark(name, settings), {}, "any") == {}
