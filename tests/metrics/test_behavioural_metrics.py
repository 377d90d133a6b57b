"""Measures of answers on labelled data: judgements of contact, endpoints of the paddle."""

import numpy as np
import pytest
import xarray as xr

from innerscore.core.errors import InvalidDataError
from innerscore.core.labelled import recording
from innerscore.metrics import LabelledMetric, load_metric

SCENARIOS = ("dominoes", "roll", "new")
N_VIDEOS, N_PEOPLE = 60, 40
RNG = np.random.default_rng(0)
TRUTH = RNG.beta(1.5, 1.5, N_VIDEOS * len(SCENARIOS))
LABEL = RNG.random(len(TRUTH)) < TRUTH
NAMES = np.array([f"v{k:03d}" for k in range(len(TRUTH))])


def one_column(values, names):
    coords = {
        "stimulus_id": ("presentation", names),
        "condition": ("presentation", names),
        "neuroid_id": ("neuroid", ["answer"]),
        "layer": ("neuroid", ["answer"]),
    }
    return xr.DataArray(
        np.asarray(values, dtype=float)[:, None], dims=["presentation", "neuroid"], coords=coords
    )


def people(seed=1):
    yes = np.random.default_rng(seed).binomial(N_PEOPLE, TRUTH) / N_PEOPLE
    return recording(
        yes[:, None],
        presentation={
            "stimulus_id": NAMES,
            "condition": NAMES,
            "repetition": np.zeros(len(NAMES), dtype=int),
            "scenario": np.repeat(SCENARIOS, N_VIDEOS),
            "label": LABEL,
            "n_people": np.full(len(NAMES), N_PEOPLE),
        },
        neuroid={"neuroid_id": ["people"], "animal": ["people"], "region": ["judgement"]},
    )


def endpoints(pattern, noise=1.0, n_trials=12, seed=2):
    """An animal's trials: the target, its own pattern of errors, and noise."""
    rng = np.random.default_rng(seed)
    n = len(pattern)
    target = np.linspace(-9, 9, n)
    condition = np.tile([f"c{k:02d}" for k in range(n)], n_trials)
    values = np.tile(0.8 * target + pattern, n_trials) + noise * rng.normal(size=n * n_trials)
    trials = recording(
        values[:, None],
        presentation={
            "stimulus_id": condition,
            "condition": condition,
            "repetition": np.repeat(np.arange(n_trials), n),
            "target_y_deg": np.tile(target, n_trials),
        },
        neuroid={"neuroid_id": ["paddle"], "animal": ["perle"], "region": ["paddle"]},
    )
    return trials, target, condition[:n]


@pytest.mark.parametrize("name", ["ocp-accuracy", "ocp-agreement"])
def test_scenarios_are_measured_apart_and_averaged(settings, name):
    probability = np.clip(TRUTH + RNG.normal(0, 0.1, len(TRUTH)), 0, 1)
    data, metric = people(), load_metric(name, settings, n_boot=300)
    parts = metric(one_column(probability, NAMES), data)
    assert isinstance(metric, LabelledMetric)
    expected, ceilings = [], []
    for k in range(3):
        rows = slice(k * N_VIDEOS, (k + 1) * N_VIDEOS)
        yes, label = data.values[rows, 0], LABEL[rows]
        if name == "ocp-accuracy":
            expected.append(((probability[rows] > 0.5) == label).mean())
            ceilings.append(np.where(label, yes, 1 - yes).mean())
        else:
            expected.append(np.corrcoef(probability[rows], yes)[0, 1])
    np.testing.assert_allclose(parts.targets["raw"], expected, atol=1e-12)
    assert parts.raw.value == pytest.approx(np.mean(expected))
    if ceilings:
        assert parts.ceiling.value == pytest.approx(np.mean(ceilings))
    assert parts.normalised.value == pytest.approx(parts.raw.value / parts.ceiling.value)
    for estimate in (parts.raw, parts.ceiling, parts.normalised):
        assert estimate.low < estimate.value < estimate.high
    assert metric.value(one_column(probability, NAMES), data) == pytest.approx(parts.raw.value)
    assert float(metric.ceiling(data)) == pytest.approx(parts.ceiling.value)


def test_whoever_knows_peoples_probabilities_is_at_the_ceiling_of_agreement(settings):
    metric = load_metric("ocp-agreement", settings, n_boot=20)
    values = [metric(one_column(TRUTH, NAMES), people(seed)).normalised.value for seed in range(10, 30)]
    assert np.mean(values) == pytest.approx(1, abs=0.01)


def test_published_figures_stand_beside_the_expected_ones(settings):
    parts = load_metric("ocp-agreement", settings, n_boot=20)(one_column(TRUTH, NAMES), people())
    table = parts.targets.set_index("scenario")
    assert table.loc["dominoes", "half_split_r_published"] == 0.969
    assert table.loc["roll", "pairwise_kappa_published"] == 0.676
    assert np.isnan(table.loc["new", "half_split_r_published"])


def test_an_answer_of_one_half_is_half_right(settings):
    parts = load_metric("ocp-accuracy", settings, n_boot=20)(one_column(0 * TRUTH + 0.5, NAMES), people())
    assert parts.raw.value == 0.5
    assert parts.facts["n_undecided"] == len(NAMES)


@pytest.mark.parametrize("name", ["ocp-accuracy", "ocp-agreement"])
def test_resamples_are_shared_by_all_candidates(settings, name):
    metric = load_metric(name, settings, n_boot=50)
    first, second = (metric(one_column(p, NAMES), people()) for p in (TRUTH, 1 - TRUTH))
    np.testing.assert_array_equal(first.resamples.part("ceiling"), second.resamples.part("ceiling"))
    assert not np.array_equal(first.resamples.part("raw"), second.resamples.part("raw"))


@pytest.mark.parametrize("values", [TRUTH + 1, np.where(TRUTH > 0.5, np.nan, TRUTH)])
def test_what_is_no_probability_is_refused(settings, values):
    with pytest.raises(InvalidDataError, match="probabilities"):
        load_metric("ocp-accuracy", settings)(one_column(values, NAMES), people())


def test_a_model_with_the_animals_errors_is_consistent_and_a_perfect_player_is_not(settings):
    pattern = np.random.default_rng(3).normal(size=60)
    trials, target, names = endpoints(pattern)
    metric = load_metric("endpoint-consistency", settings, n_boot=200)
    same, perfect = (
        metric(one_column(values, names), trials)
        for values in (2 * pattern - target, target + np.random.default_rng(4).normal(size=60))
    )
    assert same.normalised.low < 1 < same.normalised.high
    assert same.normalised.value == pytest.approx(1, abs=0.05)
    assert same.raw.value < same.normalised.value
    assert perfect.normalised.low < 0 < perfect.normalised.high
    assert same.targets["animal"].tolist() == ["perle"]
    assert float(metric.ceiling(trials)) == pytest.approx(same.ceiling.value)


def test_conditions_with_one_trial_are_left_out_and_missing_endpoints_named(settings):
    trials, target, names = endpoints(np.random.default_rng(3).normal(size=20))
    once = np.flatnonzero((trials["condition"].values != "c00") | (trials["repetition"].values == 0))
    metric = load_metric("endpoint-consistency", settings, n_boot=20)
    parts = metric(one_column(target**2, names), trials.isel(presentation=once))
    assert parts.facts["n_conditions"] == 19
    with pytest.raises(InvalidDataError, match="c19"):
        metric(one_column(target[:-1] ** 2, names[:-1]), trials)
