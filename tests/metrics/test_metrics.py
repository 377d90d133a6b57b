"""The shared contract of the metric classes on labelled data."""

import numpy as np
import pytest
import xarray as xr
from labelled_arrays import brain_array, model_array

from innerscore.core.errors import (
    InvalidArgumentError,
    InvalidCardError,
    InvalidDataError,
    UnfitRecordingError,
    UnknownNameError,
)
from innerscore.core.labelled import coordinate
from innerscore.core.settings import Settings
from innerscore.metrics import Metric, load_metric, registry

BEHAVIOURAL = {
    "ocp-accuracy",
    "ocp-agreement",
    "endpoint-consistency",
}  # of answers: test_behavioural_metrics.py
SPATIAL = {
    "gridness",
    "border-fraction",
    "spatial-predictivity",
    "quadrant-predictivity",
}  # of spatial bins: test_labelled_space.py
WALKING = {"position-error"}  # of walks: path_integration/
DIRECTIONAL = {"direction-fraction"}  # of direction bins: test_labelled_direction.py
INTERVALS = {
    "interval-bias",
    "interval-decoding",
    "interval-variability",
    "time-scaling",
    "trajectory-speed",
}  # of ready-set-go: test_interval_metrics.py
NAMES = [
    name
    for name in registry(Settings()).entries()
    if name not in BEHAVIOURAL | SPATIAL | WALKING | DIRECTIONAL | INTERVALS
]
OPTIONS = {"pls": {"n_components": 3}, "rsa-factors": {"n_factors": 4}}
RNG = np.random.default_rng(0)
CONDITIONS = np.repeat([f"c{k:02d}" for k in range(24)], 6)
LATENT = RNG.normal(size=(len(CONDITIONS), 4))
WEIGHTS = RNG.normal(size=(4, 20))
TIME_BIN = np.tile(np.arange(6), 24)
TASK = {
    "time_bin_start_ms": 550.0 + 50.0 * TIME_BIN,
    "visible": TIME_BIN < 3,
    "occluded": TIME_BIN >= 3,
    "ball_x_deg": LATENT[:, 0],
    "ball_y_deg": LATENT[:, 1],
    "ball_dx": LATENT[:, 2],
    "ball_dy": LATENT[:, 3],
    "final_y_deg": LATENT[:, 1],
}


def model(values):
    names = CONDITIONS[: len(values)]
    return model_array(values, {"stimulus_id": names, "condition": names})


def brain(noise=1.0, seed=1, repetitions=8):
    signal = LATENT @ WEIGHTS
    trials = signal + noise * np.random.default_rng(seed).normal(size=(repetitions, *signal.shape))
    samples = {"stimulus_id": CONDITIONS, "condition": CONDITIONS, **TASK}
    return brain_array(trials, samples, "p" * 12 + "q" * 8)


