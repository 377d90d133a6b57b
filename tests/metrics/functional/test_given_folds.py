"""Outer folds of one's own, for every mapping: the same as laid out, and samples that are only trained on."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from innerscore.core.errors import InvalidArgumentError
from innerscore.metrics.functional import (
    ols_predictivity,
    one_to_one_predictivity,
    pls_predictivity,
    procrustes_predictivity,
    ridge_predictivity,
)

MAPS = [
    ridge_predictivity,
    pls_predictivity,
    one_to_one_predictivity,
    ols_predictivity,
    procrustes_predictivity,
]


def _data():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 30))
    return x, x @ rng.normal(size=(30, 3)) + rng.normal(size=(120, 3)), np.repeat(np.arange(12), 10)


@pytest.mark.parametrize("mapping", MAPS)
def test_folds_given_as_they_are_laid_out_change_nothing(mapping):
    x, y, groups = _data()
    laid_out = mapping(x, y, groups, n_outer=4)
    given = mapping(x, y, groups, folds=np.asarray(laid_out.folds))
    np.testing.assert_allclose(given.score, laid_out.score, atol=1e-12)


@pytest.mark.parametrize("mapping", MAPS)
def test_samples_never_held_out_have_no_prediction_and_no_say_in_the_score(mapping):
    x, y, groups = _data()
    folds = np.where(np.arange(120) < 80, -1, 0)
    found = mapping(x, y, groups, folds=folds, return_prediction=True)
    assert np.isnan(found.prediction[:80]).all()
    want = [np.corrcoef(found.prediction[80:, k], y[80:, k])[0, 1] for k in range(3)]
    np.testing.assert_allclose(found.score, want, atol=1e-9)


def test_ridge_on_given_folds_is_that_of_scikit_learn():
    x, y, groups = _data()
    folds = np.where(np.arange(120) % 5 == 0, -1, 0)
    found = ridge_predictivity(x, y, groups, alphas=[1.0], folds=folds, return_prediction=True)
    want = Ridge(1.0).fit(x[folds == -1], y[folds == -1]).predict(x[folds == 0])
    np.testing.assert_allclose(found.prediction[folds == 0], want, atol=1e-6)


@pytest.mark.parametrize(
    "folds",
    [
        np.zeros(120),
        np.full(120, -1),
        np.zeros(120, int),
        np.full(119, 0),
        np.repeat([0, 2], 60),
        np.repeat([0, -2], 60),
    ],
)
def test_folds_that_are_none_are_refused(folds):
    with pytest.raises(InvalidArgumentError, match="folds"):
        one_to_one_predictivity(*_data(), folds=folds)
