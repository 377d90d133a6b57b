"""Variables read out of states in folds that the map was not fitted on."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import LeaveOneGroupOut

from innerscore.core.errors import InvalidArgumentError
from innerscore.metrics.functional.decoding.held_out_readout import held_out_readout

GROUPS = np.repeat(np.arange(6), 10)
FOLDS = GROUPS // 2
ALPHAS = np.geomspace(1e-10, 10, 23)


def states(n_units=8, noise=0.5, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.normal(size=(60, 2)) * [1, 100] + [0, 500]
    return y @ rng.normal(size=(2, n_units)) / [50] + noise * rng.normal(size=(60, n_units)), y


def plain(x, y):
    """Each fold by scikit-learn's ridge; inner folds are the four groups that are left, each by itself."""
    found = np.empty_like(y)
    for fold in np.unique(FOLDS):
        train, test = np.flatnonzero(fold != FOLDS), fold == FOLDS
        squares = np.zeros((len(ALPHAS), 2))
        for fitted, held in LeaveOneGroupOut().split(x[train], groups=GROUPS[train]):
            inside = x[train][fitted]
            scale = ((inside - inside.mean(axis=0)) ** 2).sum()
            for k, alpha in enumerate(ALPHAS):
                guess = Ridge(alpha * scale).fit(inside, y[train][fitted]).predict(x[train][held])
                squares[k] += ((guess - y[train][held]) ** 2).sum(axis=0)
        scale = ((x[train] - x[train].mean(axis=0)) ** 2).sum()
        for target in range(2):
            alpha = ALPHAS[squares[:, target].argmin()] * scale
            found[test, target] = Ridge(alpha).fit(x[train], y[train, target]).predict(x[test])
    return found


@pytest.mark.parametrize("n_units", [8, 150])
def test_it_is_ridge_by_scikit_learn_with_the_penalty_of_the_smallest_error(n_units):
    x, y = states(n_units)
    np.testing.assert_allclose(held_out_readout(x, y, GROUPS, FOLDS), plain(x, y), rtol=1e-6, atol=1e-6)


def test_few_groups_are_cut_into_runs_for_the_choice_of_the_penalty():
    x, y = states(noise=0.01)
    found = held_out_readout(x, y, GROUPS // 3, GROUPS // 3)
    assert np.corrcoef(found[:, 1], y[:, 1])[0, 1] > 0.99


def test_samples_in_no_fold_are_fitted_on_only():
    x, y = states()
    folds = np.where(FOLDS == 2, -1, FOLDS)
    found = held_out_readout(x, y, GROUPS, folds)
    np.testing.assert_array_equal(np.isnan(found[:, 0]), folds == -1)


def test_a_group_in_two_folds_is_refused():
    x, y = states()
    with pytest.raises(InvalidArgumentError, match="a group in two folds"):
        held_out_readout(x, y, GROUPS // 4, FOLDS)
