"""The shared contract of all benchmarks, and the validity of the first ones on known truth."""

import numpy as np
import pytest
import yaml
from rsatoolbox.data import Dataset as RsaDataset
from rsatoolbox.rdm import calc_rdm, compare
from rsatoolbox.rdm.rdms import RDMs

from innerscore.benchmarks import load_benchmark, load_benchmarks, registry
from innerscore.benchmarks.alignment import brain_samples, model_samples
from innerscore.candidates import load_candidate
from innerscore.core.activations import TimedValues, check_activations
from innerscore.core.errors import ActivationError, InvalidCardError, InvalidDataError, UnknownNameError
from innerscore.core.labelled import coordinate
from innerscore.core.scores import Score
from innerscore.core.settings import Settings
from innerscore.metrics import load_metric

CONTROL = {
    "Cowley2023": "pixels",
    "Kriegeskorte2008": "pixels",
    "SimulatedDMFC": "ball-simulated",
    "SimulatedMEC": "position",
    "SimulatedPaths": "velocity",
    "SimulatedRSG": "rsg-scaled-clock",
}
# Those of data sets too large to be here are tested on files of their structure, in files of their own.
# So are those that compare behaviour, which choose a layer in their own way.
NAMES = [
    name
    for name, registered in registry(Settings()).entries().items()
    if name.split(".")[0] in CONTROL and registered.card.alignment not in ("answer", "endpoint", "interval")
]


@pytest.fixture(scope="module")
def scored(mirrored_of_module):
    """Each benchmark's score of one candidate, computed once."""
    found = {}
    for benchmark in load_benchmarks(NAMES, mirrored_of_module):
        control = CONTROL[benchmark.identifier.split(".")[0]]
        found[benchmark.identifier] = benchmark, benchmark(load_candidate(control, mirrored_of_module))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_benchmark_gives_a_score_below_a_ceiling_of_its_own(name, scored):
    benchmark, score = scored[name]
    assert (benchmark.identifier, benchmark.version) == (name, benchmark.card.version)
    assert isinstance(score, Score)
    assert 0 < benchmark.ceiling <= 1


@pytest.mark.parametrize("name", NAMES)
def test_every_score_has_its_parts_and_intervals_about_them(name, scored):
    parts = scored[name][1]
    for estimate in (parts.raw, parts.ceiling, parts.normalised):
        # For sure, whatever is resampled: all, or nothing (no unit of the candidate is a grid cell).
        known = estimate.low == estimate.value == estimate.high and estimate.value in (0, 1)
        assert known or (estimate.low < estimate.high and estimate.unit != "none")
        assert estimate.low <= estimate.value <= estimate.high
    assert {"raw", "ceiling", "normalised"} <= set(parts.targets.columns)
    # Ridge divides by the reliability of the map's predictions, too: least where a fold is one context.
    assert parts.normalised.value == pytest.approx(parts.raw.value / parts.ceiling.value, rel=0.2, abs=0.05)


@pytest.mark.parametrize("name", NAMES)
def test_no_condition_is_both_kept_for_the_choice_and_scored(name, scored):
    benchmark = scored[name][0]
    kept, used = set(benchmark.layer_selection_conditions), set(benchmark.scored_conditions)
    assert bool(kept) == benchmark.card.layer_selection.is_made
    assert not kept & used
    assert len(used) > 2 * len(kept)


@pytest.mark.parametrize("name", NAMES)
def test_simulated_data_are_called_simulated(name, scored):
    card = scored[name][0].card
    simulated = scored[name][0].dataset.card.simulated
    assert card.identifier.startswith("Simulated") == simulated
    assert ("SIMULATED" in card.title) == simulated


@pytest.mark.parametrize("name", NAMES)
def test_missing_and_unknown_stimuli_are_refused(name, scored):
    benchmark = scored[name][0]
    with pytest.raises(ActivationError, match="stimuli"):
        benchmark.score({})
    with pytest.raises(ActivationError, match="unknown"):
        benchmark.score({stimulus.identifier + "x": {} for stimulus in benchmark.stimuli})


def test_a_layer_that_changes_its_units_is_refused(mirrored):
    benchmark = load_benchmark("SimulatedMEC.rsa", mirrored)
    position = load_candidate("position", mirrored).activations(benchmark.stimuli.stimuli)
    activations = {s.identifier: layers for s, layers in zip(benchmark.stimuli, position, strict=True)}
    name = benchmark.stimuli.stimuli[3].identifier
    wide = np.repeat(activations[name]["xy"].values, 2, axis=1)
    activations[name] = check_activations(
        {"xy": wide}, benchmark.stimuli.stimuli[3], candidate="c", layers=("xy",)
    )
    with pytest.raises(ActivationError, match=f"2 units for .* and 4 for '{name}'"):
        benchmark.score(activations)


