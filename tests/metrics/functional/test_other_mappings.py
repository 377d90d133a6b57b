"""PLS, least squares, one-to-one and Procrustes mappings against scikit-learn, scipy and brute force."""

import numpy as np
import pytest
import torch
from scipy.linalg import orthogonal_procrustes
from scipy.stats import pearsonr
from sklearn.cross_decomposition import PLSRegression
from sklearn.linear_model import LinearRegression

from innerscore.core.errors import InvalidArgumentError
from innerscore.metrics.functional.mapping.least_squares import ols_predictivity
from innerscore.metrics.functional.mapping.one_to_one import one_to_one_predictivity
from innerscore.metrics.functional.mapping.pls import pls_predictivity
from innerscore.metrics.functional.mapping.procrustes import procrustes_predictivity

MAPPINGS = [ols_predictivity, one_to_one_predictivity, pls_predictivity, procrustes_predictivity]


def simulate(n_features=12, n_targets=5, n_conditions=20, n_bins=6, noise=1.0, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n_conditions * n_bins, n_features)) * np.geomspace(3, 0.3, n_features)
    y = x @ rng.normal(size=(n_features, n_targets)) + noise * rng.normal(size=(len(x), n_targets))
    return x + 5.0, y - 2.0, np.repeat(np.arange(n_conditions), n_bins)


def run(mapping, x, y, groups, **options):
    if mapping is pls_predictivity:
        options = {"n_components": 4} | options
    return mapping(x, y, groups, return_prediction=True, **options)


def expected_prediction(fit_predict, x, y, folds):
    prediction = np.empty_like(y)
    for fold in np.unique(folds):
        train, test = folds != fold, folds == fold
        prediction[test] = fit_predict(x[train], y[train], x[test])
    return prediction


def check(result, expected, y, tolerance):
    np.testing.assert_allclose(result.prediction, expected, rtol=tolerance, atol=tolerance * y.std())
    for fold, scores in enumerate(result.fold_scores):
        held = result.folds == fold
        r = [pearsonr(expected[held, t], y[held, t])[0] for t in range(y.shape[1])]
        np.testing.assert_allclose(scores, r, atol=1e-6)


@pytest.mark.parametrize(("n_features", "n_targets"), [(12, 5), (60, 30), (8, 40), (300, 20), (12, 1)])
def test_pls_equals_scikit_learn(n_features, n_targets):
    x, y, groups = simulate(n_features, n_targets)
    result = pls_predictivity(x, y, groups, n_components=6, return_prediction=True)

    def peer(x_train, y_train, x_test):
        # scikit-learn's default tolerance stops the power method early; here it runs to the end.
        model = PLSRegression(6, scale=False, tol=1e-28, max_iter=50_000)
        return model.fit(x_train, y_train).predict(x_test).reshape(len(x_test), -1)

    check(result, expected_prediction(peer, x, y, result.folds), y, 1e-6)


def test_pls_with_many_targets_takes_the_decomposition():
    x, y, groups = simulate(600, 530, noise=3.0)
    result = pls_predictivity(x, y, groups, n_components=3, n_outer=2, return_prediction=True)

    def peer(x_train, y_train, x_test):
        model = PLSRegression(3, scale=False, tol=1e-28, max_iter=50_000)
        return model.fit(x_train, y_train).predict(x_test)

    check(result, expected_prediction(peer, x, y, result.folds), y, 1e-6)


def test_pls_with_all_components_is_least_squares():
    x, y, groups = simulate()
    pls = pls_predictivity(x, y, groups, n_components=12)
    np.testing.assert_allclose(pls.score, ols_predictivity(x, y, groups).score, atol=1e-8)


def test_pls_stops_at_the_rank():
    x, y, groups = simulate()
    x = np.concatenate([x[:, :3], x[:, :3] @ np.ones((3, 6))], axis=1)
    result = pls_predictivity(x, y, groups, n_components=8)
    np.testing.assert_allclose(result.score, ols_predictivity(x, y, groups).score, atol=1e-7)


def test_least_squares_equals_scikit_learn():
    x, y, groups = simulate()
    result = ols_predictivity(x, y, groups, return_prediction=True)

    def peer(x_train, y_train, x_test):
        return LinearRegression().fit(x_train, y_train).predict(x_test)

    check(result, expected_prediction(peer, x, y, result.folds), y, 1e-9)


