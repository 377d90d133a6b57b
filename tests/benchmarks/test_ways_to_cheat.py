"""Ways to raise a score without being like a brain, each tried: docs/ways-to-cheat.md says what stops them."""

import textwrap

import numpy as np
import pytest
from labelled_arrays import model_array

from innerscore.benchmarks import load_benchmark
from innerscore.candidates import load_candidate
from innerscore.checking import check_candidate
from innerscore.core.cards import CandidateCard, read_card
from innerscore.core.errors import ActivationError
from innerscore.core.labelled import coordinate, coordinates_along

pytestmark = pytest.mark.once

CARD = """\
identifier: cheat-{name}
title: A cheat
description: It tries to raise its score.
version: 1
licence: MIT
citation: none
entry: candidate.py:Model
accepts: [self_motion]
layers: [a]
authors: [nobody]
model_class: baseline
"""
HONEST = "where = stimulus.positions; h = np.cos(where @ np.random.default_rng(0).normal(size=(2, 30)) * 9)"
NOISE = (
    "seed = int(stimulus.content_hash[:8], 16); "
    "h = np.random.default_rng(seed).normal(size=(stimulus.n_steps, {n_units}))"
)
BODIES = {
    "honest": HONEST,
    "large": f"{HONEST}; h = h * 1e8",
    "small": f"{HONEST}; h = h * 1e-8",
    "with-constants": f"{HONEST}; h = np.hstack([h, np.full((len(h), 5), 7.0)])",
    "looked-up-noise": NOISE.format(n_units=20),
    "many-random-units": NOISE.format(n_units=1000),
    "nan": f"{HONEST}; h[::7] = np.nan",
    "underflow": f"{HONEST}; h = np.float32(h * 1e-60)",
    "leak": f"{HONEST}; self.shown = getattr(self, 'shown', 0) + 1; h = h * self.shown",
}


@pytest.fixture(scope="module")
def cheat(tmp_path_factory):
    def made(name):
        folder = tmp_path_factory.mktemp(name)
        (folder / "candidate.yaml").write_text(CARD.format(name=name))
        body = textwrap.dedent(f"""\
            import numpy as np


            class Model:
                def activations(self, stimulus):
                    {BODIES[name]}
                    return {{"a": h}}
            """)
        (folder / "candidate.py").write_text(body)
        return folder

    return made


@pytest.fixture(scope="module")
def spatial(settings_of_module):
    return load_benchmark("SimulatedMEC.rsa", settings_of_module)


@pytest.fixture(scope="module")
def raw(spatial, settings_of_module, cheat):
    known = {}

    def of(name):
        if name not in known:
            known[name] = spatial(load_candidate(str(cheat(name)), settings_of_module)).raw.value
        return known[name]

    return of


@pytest.mark.parametrize("name", ["large", "small"])
def test_a_unit_of_ones_own_buys_nothing(raw, name):
    assert raw(name) == pytest.approx(raw("honest"), abs=1e-5)


def test_constant_units_take_nothing_away(raw):
    assert raw("with-constants") == pytest.approx(raw("honest"), abs=1e-5)


@pytest.mark.parametrize("name", ["looked-up-noise", "many-random-units"])
def test_random_tables_and_many_units_are_noise(raw, name):
    assert abs(raw(name)) < 0.1 < raw("honest")


@pytest.mark.parametrize(("name", "message"), [("nan", "NaN"), ("underflow", "constant")])
def test_what_is_no_number_or_never_varies_is_refused(spatial, settings_of_module, cheat, name, message):
    with pytest.raises(ActivationError, match=message):
        spatial(load_candidate(str(cheat(name)), settings_of_module))


def test_a_state_that_leaks_is_named_by_a_check(spatial, settings_of_module, cheat):
    folder = cheat("leak")
    path = folder / "candidate.yaml"
    sets = {spatial.identifier: spatial.stimuli}
    report = check_candidate(
        str(folder), path, read_card(path, CandidateCard), sets, settings_of_module, seed=0
    )
    assert any("depends on what was shown before" in str(fault) for fault in report.faults)


@pytest.fixture(scope="module")
def frontal(settings_of_module):
    """RSA and ridge on one recording."""
    first = load_benchmark("SimulatedDMFC.occluded-rsa", settings_of_module)
    second = load_benchmark("SimulatedDMFC.occluded-ridge", settings_of_module)
    second.dataset = first.dataset
    return first, second


def _states(brain, values):
    levels = coordinates_along(brain, "presentation")
    return model_array(values, {level: brain[level].values for level in levels})


def test_memorised_conditions_predict_nothing_but_do_raise_rsa(frontal):
    rsa, ridge = frontal
    brain = rsa._scored_brains[0]
    codes = np.unique(coordinate(brain, "condition"), return_inverse=True)[1]
    tables = np.random.default_rng(0).normal(size=(3, codes.max() + 1, 20))
    models = [_states(brain, table[codes]) for table in tables]
    assert abs(np.mean([ridge.metric.value(model, brain) for model in models])) < 0.05
    one_hot = _states(brain, np.eye(codes.max() + 1)[codes])
    # Not stopped: the page says so. A change of this number is news for it.
    assert 0.15 < rsa.metric.value(one_hot, brain) < 0.3


def test_a_memorised_recording_is_not_stopped(frontal):
    for benchmark in frontal:
        brain = benchmark._scored_brains[0]
        memorised = _states(brain, brain.values.mean(axis=0))
        assert benchmark.metric.value(memorised, brain) > 0.9
