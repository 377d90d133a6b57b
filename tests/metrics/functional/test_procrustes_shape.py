"""Procrustes shape similarity against scipy, its invariances and its metric."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import orthogonal_procrustes

from innerscore.core.errors import InvalidArgumentError
from innerscore.metrics.functional.similarity.procrustes_shape import procrustes_similarity


def _responses(n=40, p=10, q=7, seed=0, noise=1.0):
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=(n, 5))
    x, y = (latent @ rng.normal(size=(5, k)) + noise * rng.normal(size=(n, k)) + 3 for k in (p, q))
    return x, y


def _by_scipy(x, y):
    size = max(x.shape[1], y.shape[1])
    a, b = (np.pad(v - v.mean(0), ((0, 0), (0, size - v.shape[1]))) for v in (x, y))
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    rotation, _ = orthogonal_procrustes(a, b)
    return 1 - 2 / np.pi * np.arccos(min(1, np.sum(a @ rotation * b)))


@given(n=st.integers(2, 50), p=st.integers(1, 60), q=st.integers(1, 60), seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_equals_scipy(n, p, q, seed):
    x, y = _responses(n, p, q, seed)
    assert procrustes_similarity(x, y) == pytest.approx(_by_scipy(x, y), abs=1e-6)


@pytest.mark.parametrize("p", [10, 90])
def test_invariances_and_self(p):
    x, y = _responses(p=p)
    rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(p, p)))[0]
    same = procrustes_similarity(x, y)
    assert procrustes_similarity(5 * x @ rotation - 2, y) == pytest.approx(same, abs=1e-9)
    assert procrustes_similarity(y, x) == pytest.approx(same, abs=1e-9)
    assert procrustes_similarity(x, x @ rotation) == pytest.approx(1, abs=1e-6)


def test_its_complement_is_a_metric():
    rng = np.random.default_rng(0)
    shapes = [rng.normal(size=(20, k)) for k in (3, 8, 30, 5)]
    distance = np.array([[1 - procrustes_similarity(a, b) for a in shapes] for b in shapes])
    for i, j, k in np.ndindex(4, 4, 4):
        assert distance[i, j] <= distance[i, k] + distance[k, j] + 1e-6


def test_independent_responses_tend_to_zero_with_samples_only():
    rng = np.random.default_rng(0)
    few = procrustes_similarity(rng.normal(size=(20, 10)), rng.normal(size=(20, 10)))
    many = procrustes_similarity(rng.normal(size=(20000, 10)), rng.normal(size=(20000, 10)))
    assert many < 0.05
    assert few > 0.2


@pytest.mark.parametrize("p", [10, 90])
def test_kinds_and_dtypes_agree(p):
    x, y = _responses(p=p)
    want = procrustes_similarity(x, y)
    assert procrustes_similarity(torch.from_numpy(x), torch.from_numpy(y)) == want
    assert procrustes_similarity(x.astype(np.float32), y) == pytest.approx(want, abs=1e-5)


@pytest.mark.parametrize(
    ("x", "y", "word"),
    [
        (np.ones((5, 2)), np.ones((6, 2)), "samples"),
        (np.eye(1), np.eye(1), "at least 2 samples"),
        (np.ones((5, 2)), np.eye(5), "'x'.*constant"),
        (np.full((5, 2), np.inf), np.eye(5), "infinite"),
        (np.eye(5), np.eye(5, dtype=int), "'y'.*dtype"),
    ],
)
def test_bad_input_is_refused_by_name(x, y, word):
    with pytest.raises(InvalidArgumentError, match=word):
        procrustes_similarity(x, y)
