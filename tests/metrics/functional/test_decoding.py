"""Decoding against scikit-learn and closed forms, and what its splits and intervals promise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression

from innerscore.core.errors import InvalidArgumentError
from innerscore.metrics.functional.decoding.bootstrap import (
    bootstrap_decoding,
    bootstrap_decoding_skill,
)
from innerscore.metrics.functional.decoding.decoding import (
    consecutive_splits,
    decode,
    principal_components,
    random_splits,
)


@pytest.fixture(scope="module")
def task():
    """30 conditions of 12 samples; 80 units that know two targets and a half of a third."""
    rng = np.random.default_rng(0)
    groups = np.repeat([f"c{k:02d}" for k in range(30)], 12)
    y = rng.normal(size=(len(groups), 3)).cumsum(axis=0)
    x = y @ rng.normal(size=(3, 80)) + 3 * rng.normal(size=(len(groups), 80))
    return x, y, groups


def test_every_split_is_scikit_learns_least_squares(task):
    x, y, groups = task
    components = PCA(10, svd_solver="full").fit_transform(x)
    held_out = random_splits(groups, n_splits=7, seed=3)
    epoch = np.arange(len(groups)) % 12 > 5
    found = decode(principal_components(x, 10), y, held_out)
    for k, split in enumerate(held_out):
        reference = LinearRegression().fit(components[~split], y[~split])
        truth, predicted = y[split & epoch], reference.predict(components[split & epoch])
        r = [np.corrcoef(truth[:, j], predicted[:, j])[0, 1] for j in range(3)]
        np.testing.assert_allclose(found.r(y, epoch)[k], r, atol=1e-9)
        np.testing.assert_allclose(found.mae(y, epoch)[k], np.abs(truth - predicted).mean(0), atol=1e-9)
        chance = np.abs(truth - y[~split].mean(0)).mean(0)
        np.testing.assert_allclose(found.chance_mae(y, epoch)[k], chance, atol=1e-9)


def test_a_read_out_may_be_fitted_on_some_samples_only(task):
    x, y, groups = task
    fitted = np.arange(len(groups)) % 12 < 6
    held_out = consecutive_splits(groups)
    found = decode(x[:, :5], y, held_out, fitted=fitted)
    split = held_out[0]
    reference = LinearRegression().fit(x[fitted & ~split, :5], y[fitted & ~split])
    np.testing.assert_allclose(found.prediction[0][split], reference.predict(x[split, :5]), atol=1e-9)
    assert np.isnan(found.prediction[0][~split]).all()


@pytest.mark.parametrize("shape", [(300, 80), (60, 80)], ids=["more samples", "more features"])
def test_principal_components_are_scikit_learns_up_to_sign(shape):
    x = np.random.default_rng(1).normal(size=shape) @ np.diag(np.linspace(1, 3, shape[1]))
    ours, theirs = principal_components(x, 7), PCA(7, svd_solver="full").fit_transform(x)
    np.testing.assert_allclose(np.abs(ours), np.abs(theirs), atol=1e-8)


def test_copies_of_features_change_no_prediction(task):
    x, y, groups = task
    few, held_out = x[:, :4], random_splits(groups, n_splits=3)
    once = decode(few, y, held_out).prediction
    twice = decode(np.concatenate([few, 2 * few], axis=1), y, held_out).prediction
    np.testing.assert_allclose(once, twice, atol=1e-7)


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 40), st.integers(1, 5), st.floats(0.05, 0.95), st.integers(0, 99))
def test_random_splits_hold_out_whole_conditions_of_the_stated_share(n_conditions, size, share, seed):
    groups = np.tile(np.arange(n_conditions), size)
    held_out = random_splits(groups, n_splits=5, train_share=share, seed=seed)
    n_train = min(max(int(n_conditions * share), 1), n_conditions - 1)
    for split in held_out:
        held = set(groups[split])
        assert len(held) == n_conditions - n_train
        assert not held & set(groups[~split])


def test_consecutive_splits_follow_the_order_of_the_data():
    groups = np.array(["z", "z", "a", "m", "m", "b"])
    first, second = consecutive_splits(groups)
    assert set(groups[first]) == {"z", "a"}
    assert set(groups[second]) == {"m", "b"}


def test_a_bootstrap_that_draws_each_condition_once_is_the_score(task):
    """The mean over many resamples of a linear statistic is its value; r and skill are nearly so."""
    x, y, groups = task
    found = decode(x[:, :20], y, random_splits(groups, n_splits=10))
    boot = bootstrap_decoding(found, y, groups, n_boot=400, seed=1)
    assert boot.shape == (400, 3)
    np.testing.assert_allclose(boot.mean(0), found.r(y).mean(0), atol=0.02)
    skill = 1 - found.mae(y).mean(0) / found.chance_mae(y).mean(0)
    boot = bootstrap_decoding_skill(found, y, groups, n_boot=400, seed=1)
    np.testing.assert_allclose(boot.mean(0), skill, atol=0.02)


def test_resamples_equal_a_loop_that_copies_the_drawn_conditions(task):
    x, y, groups = task
    found = decode(x[:, :20], y, random_splits(groups, n_splits=2))
    ours = bootstrap_decoding(found, y, groups, n_boot=3, seed=5)
    drawn = np.random.default_rng(5).integers(30, size=(3, 30))
    names = np.unique(groups)
    for b in range(3):
        rows = np.concatenate([np.flatnonzero(groups == names[k]) for k in drawn[b]])
        by_split = []
        for k in range(2):
            kept = rows[found.held_out[k][rows]]
            pairs = (np.corrcoef(found.prediction[k][kept, j], y[kept, j])[0, 1] for j in range(3))
            by_split.append(list(pairs))
        np.testing.assert_allclose(ours[b], np.mean(by_split, axis=0), atol=1e-10)


def test_shuffled_targets_are_not_decoded(task):
    x, y, groups = task
    order = np.random.default_rng(0).permutation(len(y))
    found = decode(x[:, :20], y[order], random_splits(groups))
    assert np.abs(found.r(y[order]).mean(axis=0)).max() < 0.15


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"x": np.zeros((10, 2))}, "'x' and 'y'"),
        ({"held_out": np.zeros((2, 360))}, "'held_out'"),
        ({"held_out": np.zeros((2, 5), bool)}, "'held_out'"),
        ({"x": np.random.default_rng(0).normal(size=(360, 200))}, "fewer features"),
        ({"y": np.full((360, 1), np.nan)}, "'y'"),
    ],
)
def test_bad_input_is_refused_by_name(task, change, named):
    x, y, groups = task
    given_ = {"x": x[:, :5], "y": y, "held_out": random_splits(groups, n_splits=2), **change}
    with pytest.raises(InvalidArgumentError, match=named):
        decode(**given_)


def test_the_share_must_leave_conditions_on_both_sides():
    with pytest.raises(InvalidArgumentError, match="train_share"):
        random_splits(np.arange(5), train_share=1.0)
    with pytest.raises(InvalidArgumentError, match="train_share"):
        random_splits(np.zeros(5))
