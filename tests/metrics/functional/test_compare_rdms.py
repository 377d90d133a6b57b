"""Comparisons of RDMs against scipy, rsatoolbox, closed forms and the real RDMs of 2008."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from rsatoolbox.rdm import RDMs, compare
from scipy.stats import kendalltau, pearsonr, rankdata, spearmanr

from innerscore.core.errors import InvalidArgumentError
from innerscore.metrics.functional.rsa._rank import count_inversions, midranks, stable_order
from innerscore.metrics.functional.rsa.compare_rdms import (
    RDM_COMPARISONS,
    compare_rdms,
    partial_compare_rdms,
)
from innerscore.metrics.functional.rsa.rdm import rdm

from .rsatoolbox_names import PEER


def _stack(k, n_states=12, seed=0, decimals=None):
    values = np.random.default_rng(seed).random((k, n_states * (n_states - 1) // 2)) + 0.1
    return values if decimals is None else np.round(values, decimals)


def test_every_method_has_its_peer_here():
    assert set(PEER) == set(RDM_COMPARISONS)


@pytest.mark.parametrize("method", RDM_COMPARISONS)
@given(n_states=st.integers(4, 25), seed=st.integers(0, 99), decimals=st.sampled_from([1, None]))
@settings(max_examples=15, deadline=None)
def test_equals_rsatoolbox(method, n_states, seed, decimals):
    a, b = _stack(3, n_states, seed, decimals), _stack(2, n_states, seed + 1, decimals)
    want = compare(RDMs(a), RDMs(b), PEER[method])
    np.testing.assert_allclose(compare_rdms(a, b, method=method), want, atol=1e-9)


def test_pearson_and_spearman_equal_scipy():
    a, b = _stack(1, decimals=1)[0], _stack(1, seed=1)[0]
    assert compare_rdms(a, b) == pytest.approx(pearsonr(a, b)[0], abs=1e-12)
    assert compare_rdms(a, b, method="spearman") == pytest.approx(spearmanr(a, b)[0], abs=1e-12)


@given(seed=st.integers(0, 999), levels=st.integers(2, 40))
@settings(max_examples=30, deadline=None)
def test_tau_a_equals_its_definition(seed, levels):
    a, b = np.random.default_rng(seed).integers(0, levels, size=(2, 45)).astype(float)
    pairs = np.array(list(itertools.combinations(range(45), 2)))
    agree = np.sign(a[pairs[:, 0]] - a[pairs[:, 1]]) * np.sign(b[pairs[:, 0]] - b[pairs[:, 1]])
    assert compare_rdms(a, b, method="tau-a") == pytest.approx(agree.mean(), abs=1e-15)


def test_rho_a_is_the_expected_spearman_of_randomly_broken_ties():
    rng = np.random.default_rng(0)
    a, b = np.round(_stack(1)[0], 1), _stack(1, seed=1)[0]
    a = a + 0.3 * np.round(b, 1)
    broken = [spearmanr(a + 1e-6 * rng.random(a.size), b)[0] for _ in range(2000)]
    assert compare_rdms(a, b, method="rho-a") == pytest.approx(np.mean(broken), abs=4 * np.std(broken) / 44)


@pytest.mark.parametrize("method", ["whitened-pearson", "whitened-cosine"])
def test_whitening_is_by_the_covariance_of_the_dissimilarities(method):
    a, b = _stack(2, n_states=7)
    contrasts = np.array([np.eye(7)[i] - np.eye(7)[j] for i, j in itertools.combinations(range(7), 2)])
    inverse = np.linalg.inv((contrasts @ contrasts.T) ** 2)
    if method == "whitened-pearson":
        a, b = a - a.mean(), b - b.mean()
    want = a @ inverse @ b / np.sqrt((a @ inverse @ a) * (b @ inverse @ b))
    assert compare_rdms(*_stack(2, n_states=7), method=method) == pytest.approx(want, abs=1e-12)


@pytest.mark.parametrize("method", RDM_COMPARISONS)
def test_shapes_kinds_and_dtypes(method):
    a, b = _stack(3), _stack(2, seed=1)
    full = compare_rdms(a, b, method=method)
    assert full.shape == (3, 2)
    assert full.dtype == np.float64
    one = compare_rdms(a[0], b[1], method=method)
    assert isinstance(one, float)
    assert one == pytest.approx(full[0, 1], abs=1e-12)
    assert compare_rdms(a[0], b, method=method).shape == (1, 2)
    tensors = compare_rdms(torch.from_numpy(a), torch.from_numpy(b), method=method)
    assert isinstance(tensors, torch.Tensor)
    np.testing.assert_allclose(tensors.numpy(), full, atol=1e-14)
    single = compare_rdms(a.astype(np.float32), b.astype(np.float32), method=method)
    np.testing.assert_allclose(single, full, atol=1e-5)
    np.testing.assert_allclose(compare_rdms(b, a, method=method), full.T, atol=1e-12)


@pytest.mark.parametrize("method", RDM_COMPARISONS)
def test_self_comparison_is_one(method):
    a = _stack(1)[0]
    assert compare_rdms(a, a, method=method) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("method", ["spearman", "rho-a", "tau-a"])
def test_rank_methods_see_ranks_only(method):
    a, b = _stack(2)
    assert compare_rdms(np.exp(9 * a), b**3, method=method) == compare_rdms(a, b, method=method)


@pytest.mark.parametrize("method", ["pearson", "spearman", "rho-a", "tau-a", "whitened-pearson"])
def test_independent_patterns_give_zero_in_expectation(method):
    x = np.random.default_rng(0).normal(size=(200, 2, 12, 20))
    values = [compare_rdms(rdm(a), rdm(b), method=method) for a, b in x]
    assert abs(np.mean(values)) < 4 * np.std(values) / np.sqrt(len(values))


def test_constant_rdms_are_nan_not_zero():
    a, constant = _stack(1)[0], np.full(66, 0.1)
    for method in ("pearson", "spearman", "whitened-pearson"):
        assert np.isnan(compare_rdms(a, constant, method=method))
        assert np.isnan(partial_or_nan(constant, a, method))
    assert compare_rdms(a, constant, method="tau-a") == 0
    assert np.isnan(compare_rdms(a, np.zeros(66), method="cosine"))


def partial_or_nan(a, b, method):
    if method not in ("pearson", "spearman"):
        return np.nan
    return partial_compare_rdms(a, b, _stack(1, seed=7)[0], method=method)


@given(
    seed=st.integers(0, 999),
    n=st.integers(1, 400),
    levels=st.integers(1, 500),
    dtype=st.sampled_from(["f4", "f8"]),
)
@settings(max_examples=60, deadline=None)
def test_ranks_and_order_equal_scipy_and_numpy(seed, n, levels, dtype):
    values = (np.random.default_rng(seed).integers(-levels, levels, size=n) / 7).astype(dtype)
    values[values == 0] *= np.random.default_rng(seed).choice([-1, 1])
    np.testing.assert_array_equal(midranks(torch.from_numpy(values)).numpy(), rankdata(values))
    order = stable_order(torch.from_numpy(values)).numpy()
    np.testing.assert_array_equal(order, np.argsort(values, kind="stable"))


@given(seed=st.integers(0, 999), spread=st.sampled_from([1e-300, 1e-12, 1e-9, 1e-3, 1e300]))
@settings(max_examples=30, deadline=None)
def test_order_of_values_that_crowd_together(seed, spread):
    rng = np.random.default_rng(seed)
    values = spread * rng.normal(size=500)
    values[rng.integers(0, 500, size=40)] = values[rng.integers(0, 500, size=40)]
    values[0] = 1.0  # far from the others: they share the leading bits of any linear key
    order = stable_order(torch.from_numpy(values)).numpy()
    np.testing.assert_array_equal(order, np.argsort(values, kind="stable"))


@given(seed=st.integers(0, 999), n=st.integers(1, 700), levels=st.integers(1, 700))
@settings(max_examples=60, deadline=None)
def test_inversions_equal_a_count(seed, n, levels):
    ranks = np.random.default_rng(seed).integers(0, levels, size=n).astype(np.int32)
    want = int(np.triu(ranks[:, None] > ranks[None], 1).sum())
    assert count_inversions(torch.from_numpy(ranks)) == want


def test_partial_equals_the_textbook_formula():
    z, noise = _stack(1, seed=5)[0], _stack(2)
    a, b = noise + z
    r_ab, r_az, r_bz = (np.corrcoef(*pair)[0, 1] for pair in ((a, b), (a, z), (b, z)))
    want = (r_ab - r_az * r_bz) / np.sqrt((1 - r_az**2) * (1 - r_bz**2))
    assert partial_compare_rdms(a, b, z) == pytest.approx(want, abs=1e-12)
    ranked = [rankdata(v) for v in (a, b, z)]
    assert partial_compare_rdms(a, b, z, method="spearman") == pytest.approx(
        partial_compare_rdms(*ranked), abs=1e-12
    )


def test_partial_with_several_nuisances_equals_least_squares():
    a, b, held = _stack(3), _stack(2, seed=1), _stack(2, seed=2)
    design = np.c_[np.ones(66), held.T]
    rest = [v - (design @ np.linalg.lstsq(design, v.T, rcond=None)[0]).T for v in (a, b)]
    want = np.corrcoef(*rest)[:3, 3:]
    np.testing.assert_allclose(partial_compare_rdms(a, b, held), want, atol=1e-12)
    repeated = np.concatenate([held, 2 * held, np.ones((1, 66))])
    np.testing.assert_allclose(partial_compare_rdms(a, b, repeated), want, atol=1e-9)


def test_what_the_nuisance_explains_wholly_is_nan():
    a, z = _stack(2)
    assert np.isnan(partial_compare_rdms(3 * z + 1, a, z))


@pytest.mark.parametrize(
    ("a", "b", "method", "word"),
    [
        (np.ones(6), np.ones(10), "pearson", "pairs"),
        (np.array([1.0, np.nan, 2.0]), np.ones(3), "pearson", "'a'.*NaN|NaN"),
        (np.ones(3), np.array([1, 2, 3]), "pearson", "'b'"),
        (np.ones((1, 1, 3)), np.ones(3), "pearson", "'a'"),
        (np.ones(1), np.ones(1), "pearson", "at least 2 pairs"),
        (np.ones(3), np.ones(3), "kendall", "'method'"),
        (np.ones(4), np.ones(4), "whitened-cosine", "whole number"),
    ],
)
def test_bad_input_is_refused_by_name(a, b, method, word):
    with pytest.raises(InvalidArgumentError, match=word):
        compare_rdms(a, b, method=method)


def test_partial_refuses_what_it_cannot_do():
    a = _stack(1)[0]
    with pytest.raises(InvalidArgumentError, match="'method'"):
        partial_compare_rdms(a, a, a, method="tau-a")
    with pytest.raises(InvalidArgumentError, match="'nuisance'"):
        partial_compare_rdms(a[:6], a[:6], _stack(5)[:, :6])
    with pytest.raises(InvalidArgumentError, match="'nuisance'"):
        partial_compare_rdms(a, a, a[:-1])


@pytest.mark.parametrize("levels", [2, 30, 400])
def test_tau_a_with_short_and_long_runs_of_ties_equals_scipy(levels):
    rng = np.random.default_rng(levels)
    a = rng.integers(levels, size=780).astype("f4")
    b = a + rng.integers(levels, size=780).astype("f4")
    concordance = kendalltau(a, b, variant="b").statistic
    n_all = 780 * 779 // 2
    untied = [n_all - sum(n * (n - 1) // 2 for n in np.unique(x, return_counts=True)[1]) for x in (a, b)]
    want = concordance * np.sqrt(untied[0] * untied[1]) / n_all
    for first, second in ((a, b), (b, a)):
        assert compare_rdms(first, second, method="tau-a") == pytest.approx(want, abs=1e-12)
