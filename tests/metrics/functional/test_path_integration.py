"""Path integration's readout against scikit-learn and plain loops."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from innerscore.core.errors import InvalidArgumentError
from innerscore.metrics.functional.decoding.path_integration import (
    bootstrap_skill,
    error_over_time,
    position_skill,
    read_out_position,
)


def walks_of(n_walks, n_steps, n_features, noise, seed=0):
    """Random walks, and states that are a linear code of position with noise."""
    rng = np.random.default_rng(seed)
    where = np.cumsum(rng.normal(size=(n_walks, n_steps, 2)), axis=1).reshape(-1, 2)
    states = where @ rng.normal(size=(2, n_features)) + noise * rng.normal(size=(len(where), n_features))
    return states, where, np.repeat(np.arange(n_walks), n_steps)


@pytest.mark.parametrize(("n_features", "noise"), [(7, 0.5), (7, 20.0), (400, 3.0)])
def test_the_readout_is_scikit_learns_ridge_at_the_penalty_chosen(n_features, noise):
    x, y, walk = walks_of(20, 15, n_features, noise)
    train = walk < 12
    found = read_out_position(x, y, walk, train)
    reference = Ridge(alpha=found.alpha).fit(x[train], y[train])
    np.testing.assert_allclose(found.position[~train], reference.predict(x[~train]), rtol=1e-6, atol=1e-6)
    assert np.isnan(found.position[train]).all()
    expected = [np.hypot(*(p - t)) for p, t in zip(found.position[~train], y[~train], strict=True)]
    np.testing.assert_allclose(found.error[~train], expected)


def test_the_penalty_is_the_one_that_plain_cross_validation_picks():
    x, y, walk = walks_of(16, 10, 60, 6.0)
    train = walk < 12
    found = read_out_position(x, y, walk, train, n_folds=12)  # each walk once
    about = x[train] - x[train].mean(axis=0)
    grid = np.geomspace(1e-8, 1e2, 11) * (about**2).sum(axis=0).mean()
    losses = []
    for alpha in grid:
        loss = 0.0
        for held in range(12):
            fit = Ridge(alpha=alpha).fit(x[train & (walk != held)], y[train & (walk != held)])
            loss += ((fit.predict(x[walk == held]) - y[walk == held]) ** 2).sum()
        losses.append(loss)
    assert 0 < np.argmin(losses) < 10
    assert found.alpha == pytest.approx(grid[np.argmin(losses)])


def test_a_linear_code_is_read_exactly_and_beyond_the_fitted_range():
    x, y, walk = walks_of(10, 20, 5, 0.0)
    far = np.where(walk[:, None] >= 6, 3.0, 1.0)
    found = read_out_position(x * far, y * far, walk, walk < 6)
    assert np.nanmax(found.error) < 1e-5


def test_states_that_know_nothing_are_no_better_than_the_mean():
    rng = np.random.default_rng(1)
    _, y, walk = walks_of(40, 20, 5, 0.0)
    train = walk < 20
    found = read_out_position(rng.normal(size=(len(y), 30)), y, walk, train)
    chance = np.linalg.norm(y - y[~train].mean(axis=0), axis=1)[~train]
    assert position_skill(found.error[~train], chance) < 0.05
    constant = read_out_position(np.ones((len(y), 3)), y, walk, train)
    mean = np.broadcast_to(y[train].mean(axis=0), y[~train].shape)
    np.testing.assert_allclose(constant.position[~train], mean)


def test_torch_and_numpy_agree():
    x, y, walk = walks_of(10, 10, 5, 1.0)
    ours = read_out_position(x, y, walk, walk < 5)
    theirs = read_out_position(torch.from_numpy(x), torch.from_numpy(y), walk, walk < 5)
    assert isinstance(theirs.error, torch.Tensor)
    np.testing.assert_allclose(theirs.error.numpy(), ours.error)


@given(st.integers(1, 40), st.integers(1, 6), st.integers(0, 2**31))
def test_error_over_time_is_the_mean_in_each_stretch(n, n_stretches, seed):
    rng = np.random.default_rng(seed)
    error, time = rng.uniform(size=n), rng.integers(0, 12, size=n).astype(float)
    error[rng.uniform(size=n) < 0.2] = np.nan
    edges = np.linspace(0, 10, n_stretches + 1)
    found = error_over_time(error, time, edges)
    for value, low, high in zip(found, edges[:-1], edges[1:], strict=True):
        inside = error[(time > low) & (time <= high)]
        inside = inside[np.isfinite(inside)]
        assert value == pytest.approx(inside.mean()) if len(inside) else np.isnan(value)


def test_skill_and_its_resamples():
    walk = np.repeat(np.arange(30), 4)
    rng = np.random.default_rng(0)
    chance = rng.uniform(1, 2, size=120)
    error = 0.25 * chance
    assert position_skill(error, chance) == pytest.approx(0.75)
    assert position_skill(error, np.zeros(120)) != position_skill(error, np.zeros(120))  # NaN
    np.testing.assert_allclose(bootstrap_skill(error, chance, walk, n_boot=20), 0.75)
    per_walk = np.repeat(rng.uniform(0, 1, size=30), 4)
    boot = bootstrap_skill(per_walk, np.ones(120), walk, n_boot=4000)
    assert boot.mean() == pytest.approx(1 - per_walk.mean(), abs=0.01)
    assert boot.std() == pytest.approx(per_walk.std() / np.sqrt(30), rel=0.05)


X, Y, WALK = walks_of(6, 5, 3, 1.0)
FITTED = WALK < 4


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"x": X[:-1]}, "samples"),
        ({"x": np.where(X[0] == X, np.nan, X)}, "NaN"),
        ({"fitted": FITTED[:-1]}, "fitted"),
        ({"fitted": np.ones(30, bool)}, "some set and some not"),
        ({"fitted": np.zeros(30, bool)}, "some set and some not"),
        ({"fitted": FITTED.astype(int)}, "bool"),
        ({"fitted": np.arange(30) < 7}, "1 walks fitted on in part"),
        ({"walks": WALK[:-1]}, "walks"),
        ({"n_folds": 5}, "n_outer"),
        ({"n_folds": 1}, "n_folds"),
    ],
)
def test_what_makes_no_sense_is_refused(changed, message):
    arguments = {"x": X, "position": Y, "walks": WALK, "fitted": FITTED} | changed
    with pytest.raises(InvalidArgumentError, match=message):
        read_out_position(**arguments)


def test_edges_have_to_increase():
    with pytest.raises(InvalidArgumentError, match="edges"):
        error_over_time(np.ones(3), np.ones(3), [1.0, 1.0])