def test_all_layers_are_compared_on_one_object_of_which_a_metric_remembers_its_side(mirrored, monkeypatch):
    benchmark = load_benchmark("Kriegeskorte2008.IT-rsa", mirrored)
    asked, value = [], benchmark.metric.value
    monkeypatch.setattr(
        benchmark.metric, "value", lambda model, brain: asked.append(brain) or value(model, brain)
    )
    benchmark(load_candidate("random-cnn", mirrored))
    assert len(asked) > 1
    assert all(brain is asked[0] for brain in asked)


def test_the_layer_is_chosen_on_kept_conditions_and_the_choice_is_recorded(mirrored):
    """Only the kept images make the good layer look good: it must be taken, and its score be what it is."""
    benchmark = load_benchmark("Kriegeskorte2008.IT-rsa", mirrored)
    pixels = load_candidate("pixels", mirrored).activations(benchmark.stimuli.stimuli)
    noise = np.random.default_rng(0)
    activations = {}
    for stimulus, layers in zip(benchmark.stimuli, pixels, strict=True):
        real, fake = layers["rgb"].values, noise.normal(size=layers["rgb"].values.shape)
        kept = stimulus.identifier in benchmark.layer_selection_conditions
        swapped = {"a": fake if kept else real, "b": real if kept else fake}
        activations[stimulus.identifier] = check_activations(
            swapped, stimulus, candidate="c", layers=("a", "b")
        )
    parts = benchmark.score(activations)
    assert parts.layer == "b"
    assert parts.layer_scores["b"] > parts.layer_scores["a"]
    assert abs(parts.raw.value) < 0.1


def test_where_no_condition_is_kept_the_first_layer_stands_for_the_region(mirrored):
    benchmark = load_benchmark("SimulatedMEC.direction", mirrored)
    stimuli = benchmark.stimuli.stimuli
    velocity = load_candidate("velocity", mirrored).activations(stimuli)
    activations = {}
    for stimulus, layers in zip(stimuli, velocity, strict=True):
        values = {"a": layers["velocity"].values, "b": np.ones((stimulus.n_steps, 3))}
        activations[stimulus.identifier] = check_activations(
            values, stimulus, candidate="c", layers=("a", "b")
        )
    parts = benchmark.score(activations)
    assert (parts.layer, parts.layer_scores) == ("a", {})


def test_rsa_agrees_with_rsatoolbox_on_the_same_activations(mirrored):
    benchmark = load_benchmark("Kriegeskorte2008.IT-rsa", mirrored)
    stimuli = benchmark.stimuli.stimuli
    layers = load_candidate("gabor-energy", mirrored).activations(stimuli)
    by_name = {stimulus.identifier: layer for stimulus, layer in zip(stimuli, layers, strict=True)}
    ours = benchmark.score(by_name).raw.value
    states = np.stack([by_name[name]["energy"].values[0] for name in benchmark.scored_conditions])
    model = calc_rdm(RsaDataset(states.astype(float)), method="correlation")
    recorded = benchmark.dataset.recording("IT")
    kept = np.isin(coordinate(recorded, "stimulus_a"), benchmark.scored_conditions) & np.isin(
        coordinate(recorded, "stimulus_b"), benchmark.scored_conditions
    )
    theirs = compare(model, RDMs(recorded.values[:, kept]), method="corr").item()
    assert ours == pytest.approx(theirs, abs=1e-6)


@pytest.fixture(scope="module")
def dmfc(settings_of_module):
    return load_benchmark("SimulatedDMFC.occluded-ridge", settings_of_module), settings_of_module


def truth(benchmark):
    """Activations of a model that is the simulated brain itself: its true rates, on its own time axis."""
    rates = np.nan_to_num(benchmark.dataset.rates())
    activations = {}
    for stimulus, rate in zip(benchmark.stimuli, rates, strict=True):
        times = np.arange(rate.shape[1]) * 50.0
        inside = times < stimulus.n_steps * 1000 / stimulus.rate_hz
        layer = TimedValues(rate.T[inside], times[inside])
        activations[stimulus.identifier] = check_activations(
            {"rates": layer}, stimulus, candidate="truth", layers=("rates",)
        )
    return activations


def test_the_true_model_predicts_up_to_the_ceiling_and_no_more(dmfc):
    benchmark, _ = dmfc
    value = benchmark.score(truth(benchmark)).normalised.value
    assert value == pytest.approx(1.0, abs=0.03)


def test_the_true_geometry_reaches_the_ceiling_and_no_more(dmfc):
    """One animal's true rates, scaled as the metric scales neuroids, against that animal's trials."""
    benchmark, settings = dmfc
    brain = brain_samples(benchmark.dataset.recording("DMFC"), epoch="occluded")
    one = brain.isel(neuroid=np.flatnonzero(coordinate(brain, "animal") == "simulated-A"))
    model = model_samples(truth(benchmark), "rates", benchmark.stimuli, brain, "time").isel(neuroid=slice(60))
    scaled = model.copy(data=(model.values - model.values.mean(axis=0)) / model.values.std(axis=0))
    estimate = load_metric("rsa", settings, n_splits=4, n_boot=200)(scaled, one).normalised
    assert estimate.value == pytest.approx(1.0, abs=0.03)


