"""Linear CKA against its definition written out, its invariances and its expectation."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from innerscore.core.errors import InvalidArgumentError
from innerscore.metrics.functional.similarity.cka import linear_cka


def _responses(n=40, p=10, q=7, seed=0, shared=1.0):
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=(n, 5))
    x, y = (shared * latent @ rng.normal(size=(5, k)) + rng.normal(size=(n, k)) + 3 for k in (p, q))
    return x, y


def _hsic_u(x, y):
    """Song et al. 2012, eq. 5, as printed, from kernels that are not centred."""
    n = len(x)
    k, m = x @ x.T, y @ y.T
    np.fill_diagonal(k, 0)
    np.fill_diagonal(m, 0)
    one = np.ones(n)
    mixed = (one @ k @ one) * (one @ m @ one) / ((n - 1) * (n - 2))
    return (np.trace(k @ m) + mixed - 2 / (n - 2) * one @ k @ m @ one) / (n * (n - 3))


def _hsic_by_all_quadruples(x, y):
    """The U-statistic itself: the mean of its kernel over all ordered quadruples of samples."""
    k, m = x @ x.T, y @ y.T
    terms = [
        k[i, j] * (m[i, j] + m[r, s] - 2 * m[i, r]) for i, j, r, s in itertools.permutations(range(len(x)), 4)
    ]
    return np.mean(terms)


def _by_definition(x, y, hsic):
    return hsic(x, y) / np.sqrt(hsic(x, x) * hsic(y, y))


@given(n=st.integers(6, 60), p=st.integers(1, 80), q=st.integers(1, 80), seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_debiased_equals_song_2012(n, p, q, seed):
    x, y = _responses(n, p, q, seed, shared=2.0)
    if _hsic_u(x, x) <= 0 or _hsic_u(y, y) <= 0:
        assert np.isnan(linear_cka(x, y))
    else:
        assert linear_cka(x, y) == pytest.approx(_by_definition(x, y, _hsic_u), rel=1e-8, abs=1e-10)


def test_debiased_is_the_u_statistic():
    x, y = _responses(n=9, p=3, q=2)
    assert linear_cka(x, y) == pytest.approx(_by_definition(x, y, _hsic_by_all_quadruples), abs=1e-10)


@pytest.mark.parametrize("shape", [(40, 10, 7), (40, 90, 7), (40, 90, 60), (600, 3000, 20), (300, 20, 40)])
def test_biased_equals_kornblith_2019(shape):
    x, y = _responses(*shape)
    a, b = x - x.mean(0), y - y.mean(0)
    want = np.linalg.norm(a.T @ b) ** 2 / (np.linalg.norm(a.T @ a) * np.linalg.norm(b.T @ b))
    assert linear_cka(x, y, debiased=False) == pytest.approx(want, abs=1e-10)


@pytest.mark.parametrize("debiased", [True, False])
@pytest.mark.parametrize("p", [10, 90])
def test_invariances_and_self(debiased, p):
    x, y = _responses(p=p)
    rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(p, p)))[0]
    same = linear_cka(x, y, debiased=debiased)
    assert linear_cka(5 * x @ rotation - 2, y, debiased=debiased) == pytest.approx(same, abs=1e-10)
    assert linear_cka(y, x, debiased=debiased) == pytest.approx(same, abs=1e-12)
    assert linear_cka(x, x @ rotation, debiased=debiased) == pytest.approx(1, abs=1e-10)
    padded = np.c_[y, np.zeros((len(y), 200))]
    assert linear_cka(x, padded, debiased=debiased) == pytest.approx(same, abs=1e-10)


def test_independent_responses_give_zero_in_expectation_only_debiased():
    pairs = [_responses(n=30, p=100, q=80, seed=seed, shared=0.0) for seed in range(200)]
    values = np.array([linear_cka(x, y) for x, y in pairs])
    # With pure noise HSIC with itself can come out negative: such a value is NaN and counted.
    assert np.isnan(values).mean() < 0.9
    hsic = np.array([_hsic_u(x, y) for x, y in pairs])
    assert abs(hsic.mean()) < 4 * hsic.std() / np.sqrt(len(hsic))
    assert np.mean([linear_cka(x, y, debiased=False) for x, y in pairs]) > 0.5
    structured = []
    for seed in range(200):
        x, y = _responses(n=30, seed=seed)[0], _responses(n=30, seed=1000 + seed)[1]
        structured.append(linear_cka(x, y))
    assert abs(np.mean(structured)) < 4 * np.std(structured) / np.sqrt(200)


@pytest.mark.parametrize("p", [10, 300])
def test_kinds_and_dtypes_agree(p):
    x, y = _responses(p=p)
    want = linear_cka(x, y)
    assert linear_cka(torch.from_numpy(x), torch.from_numpy(y)) == want
    assert linear_cka(np.asfortranarray(x), y[::-1][::-1]) == pytest.approx(want, abs=1e-12)
    assert linear_cka(x.astype(np.float32), y.astype(np.float32)) == pytest.approx(want, abs=1e-5)
    assert linear_cka(x.astype(np.float32), y) == pytest.approx(want, abs=1e-5)
    far = (x + 1e3).astype(np.float32)
    assert linear_cka(far, y) == pytest.approx(want, abs=1e-3)


@pytest.mark.parametrize(
    ("x", "y", "word"),
    [
        (np.ones((5, 2)), np.ones((6, 2)), "samples"),
        (np.ones((3, 2)), np.ones((3, 2)), "at least 4 samples"),
        (np.ones((5, 2)), np.eye(5), "'x'.*constant"),
        (np.eye(5), np.ones((5, 2)), "'y'.*constant"),
        (np.full((5, 2), np.nan), np.eye(5), "NaN"),
        (np.eye(5), np.eye(5, dtype=int), "'y'.*dtype"),
        (np.ones(5), np.eye(5), "'x'"),
    ],
)
def test_bad_input_is_refused_by_name(x, y, word):
    with pytest.raises(InvalidArgumentError, match=word):
        linear_cka(x, y)
