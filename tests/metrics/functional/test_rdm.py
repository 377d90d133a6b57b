"""RDMs against scipy and rsatoolbox, their invariances, and what they refuse."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from rsatoolbox.data import Dataset
from rsatoolbox.rdm import calc_rdm
from scipy.spatial.distance import pdist

from innerscore.core.errors import InvalidArgumentError
from innerscore.metrics.functional.rsa.rdm import RDM_DISTANCES, rdm

OF_SCIPY = ("correlation", "euclidean", "sqeuclidean", "cosine")


def _states(n=30, p=12, seed=0, shift=2.0):
    return np.random.default_rng(seed).normal(size=(n, p)) + shift


def _precision(p, seed=1):
    residuals = np.random.default_rng(seed).normal(size=(4 * p, p))
    return np.linalg.inv(residuals.T @ residuals / len(residuals))


@pytest.mark.parametrize("distance", OF_SCIPY)
@given(
    n=st.integers(2, 40),
    p=st.integers(2, 30),
    seed=st.integers(0, 9),
    scale=st.sampled_from([1e-3, 1.0, 1e4]),
    layout=st.sampled_from(["C", "F", "strided", "reversed"]),
)
@settings(max_examples=25, deadline=None)
def test_equals_scipy(*, distance, n, p, seed, scale, layout):
    base = np.random.default_rng(seed).normal(size=(n, 2 * p)) * scale + scale
    x = {
        "C": base[:, :p].copy(),
        "F": np.asfortranarray(base[:, :p]),
        "strided": base[:, ::2],
        "reversed": base[::-1, :p],
    }[layout]
    want = pdist(x, distance)
    np.testing.assert_allclose(rdm(x, distance=distance), want, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("distance", OF_SCIPY)
def test_bands_join_without_a_seam(distance):
    x = _states(n=1100, p=7)
    np.testing.assert_allclose(rdm(x, distance=distance), pdist(x, distance), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("distance", ["euclidean", "sqeuclidean"])
def test_states_that_nearly_coincide_keep_their_distance(distance):
    x = np.concatenate([_states(n=5) * 1e3, _states(n=5) * 1e3])
    x[5:] += 1e-6 * _states(n=5, seed=3)
    x[9] = x[4]
    np.testing.assert_allclose(rdm(x, distance=distance), pdist(x, distance), rtol=1e-6, atol=0)


@pytest.mark.parametrize("distance", OF_SCIPY)
def test_float32_stays_float32_and_close(distance):
    x = _states().astype(np.float32)
    got = rdm(x, distance=distance)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, pdist(x.astype(float), distance), rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("distance", OF_SCIPY)
def test_torch_and_numpy_agree(distance):
    x = _states()
    got = rdm(torch.from_numpy(x), distance=distance)
    assert isinstance(got, torch.Tensor)
    np.testing.assert_array_equal(got.numpy(), rdm(x, distance=distance))


@pytest.mark.parametrize("distance", OF_SCIPY)
def test_a_stack_is_its_members(distance):
    stack = np.stack([_states(seed=s) for s in range(3)])
    np.testing.assert_array_equal(
        rdm(stack, distance=distance), np.stack([rdm(x, distance=distance) for x in stack])
    )


def test_rsatoolbox_correlation_and_scale_of_its_euclidean():
    x = _states()
    peer = Dataset(x)
    np.testing.assert_allclose(rdm(x), calc_rdm(peer, "correlation").get_vectors()[0], atol=1e-12)
    per_feature = rdm(x, distance="sqeuclidean") / x.shape[1]
    np.testing.assert_allclose(per_feature, calc_rdm(peer, "euclidean").get_vectors()[0], atol=1e-12)


def test_mahalanobis_equals_scipy_and_rsatoolbox():
    x, precision = _states(), _precision(12)
    got = rdm(x, distance="mahalanobis", noise_precision=precision)
    np.testing.assert_allclose(got, pdist(x, "mahalanobis", VI=precision), rtol=1e-9)
    peer = calc_rdm(Dataset(x), "mahalanobis", noise=precision).get_vectors()[0]
    np.testing.assert_allclose(got**2 / x.shape[1], peer, rtol=1e-9)
    np.testing.assert_allclose(rdm(x, distance="mahalanobis"), pdist(x), rtol=1e-9)


@pytest.mark.parametrize("n_folds", [2, 3, 5])
@pytest.mark.parametrize("whiten", [True, False])
def test_crossnobis_equals_rsatoolbox(n_folds, whiten):
    folds = np.random.default_rng(0).normal(size=(n_folds, 9, 12)) + _states(9, 12)
    precision = _precision(12) if whiten else None
    got = rdm(folds, distance="crossnobis", noise_precision=precision)
    descriptors = {"state": np.tile(np.arange(9), n_folds), "fold": np.repeat(np.arange(n_folds), 9)}
    peer = Dataset(folds.reshape(-1, 12), obs_descriptors=descriptors)
    want = calc_rdm(peer, "crossnobis", descriptor="state", noise=precision, cv_descriptor="fold")
    np.testing.assert_allclose(got, want.get_vectors()[0] * 12, rtol=1e-8, atol=1e-9)


def test_crossnobis_of_noise_is_zero_in_expectation():
    noise = np.random.default_rng(0).normal(size=(400, 2, 6, 10))
    means = rdm(noise, distance="crossnobis").mean(1)
    assert abs(means.mean()) < 4 * means.std() / np.sqrt(len(means))
    assert rdm(noise[:, 0], distance="sqeuclidean").mean() > 15


def test_invariances():
    x = _states()
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(12, 12)))[0]
    np.testing.assert_allclose(
        rdm(x @ rotation + 5, distance="euclidean"), rdm(x, distance="euclidean"), rtol=1e-9
    )
    np.testing.assert_allclose(rdm(3 * x + 7), rdm(x), atol=1e-12)
    np.testing.assert_allclose(rdm(x * 3, distance="cosine"), rdm(x, distance="cosine"), atol=1e-12)


def test_the_argument_is_left_as_it_was():
    x = _states()
    before = x.copy()
    for distance in OF_SCIPY:
        rdm(x, distance=distance)
    np.testing.assert_array_equal(x, before)


def _with(value):
    x = _states()
    x[3, 2] = value
    return x


@pytest.mark.parametrize(
    ("x", "options", "word"),
    [
        (_with(np.nan), {}, "NaN"),
        (_with(np.inf), {}, "infinite"),
        (np.empty((0, 3)), {}, "non-empty"),
        (np.ones(4), {}, "dimensional"),
        (np.arange(12).reshape(4, 3), {}, "dtype"),
        (np.array([["a", "b"]], dtype=object), {}, "dtype"),
        ([[1.0, 2.0]], {}, "array"),
        (_states(n=1), {}, "at least 2 states"),
        (_states(p=1), {}, "at least 2 features"),
        (_states(), {"distance": "manhattan"}, "'distance'"),
        (_states(), {"noise_precision": np.eye(12)}, "'noise_precision'"),
        (_states(), {"distance": "mahalanobis", "noise_precision": np.eye(11)}, "shape"),
        (_states(), {"distance": "mahalanobis", "noise_precision": -np.eye(12)}, "positive definite"),
        (_states(), {"distance": "mahalanobis", "noise_precision": np.triu(np.ones((12, 12)))}, "asymmetric"),
        (_states()[None], {"distance": "crossnobis"}, "at least 2 folds"),
        (_states(), {"distance": "crossnobis"}, "dimensional"),
    ],
)
def test_bad_input_is_refused_by_name(x, options, word):
    with pytest.raises(InvalidArgumentError, match=word):
        rdm(x, **options)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("distance", "value"), [("correlation", 0.1), ("correlation", 0.0), ("cosine", 0.0)])
def test_states_without_a_defined_distance_are_counted_and_refused(distance, value, dtype):
    x = _states().astype(dtype)
    x[[4, 7]] = value
    with pytest.raises(InvalidArgumentError, match=r"2 of 30 states .*state 4"):
        rdm(x, distance=distance)
    assert np.isfinite(rdm(x, distance="euclidean")).all()


def test_every_distance_is_tested_here():
    assert set(RDM_DISTANCES) == {*OF_SCIPY, "mahalanobis", "crossnobis"}


def test_states_that_are_one_and_the_same_are_exactly_at_distance_zero():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 40)) + 1e3
    x[50:280] = x[3]
    x[280] = x[3] + 1e-9
    ours, theirs = rdm(x, distance="euclidean"), pdist(x)
    np.testing.assert_array_equal(ours == 0, theirs == 0)
    np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-10)
