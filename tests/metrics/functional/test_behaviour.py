"""Behavioural metrics against scikit-learn, brute force and simulations of known truth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import cohen_kappa_score
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler

from innerscore.core.errors import InvalidArgumentError
from innerscore.metrics.functional.behaviour.error_consistency import (
    behavioural_consistency,
    bootstrap_consistency,
    cohen_kappa,
    condition_means,
    residual_errors,
    stratified_halves,
)
from innerscore.metrics.functional.behaviour.judgements import (
    bootstrap_agreement,
    fraction_reliability,
)
from innerscore.metrics.functional.decoding.logistic_readout import (
    READOUT_PENALTIES,
    logistic_readout,
)

RNG = np.random.default_rng(0)


def test_residuals_are_those_of_scikit_learn():
    target, response = RNG.normal(size=(2, 200))
    fit = LinearRegression().fit(target[:, None], response)
    np.testing.assert_allclose(
        residual_errors(response, target), response - fit.predict(target[:, None]), atol=1e-12
    )


@given(st.floats(-5, 5), st.floats(-50, 50), st.integers(0, 100))
@settings(max_examples=25, deadline=None)
def test_a_gain_and_a_bias_leave_no_residual(gain, bias, seed):
    target, own = np.random.default_rng(seed).normal(size=(2, 50))
    shifted = residual_errors(own + gain * target + bias, target)
    np.testing.assert_allclose(shifted, residual_errors(own, target), atol=1e-9)


@given(st.lists(st.integers(2, 9), min_size=1, max_size=12), st.integers(0, 1000))
@settings(max_examples=50, deadline=None)
def test_halves_are_even_within_each_condition(sizes, seed):
    groups = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    first = stratified_halves(groups, n_repeats=3, seed=seed)
    for half in first:
        assert [int(half[groups == k].sum()) for k in range(len(sizes))] == [size // 2 for size in sizes]


def test_halves_are_drawn_evenly():
    first = stratified_halves(np.repeat([0, 1], [4, 6]), n_repeats=4000, seed=1)
    np.testing.assert_allclose(first.mean(axis=0), 0.5, atol=0.04)


def test_condition_means_are_those_of_a_loop():
    groups = RNG.permutation(np.repeat(["b", "a", "c"], 6))
    values, first = RNG.normal(size=18), stratified_halves(groups, n_repeats=2)
    found = condition_means(values, groups, first)
    for split in range(2):
        for half, chosen in enumerate((first[split], ~first[split])):
            expected = [values[chosen & (groups == name)].mean() for name in ("a", "b", "c")]
            np.testing.assert_allclose(found[split, half], expected)


def test_consistency_is_the_published_formula_by_brute_force():
    a, b = RNG.normal(size=(2, 3, 2, 30)) + RNG.normal(size=30)
    expected = []
    for one in a:
        for other in b:
            r = [[np.corrcoef(x, y)[0, 1] for y in other] for x in one]
            expected.append(np.mean(r) / np.sqrt(np.corrcoef(*one)[0, 1] * np.corrcoef(*other)[0, 1]))
    found = behavioural_consistency(a, b)
    assert found.rho == pytest.approx(np.mean(expected), abs=1e-12)
    assert found.n_pairs == 9


@pytest.mark.parametrize("noise", [0.5, 1.0])  # more noise than signal biases any such ratio upwards
def test_consistency_of_one_pattern_is_one_and_of_unrelated_ones_none(noise):
    values = {"same": [], "other": []}
    for seed in range(20):
        rng = np.random.default_rng(seed)
        pattern, unrelated = rng.normal(size=(2, 200))
        noisy = pattern + noise * rng.normal(size=(1, 2, 200))
        values["same"].append(behavioural_consistency(noisy, pattern).rho)
        values["other"].append(behavioural_consistency(noisy, unrelated).rho)
    assert np.mean(values["same"]) == pytest.approx(1, abs=0.06)
    assert np.mean(values["other"]) == pytest.approx(0, abs=0.1)


def test_the_bootstrap_is_about_the_value_and_narrows_with_conditions():
    widths = []
    for n in (40, 400):
        pattern = RNG.normal(size=n)
        noisy = pattern + RNG.normal(size=(5, 2, n))
        _, _, rho = bootstrap_consistency(noisy, pattern, n_boot=500)
        assert np.nanmean(rho) == pytest.approx(behavioural_consistency(noisy, pattern).rho, abs=0.1)
        widths.append(np.nanstd(rho))
    assert widths[1] < widths[0] / 2


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
@pytest.mark.filterwarnings("ignore")
def test_kappa_is_that_of_scikit_learn(pairs):
    a, b = np.array(pairs).T
    if len({*a, *b}) == 1:
        assert np.isnan(cohen_kappa(a, b))
    else:
        assert cohen_kappa(a, b) == pytest.approx(cohen_kappa_score(a, b), abs=1e-12)


@pytest.mark.parametrize("n_people", [10, 100])
def test_reliability_of_fractions_is_that_of_simulated_people(n_people):
    """Halves of people who answer independently, and fractions of as many others, correlate as expected."""
    truth = np.random.default_rng(1).beta(2, 2, 150)
    expected, split, other, ceiling = [], [], [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        said = rng.random((2, n_people, 150)) < truth
        fraction = said[0].mean(axis=0)
        halves = said[0].reshape(2, -1, 150).mean(axis=1)
        split.append(np.corrcoef(*halves)[0, 1])
        other.append(np.corrcoef(fraction, said[1].mean(axis=0))[0, 1])
        ceiling.append(np.corrcoef(fraction, truth)[0, 1])
        expected.append(fraction_reliability(fraction, np.full(150, n_people)))
    assert np.mean([found.split_half for found in expected]) == pytest.approx(np.mean(split), abs=0.015)
    assert np.mean([found.reliability for found in expected]) == pytest.approx(np.mean(other), abs=0.015)
    assert np.mean([found.ceiling for found in expected]) == pytest.approx(np.mean(ceiling), abs=0.015)


def test_fractions_that_are_all_noise_have_no_reliability():
    assert np.isnan(fraction_reliability(np.full(20, 0.5), np.full(20, 50)).reliability)


def test_resampled_agreement_is_that_of_drawn_items():
    x, y = RNG.random((2, 30))
    r, ceiling = bootstrap_agreement(x, y, np.full(30, 50), n_boot=400, seed=3)
    assert np.mean(r) == pytest.approx(np.corrcoef(x, y)[0, 1], abs=0.05)
    assert np.std(r) == pytest.approx((1 - np.corrcoef(x, y)[0, 1] ** 2) / np.sqrt(29), rel=0.3)
    assert np.mean(ceiling) == pytest.approx(fraction_reliability(y, np.full(30, 50)).ceiling, abs=0.02)


def test_the_readout_is_the_published_one_step_by_step():
    rng = np.random.default_rng(4)
    x, x_test = rng.normal(size=(80, 6)), rng.normal(size=(20, 6))
    y = rng.random(80) < 1 / (1 + np.exp(-x[:, 0]))
    found = logistic_readout(x, y, x_test)
    scores = np.zeros((len(READOUT_PENALTIES), 5))
    folds = StratifiedKFold(5, shuffle=True, random_state=42).split(x, y)
    for fold, (train, held_out) in enumerate(folds):
        scaler = StandardScaler().fit(x[train])
        for place, c in enumerate(READOUT_PENALTIES):
            model = LogisticRegression(C=c, max_iter=20_000).fit(scaler.transform(x[train]), y[train])
            scores[place, fold] = model.score(scaler.transform(x[held_out]), y[held_out])
    np.testing.assert_allclose(found.fold_accuracy, scores.mean(axis=1))
    best = READOUT_PENALTIES[scores.mean(axis=1).argmax()]
    assert found.penalty == best
    scaler = StandardScaler().fit(x)
    model = LogisticRegression(C=best, max_iter=20_000).fit(scaler.transform(x), y)
    np.testing.assert_allclose(
        found.probability, model.predict_proba(scaler.transform(x_test))[:, 1], atol=1e-8
    )
    assert READOUT_PENALTIES[0] == 1e-8
    assert READOUT_PENALTIES[-1] == 1e8
    assert len(READOUT_PENALTIES) == 17


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: residual_errors([1.0, 2.0], [1.0, 2.0]), "target"),
        (lambda: residual_errors([1.0, 2.0, 3.0], [1.0, 1.0, 1.0]), "one value"),
        (lambda: residual_errors([1.0, np.nan, 3.0], [1.0, 2.0, 1.0]), "response"),
        (lambda: stratified_halves([0, 0, 1]), "2 trials"),
        (lambda: behavioural_consistency(np.zeros((2, 3, 5)), np.zeros(5)), "'a'"),
        (lambda: behavioural_consistency(np.arange(5.0), np.arange(6.0)), "'b'"),
        (lambda: cohen_kappa([0, 1, 2], [0, 1, 1]), "'a'"),
        (lambda: fraction_reliability([0.1, 0.2, 1.3], [9, 9, 9]), "'fraction'"),
        (lambda: fraction_reliability([0.1, 0.2, 0.3], [9, 9, 1]), "'n_people'"),
        (lambda: logistic_readout(np.ones((9, 2)), [1] * 8 + [0], np.ones((2, 2))), "of one kind"),
        (lambda: logistic_readout(np.ones((10, 2)), [1, 0] * 5, np.ones((2, 3))), "'test'"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(InvalidArgumentError, match=message):
        call()