def test_a_model_of_shuffled_conditions_scores_nothing(dmfc):
    benchmark, _ = dmfc
    true = list(truth(benchmark).values())
    order = np.random.default_rng(0).permutation(len(true))
    shuffled = {s.identifier: true[k] for s, k in zip(benchmark.stimuli, order, strict=True)}
    noise = np.random.default_rng(1)
    for layers in shuffled.values():  # a time axis that fits is all that is left of the truth
        layers["rates"] = TimedValues(
            noise.normal(size=layers["rates"].values.shape), layers["rates"].times_ms
        )
    estimate = benchmark.score(shuffled).raw
    assert abs(estimate.value) < 0.05


@pytest.mark.once
def test_the_controls_come_out_as_they_must(settings):
    dmfc_order = ("ball-simulated", "ball-visible", "pixels")
    for benchmark in load_benchmarks(
        ("SimulatedDMFC.occluded-ridge", "SimulatedDMFC.occluded-rsa"), settings
    ):
        simulated, frozen, pixels = (normalised(benchmark, candidate, settings) for candidate in dmfc_order)
        assert simulated.low > frozen.value > pixels.high
        assert frozen.low > pixels.high
    for benchmark in load_benchmarks(("SimulatedMEC.ridge", "SimulatedMEC.rsa"), settings):
        grid, velocity, rnn = (
            normalised(benchmark, c, settings) for c in ("grid-code", "velocity", "random-rnn")
        )
        assert grid.low > velocity.value
        assert grid.low > rnn.value


def normalised(benchmark, candidate, settings):
    return benchmark(load_candidate(candidate, settings)).normalised


CARD = {
    "identifier": "Some.x",
    "title": "t",
    "description": "A benchmark that a test declared for itself.",
    "licence": "MIT",
    "citation": "@misc{x}",
    "system": "s",
    "dataset": "SimulatedMEC",
    "task": "A task that nobody has ever done.",
    "region": "MEC",
    "alignment": "space",
    "metric": "rsa",
    "ceiling": "None that anybody knows of.",
}


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({}, InvalidCardError, "beginning with 'Simulated'"),
        ({"identifier": "SimulatedX.x", "region": "V1"}, InvalidCardError, "'region'"),
        ({"identifier": "SimulatedX.x", "dataset": "SimulatedMEG"}, UnknownNameError, "SimulatedMEC"),
        ({"identifier": "SimulatedX.x", "metric": "rssa"}, UnknownNameError, "rsa"),
        ({"identifier": "SimulatedX.x", "parameters": {"colour": 1}}, InvalidCardError, "colour"),
    ],
)
def test_a_card_whose_parts_do_not_fit_is_refused(tmp_path, changes, error, message):
    card = CARD | changes
    (tmp_path / "some.benchmark.yaml").write_text(yaml.safe_dump(card))
    with pytest.raises(error, match=message):
        load_benchmark(card["identifier"], Settings(plugins=(tmp_path,)))


def test_a_benchmark_is_declared_in_yaml_alone(tmp_path, settings):
    card = CARD | {"identifier": "SimulatedMEC.mine", "parameters": {"n_splits": 2, "n_boot": 50}}
    (tmp_path / "mine.benchmark.yaml").write_text(yaml.safe_dump(card))
    plugged = Settings(data_dir=settings.data_dir, cache_dir=settings.cache_dir, plugins=(tmp_path,))
    benchmark = load_benchmark("SimulatedMEC.mine", plugged)
    assert normalised(benchmark, "position", plugged).value > 0.2


RAISING = """
class Mine:
    def __init__(self, card, settings):
        self.card = card
    def recording(self, region):
        raise KeyError("spikes")
"""


@pytest.mark.parametrize("code", ["import no_such_module\n", RAISING])
def test_a_loader_that_raises_is_named(tmp_path, code):
    dataset = {
        "identifier": "SimulatedMine",
        "title": "SIMULATED t",
        "description": "A data set that a test made up.",
        "licence": "MIT",
        "citation": "@misc{x}",
        "entry": "loader.py:Mine",
        "simulated": True,
        "species": "none",
        "regions": ["MEC"],
        "folder": "mine",
    }
    (tmp_path / "loader.py").write_text(code)
    (tmp_path / "dataset.yaml").write_text(yaml.safe_dump(dataset))
    card = CARD | {"identifier": "SimulatedMine.x", "dataset": "SimulatedMine"}
    (tmp_path / "benchmark.yaml").write_text(yaml.safe_dump(card))
    with pytest.raises(InvalidDataError, match="SimulatedMine"):
        load_benchmark("SimulatedMine.x", Settings(plugins=(tmp_path,))).data_sha256  # noqa: B018