def rdms(n_subjects=3, noise=0.1):
    n = 30
    true = np.abs(np.random.default_rng(0).normal(size=n * (n - 1) // 2)) + 0.5
    values = true + noise * np.random.default_rng(1).normal(size=(n_subjects, len(true)))
    a, b = np.triu_indices(n, 1)
    coords = {
        "subject": ("rdm", [f"s{k}" for k in range(n_subjects)]),
        "session": ("rdm", ["1"] * n_subjects),
        "region": ("rdm", ["R"] * n_subjects),
        "stimulus_a": ("pair", [f"i{k}" for k in a]),
        "stimulus_b": ("pair", [f"i{k}" for k in b]),
    }
    return xr.DataArray(values, dims=["rdm", "pair"], coords=coords)


def example(name):
    if name == "rsa-dissimilarities":
        return model(RNG.normal(size=(30, 50))), rdms()
    return model(LATENT), brain()


@pytest.mark.parametrize("name", NAMES)
def test_every_metric_gives_the_same_score_twice(name, settings):
    metric = load_metric(name, settings, **OPTIONS.get(name, {}))
    assert isinstance(metric, Metric)
    first, second = (metric(*example_fixed(name)) for _ in range(2))
    assert first.normalised == second.normalised
    assert first.targets.equals(second.targets)


def example_fixed(name, cache={}):  # noqa: B006  (one example a metric for the whole module)
    return cache.setdefault(name, example(name))


@pytest.mark.parametrize("name", NAMES)
def test_the_value_by_which_layers_are_chosen_follows_the_raw_score(name, settings):
    metric = load_metric(name, settings, **OPTIONS.get(name, {}))
    good, data = example_fixed(name)
    bad = model(np.random.default_rng(5).normal(size=good.shape))
    better, worse = (metric(candidate, data).raw.value for candidate in (good, bad))
    assert (metric.value(good, data) > metric.value(bad, data)) == (better > worse)


@pytest.mark.parametrize("name", NAMES)
def test_resamples_are_shared_by_all_candidates_and_are_those_of_the_interval(name, settings):
    metric = load_metric(name, settings, **OPTIONS.get(name, {}))
    candidate, data = example_fixed(name)
    other = model(candidate.values + 2 * np.random.default_rng(5).normal(size=candidate.shape))
    first, second = (metric(one, data) for one in (candidate, other))
    for part in ("raw", "ceiling", "normalised"):
        values, estimate = first.resamples.part(part), getattr(first, part)
        if first.resamples.kind == "bootstrap":
            width = np.diff(np.nanquantile(values, [0.025, 0.975]))[0]
        else:
            width = 2 * 1.959964 * np.sqrt((len(values) - 1) * values.var())
        assert width == pytest.approx(estimate.high - estimate.low, rel=1e-3)
    np.testing.assert_allclose(first.resamples.part("ceiling"), second.resamples.part("ceiling"), rtol=1e-4)
    assert not np.array_equal(first.resamples.part("raw"), second.resamples.part("raw"))


@pytest.mark.parametrize("name", NAMES)
def test_the_ceiling_alone_is_the_ceiling_of_the_score(name, settings):
    metric = load_metric(name, settings, **OPTIONS.get(name, {}))
    candidate, data = example_fixed(name)
    assert float(metric.ceiling(data)) == pytest.approx(metric(candidate, data).ceiling.value, abs=0.05)


def test_ridge_of_the_true_latent_is_one_and_of_noise_is_nothing(settings):
    metric = load_metric("ridge", settings)
    true = metric(model(LATENT), brain(noise=3.0)).normalised
    assert true.low < 1 < true.high
    assert true.value == pytest.approx(1, abs=0.05)
    noise = metric(model(np.random.default_rng(3).normal(size=LATENT.shape)), brain()).raw
    assert noise.low < 0 < noise.high


@pytest.mark.parametrize("name", ["ridge", "pls", "least-squares", "cka", "procrustes-shape"])
@pytest.mark.parametrize("noise", [0.5, 2.0])
def test_the_true_model_is_at_the_ceiling(settings, name, noise):
    """Signals of as many dimensions as neuroids, for the metrics that no map may hide behind."""
    signal = np.random.default_rng(8).normal(size=(len(CONDITIONS), 20))
    data = brain()
    trials = signal + noise * np.random.default_rng(9).normal(size=(20, *signal.shape))
    for animal in ("p", "q"):
        mine = np.flatnonzero(coordinate(data, "animal") == animal)
        one = make_brain(trials[:, :, mine], animal)
        options = {"n_components": len(mine)} if name == "pls" else {}
        metric = load_metric(name, settings, **options)
        value = metric(model(signal[:, mine]), one).normalised.value
        assert value == pytest.approx(1, abs=0.05)


def make_brain(trials, animal):
    return brain_array(
        trials, {"stimulus_id": CONDITIONS, "condition": CONDITIONS}, [animal] * trials.shape[2]
    )


def test_unreliable_neuroids_are_left_out_before_and_counted(settings):
    data = brain()
    data.values[:, :, :5] = np.random.default_rng(2).normal(size=data.values[:, :, :5].shape)
    data.values[:, :, 5] = 1.0
    parts = load_metric("ridge", settings, min_reliability=0.5)(model(LATENT), data)
    assert parts.facts["n_targets_left_out"] == 6
    assert list(parts.targets["neuroid_id"]) == [f"n{k}" for k in range(6, 20)]
    hopeless = brain(noise=1e3)
    with pytest.raises(InvalidDataError, match="reliable"):
        load_metric("ridge", settings, min_reliability=0.9)(model(LATENT), hopeless)


def test_ridge_is_the_median_within_and_the_mean_over_animals_by_their_neuroids(settings):
    parts = load_metric("ridge", settings, n_boot=20)(model(LATENT[:, :2]), brain())
    by_animal = parts.targets.groupby("animal")["raw"].median()
    assert parts.raw.value == pytest.approx((12 * by_animal["p"] + 8 * by_animal["q"]) / 20)
    assert parts.raw.low < parts.raw.value < parts.raw.high


def test_a_single_matrix_needs_another_brain_for_its_ceiling(settings):
    metric = load_metric("rsa-dissimilarities", settings, n_boot=50)
    candidate, data = model(RNG.normal(size=(30, 50))), rdms(1)
    with pytest.raises(InvalidArgumentError, match="reference"):
        metric(candidate, data)
    other = rdms(1, noise=0.3)
    expected = np.corrcoef(other.values[0], data.values[0])[0, 1]
    assert metric(candidate, data, other).ceiling.value == pytest.approx(expected)


def test_one_repetition_has_no_ceiling(settings):
    for name in ("ridge", "rsa"):
        with pytest.raises((InvalidArgumentError, UnfitRecordingError)):
            load_metric(name, settings)(model(LATENT), brain(repetitions=1))


def test_unknown_names_and_parameters_are_refused(settings):
    with pytest.raises(UnknownNameError, match="ridge"):
        load_metric("ridg", settings)
    with pytest.raises(InvalidCardError, match="colour"):
        load_metric("ridge", settings, colour="red")
    with pytest.raises(InvalidCardError, match="min_reliability"):
        load_metric("ridge", settings, min_reliability=2)
    for wrong in ({"correction": "median"}, {"alphas": "publishd"}, {"alphas": [-1.0]}):
        with pytest.raises(InvalidCardError, match=f"'{next(iter(wrong))}' parameter"):
            load_metric("ridge", settings, **wrong)
    with pytest.raises(InvalidCardError, match="'alphas' parameter"):
        load_metric("spatial-predictivity", settings, alphas="publishd")


def test_decoding_needs_the_tasks_variables_and_names_what_is_missing(settings):
    plain = make_brain(brain().values, "p")
    with pytest.raises(InvalidDataError, match="ball_x_deg"):
        load_metric("ball-decoding", settings)(model(LATENT), plain)
    with pytest.raises(InvalidDataError, match="no time bin"):
        load_metric("endpoint-decoding", settings, window_ms=[0, 100])(model(LATENT), brain())
    with pytest.raises(InvalidDataError, match="factors"):
        load_metric("rsa-factors", settings)(model(LATENT), brain())