def test_one_to_one_equals_brute_force():
    x, y, groups = simulate(n_features=30)
    result = one_to_one_predictivity(x, y, groups, return_prediction=True)

    def brute(x_train, y_train, x_test):
        columns = []
        for target in y_train.T:
            best = max(range(x.shape[1]), key=lambda j: pearsonr(x_train[:, j], target)[0])
            slope, intercept = np.polyfit(x_train[:, best], target, 1)
            columns.append(slope * x_test[:, best] + intercept)
        return np.transpose(columns)

    check(result, expected_prediction(brute, x, y, result.folds), y, 1e-8)


def test_one_to_one_does_not_take_a_feature_that_runs_against_the_target():
    _, y, groups = simulate(n_targets=1)
    result = one_to_one_predictivity(-y, y, groups)
    np.testing.assert_array_equal(result.score, [0])
    assert result.n_degenerate == 0


def test_one_unit_of_noise_scores_chance_one_to_one():
    """Folds in which no unit follows a target once dropped the target: the mean over such units was then 0.17."""
    rng = np.random.default_rng(0)
    y, groups = (
        np.cumsum(rng.normal(size=(40, 10, 30)), axis=1).reshape(400, 30),
        np.repeat(np.arange(40), 10),
    )
    medians = []
    for _ in range(20):
        noise = np.cumsum(rng.normal(size=(40, 10, 1)), axis=1).reshape(400, 1)
        result = one_to_one_predictivity(noise, y, groups)
        assert np.isfinite(result.score).all()
        medians.append(np.median(result.score))
    assert abs(np.mean(medians)) < 2.1 * np.std(medians, ddof=1) / np.sqrt(20)


def test_procrustes_equals_scipy():
    x, y, groups = simulate(n_features=6, n_targets=6)
    result = procrustes_predictivity(x, y, groups, return_prediction=True)

    def peer(x_train, y_train, x_test):
        about, onto = x_train - x_train.mean(0), y_train - y_train.mean(0)
        rotation, sigma_sum = orthogonal_procrustes(about, onto)
        return (x_test - x_train.mean(0)) @ rotation * sigma_sum / (about**2).sum() + y_train.mean(0)

    check(result, expected_prediction(peer, x, y, result.folds), y, 1e-9)


@pytest.mark.parametrize(("n_features", "n_targets"), [(3, 7), (7, 3)])
def test_procrustes_finds_a_rotation_into_more_or_fewer_dimensions(n_features, n_targets):
    rng = np.random.default_rng(0)
    large = rng.normal(size=(120, max(n_features, n_targets)))
    basis = np.linalg.qr(rng.normal(size=(large.shape[1], large.shape[1])))[0]
    groups = np.repeat(np.arange(20), 6)
    if n_features < n_targets:
        x = large[:, :n_features]
        y = 2 * x @ basis[:n_features]
    else:
        x, y = large, 2 * large @ basis[:, :n_targets]
    assert procrustes_predictivity(x, y, groups).score.min() > 0.95


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_kinds_and_dtypes_agree(mapping):
    x, y, groups = simulate()
    double = run(mapping, x, y, groups)
    single = run(mapping, x.astype(np.float32), y.astype(np.float32), groups)
    torched = run(mapping, torch.from_numpy(x), torch.from_numpy(y), groups)
    np.testing.assert_array_equal(torched.score.numpy(), double.score)
    np.testing.assert_allclose(single.score, double.score, atol=1e-3)
    assert single.score.dtype == single.prediction.dtype == np.float32
    assert double.alpha is None


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_degenerate_targets_are_nan_and_counted(mapping):
    x, y, groups = simulate()
    y[:, 2] = 0.3
    result = run(mapping, x, y, groups)
    np.testing.assert_array_equal(np.isnan(result.score), [False, False, True, False, False])
    assert result.n_degenerate == 1


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_bad_input_is_refused_by_name(mapping):
    x, y, groups = simulate()
    for changes, named in [
        ({"x": np.full_like(x, np.nan)}, "'x'"),
        ({"y": y[:-1]}, "'x' and 'y'"),
        ({"groups": np.zeros(len(x))}, "'n_outer'"),
        ({"n_outer": 0}, "'n_outer'"),
    ]:
        with pytest.raises(InvalidArgumentError, match=named):
            run(mapping, **({"x": x, "y": y, "groups": groups} | changes))


def test_too_many_features_or_components_are_refused():
    x, y, groups = simulate(n_features=120)
    with pytest.raises(InvalidArgumentError, match="'x'"):
        ols_predictivity(x, y, groups)
    with pytest.raises(InvalidArgumentError, match="'n_components'"):
        pls_predictivity(x, y, groups, n_components=110)
