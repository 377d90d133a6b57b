"""Whole groups of conditions held out: folds, inner folds, intervals and needs follow them."""

import numpy as np
import pytest
from labelled_arrays import brain_array, model_array
from sklearn.linear_model import Ridge

from innerscore.core.errors import InvalidCardError, InvalidDataError, UnfitRecordingError
from innerscore.core.settings import Settings
from innerscore.metrics import load_metric
from innerscore.metrics.functional._splits import runs
from innerscore.metrics.needs import check_needs

N_BINS, N_CELLS = 12, 9
CONTEXTS = [f"{prior}-{limb}" for prior in ("short", "long") for limb in ("a", "b", "c")]
ALPHA = 0.1


def recordings(seed=0, noise=0.3):
    """Two epochs of 6 contexts x 3 intervals: cells that follow time and the context, and a model of time alone."""
    rng = np.random.default_rng(seed)
    context = np.repeat(CONTEXTS, 3 * N_BINS)
    interval = np.tile(np.repeat(["1", "2", "3"], N_BINS), len(CONTEXTS))
    time = np.tile(np.arange(N_BINS) / N_BINS, 3 * len(CONTEXTS))
    latent = np.stack([np.sin(2 * time), np.cos(3 * time), time**2, interval.astype(float) * time], axis=1)
    shift = {name: rng.normal(scale=0.5, size=N_CELLS) for name in CONTEXTS}
    signal = latent @ rng.normal(size=(4, N_CELLS)) + np.stack([shift[name] for name in context])
    trials = signal + noise * rng.normal(size=(2, *signal.shape))
    samples = {
        "stimulus_id": np.char.add(context, interval),
        "condition": context,
        "prior": [name.split("-")[0] for name in context],
        "limb": [name.split("-")[1] for name in context],
        "interval": interval,
    }
    return model_array(latent, samples), brain_array(trials, samples, "h" * N_CELLS)


def plain_r(model, brain, groups):
    """Ridge with one penalty by scikit-learn, each group predicted from the others; mean r over groups."""
    x, y = model.values, brain.values.mean(axis=0)
    found = []
    for group in np.unique(groups):
        train, test = groups != group, groups == group
        scale = ((x[train] - x[train].mean(axis=0)) ** 2).sum()
        predicted = Ridge(ALPHA * scale).fit(x[train], y[train]).predict(x[test])
        found.append([np.corrcoef(predicted[:, j], y[test, j])[0, 1] for j in range(N_CELLS)])
    return np.mean(found, axis=0)


@pytest.mark.parametrize("held_out", ["condition", ["limb"], ["prior", "interval"]])
def test_each_group_is_predicted_from_all_others_as_by_plain_scikit_learn(held_out):
    model, brain = recordings()
    names = [held_out] if isinstance(held_out, str) else held_out
    groups = np.array([" ".join(row) for row in zip(*(brain[name].values for name in names), strict=True)])
    metric = load_metric("ridge", Settings(), held_out=held_out, alphas=[ALPHA], n_inner=2, n_boot=20)
    found = metric(model, brain)
    np.testing.assert_allclose(found.targets["raw"], plain_r(model, brain, groups), atol=1e-9)
    assert found.facts["held_out"] == " x ".join(names)
    assert metric.value(model, brain) == pytest.approx(found.raw.value, abs=1e-9)


@pytest.mark.parametrize("name", ["least-squares", "ridge"])
def test_a_resample_of_groups_is_the_mean_of_their_r_as_often_as_each_is_drawn(name):
    """The spread of the mean over six contexts is that of six draws, of raw value and of ceiling."""
    model, brain = recordings()
    metric = load_metric(name, Settings(), held_out="condition", n_boot=4000)
    found = metric(model, brain.isel(neuroid=[0]))
    if name == "least-squares":
        expected = np.std(plain_ols_r(model, brain)) / np.sqrt(len(CONTEXTS))
        assert found.resamples.part("raw").std() == pytest.approx(expected, rel=0.05)
    assert found.ceiling.high - found.ceiling.low > 1e-3


def plain_ols_r(model, brain):
    x, y = model.values, brain.values.mean(axis=0)[:, 0]
    context, found = brain["condition"].values, []
    for name in CONTEXTS:
        train, test = context != name, context == name
        design = np.c_[np.ones(len(x)), x]
        fitted = np.linalg.lstsq(design[train], y[train], rcond=None)[0]
        found.append(np.corrcoef(design[test] @ fitted, y[test])[0, 1])
    return found


def test_layers_are_compared_on_two_groups_with_runs_of_samples_as_inner_folds():
    model, brain = recordings(noise=0.1)
    two = np.flatnonzero(np.isin(brain["condition"].values, ["short-a", "long-c"]))
    metric = load_metric("ridge", Settings(), held_out="condition")
    check_needs(metric.needs_for_choice, brain.isel(presentation=two))
    good = metric.value(model.isel(presentation=two), brain.isel(presentation=two))
    noise = model.copy(data=np.random.default_rng(0).normal(size=model.shape))
    assert good > 0.8
    assert metric.value(noise.isel(presentation=two), brain.isel(presentation=two)) < 0.3


def test_runs_are_consecutive_within_each_group():
    groups = np.array(list("aabbbaab"))
    np.testing.assert_array_equal(
        runs(groups, 2),
        [f"{name}, run {k}" for name, k in zip("aabbbaab", [0, 0, 0, 0, 1, 1, 1, 1], strict=True)],
    )


def test_each_group_of_several_conditions_can_be_scored_with_the_noise_of_its_map():
    model, brain = recordings()
    metric = load_metric("ridge", Settings(), held_out="limb", n_inner=2, n_boot=50)
    found = metric(model, brain)
    assert found.normalised.low < found.normalised.value < found.normalised.high


def test_needs_count_the_groups_that_are_held_out():
    metric = load_metric("ridge", Settings(), held_out=["prior", "limb"])
    assert str(metric.needs) == "6 groups of prior x limb, 2 repetitions"
    _, brain = recordings()
    check_needs(metric.needs, brain)
    fewer = brain.isel(presentation=np.flatnonzero(brain["limb"].values != "c"))
    with pytest.raises(UnfitRecordingError, match="4 groups of prior x limb"):
        check_needs(metric.needs, fewer)


def test_an_unknown_coordinate_and_a_ceiling_of_other_animals_are_refused():
    model, brain = recordings()
    with pytest.raises(InvalidDataError, match="'colour'"):
        load_metric("ridge", Settings(), held_out="colour")(model, brain)
    with pytest.raises(InvalidCardError, match="held_out"):
        load_metric("ridge-animals", Settings(), held_out="condition")
