"""The bootstrap by weights against resampled pairs that are written out, ranked and compared anew."""

import numpy as np
import pytest
import torch
from scipy.spatial.distance import squareform
from scipy.stats import rankdata, zscore
from scipy.stats import t as student

from innerscore.core.errors import InvalidArgumentError
from innerscore.metrics.functional.rsa._resample import draw_plan
from innerscore.metrics.functional.rsa.bootstrap import (
    bootstrap_paired_rsa,
    bootstrap_rsa,
    bootstrap_rsa_ceiling,
)
from innerscore.metrics.functional.rsa.compare_rdms import compare_rdms
from innerscore.metrics.functional.rsa.noise_ceiling import rsa_noise_ceiling
from innerscore.metrics.functional.rsa.two_factor import two_factor_error
from innerscore.metrics.functional.rsa.two_factor_intervals import rsa_two_factor_intervals

METHODS = ("pearson", "spearman", "rho-a", "tau-a", "cosine")
N_STATES = 14
N_BOOT = 12


def _models_and_data(decimals=None):
    rng = np.random.default_rng(0)
    n_pairs = N_STATES * (N_STATES - 1) // 2
    data = rng.random((5, n_pairs)) + rng.random(n_pairs)
    models = rng.random((3, n_pairs)) + data[0]
    return (models, data) if decimals is None else (np.round(models, decimals), np.round(data, decimals))


def _rebuilt(rdm, drawn, conditions):
    """Resample a square RDM by index, as one would by hand; copies of one condition are not compared."""
    states = [(copy, s) for copy, c in enumerate(drawn) for s in np.flatnonzero(conditions == c)]
    square = squareform(rdm)
    values = []
    for i, (copy, s) in enumerate(states):
        for other_copy, t in states[i + 1 :]:
            if copy == other_copy or conditions[s] != conditions[t]:
                values.append(square[s, t])
    return np.array(values)


def _drawn(seed, over, groups, data):
    plan = draw_plan(torch.from_numpy(data), n_boot=N_BOOT, over=over, groups=groups, seed=seed)
    return plan.condition_counts.numpy().astype(int), plan.rdm_counts.numpy().astype(int)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("over", ["conditions", "rdms", "both"])
@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("decimals", [1, None])
def test_equals_rebuilding_each_resample(*, method, over, grouped, decimals):
    models, data = _models_and_data(decimals)
    groups = np.array(list("abcdefgabcdefg")) if grouped else None
    conditions = np.unique(groups, return_inverse=True)[1] if grouped else np.arange(N_STATES)
    got = bootstrap_rsa(models, data, n_boot=N_BOOT, method=method, over=over, groups=groups, seed=4)
    condition_counts, rdm_counts = _drawn(4, over, groups, data)
    for row, rdms in enumerate(rdm_counts):
        if over == "rdms":
            m, d = models, data
        else:
            drawn = np.repeat(np.arange(len(condition_counts[row])), condition_counts[row])
            m, d = ([_rebuilt(v, drawn, conditions) for v in stack] for stack in (models, data))
        want = compare_rdms(np.array(m), np.array(d), method=method)[:, np.repeat(np.arange(5), rdms)].mean(1)
        np.testing.assert_allclose(got[row], want, atol=1e-10)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("groups", [None, list("abcdefgabcdefg"), list("nmlkjihgfedcba")])
def test_partners_are_compared_as_one_by_one(method, groups):
    models, data = _models_and_data(1)
    options = {"n_boot": N_BOOT, "method": method, "groups": groups, "seed": 4}
    got = bootstrap_paired_rsa(models, data[:3], **options)
    want = [bootstrap_rsa(a, b, **options)[:, 0] for a, b in zip(models, data[:3], strict=True)]
    np.testing.assert_allclose(got.T, want, atol=1e-12)


def test_partners_come_in_equal_numbers():
    models, data = _models_and_data()
    with pytest.raises(InvalidArgumentError, match="as many as in 'first', 3, got 5 RDMs"):
        bootstrap_paired_rsa(models, data)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("over", ["conditions", "rdms", "both"])
def test_ceilings_equal_rebuilding(method, over):
    data = _models_and_data(1)[1]
    got = bootstrap_rsa_ceiling(data, n_boot=N_BOOT, method=method, over=over, seed=4)
    condition_counts, rdm_counts = _drawn(4, over, None, data)
    for row, rdms in enumerate(rdm_counts):
        d = data
        if over != "rdms":
            drawn = np.repeat(np.arange(N_STATES), condition_counts[row])
            d = np.array([_rebuilt(v, drawn, np.arange(N_STATES)) for v in data])
        if over == "conditions":
            ceiling = rsa_noise_ceiling(d, method=method)
            np.testing.assert_allclose(got[row], (ceiling.lower, ceiling.upper), atol=1e-10)
        else:
            np.testing.assert_allclose(got[row], _ceiling_of_copies(d, rdms, method), atol=1e-10)


def _ceiling_of_copies(data, counts, method):
    """Ceiling of RDMs drawn several times; all copies of an RDM are left out together."""
    members = np.repeat(np.arange(len(data)), counts)
    lower, upper = [], []
    for member in members:
        others = members[members != member]
        lower.append(_against_pool(data[member], data[others], method))
        upper.append(_against_pool(data[member], data[members], method))
    return np.mean(lower), np.mean(upper)


def _against_pool(rdm, others, method):
    if len(others) == 0:
        return np.nan
    if method == "pearson":
        pool = zscore(others, axis=1).mean(0)
    elif method == "cosine":
        pool = (others / np.sqrt((others**2).mean(1, keepdims=True))).mean(0)
    else:
        pool = rankdata(others, axis=1).mean(0)
    return compare_rdms(rdm, pool, method=method)


def test_one_rdm_has_no_lower_bound_in_a_resample_of_itself():
    data = _models_and_data()[1][:2]
    for method in ("pearson", "tau-a"):
        got = bootstrap_rsa_ceiling(data, n_boot=40, method=method, over="rdms")
        alone = np.isnan(got[:, 0])
        assert 5 < alone.sum() < 35
        np.testing.assert_allclose(got[alone, 1], 1, atol=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_seeds_and_kinds(method):
    models, data = _models_and_data()
    first = bootstrap_rsa(models, data, n_boot=7, method=method, seed=1)
    np.testing.assert_array_equal(first, bootstrap_rsa(models, data, n_boot=7, method=method, seed=1))
    assert not np.array_equal(first, bootstrap_rsa(models, data, n_boot=7, method=method, seed=2))
    tensors = bootstrap_rsa(torch.from_numpy(models), torch.from_numpy(data), n_boot=7, method=method, seed=1)
    assert isinstance(tensors, torch.Tensor)
    np.testing.assert_array_equal(tensors.numpy(), first)
    single = bootstrap_rsa(
        models.astype(np.float32), data.astype(np.float32), n_boot=7, method=method, seed=1
    )
    np.testing.assert_allclose(single, first, atol=1e-5)


def test_models_of_different_calls_see_the_same_resamples():
    models, data = _models_and_data()
    together = bootstrap_rsa(models, data, n_boot=9, over="both")
    for column, model in enumerate(models):
        np.testing.assert_allclose(
            bootstrap_rsa(model, data, n_boot=9, over="both")[:, 0], together[:, column], atol=1e-12
        )


def test_a_model_that_is_the_data_scores_one_in_every_resample():
    data = _models_and_data()[1][:1]
    for method in ("pearson", "spearman", "cosine"):
        np.testing.assert_allclose(bootstrap_rsa(data, data, n_boot=20, method=method), 1, atol=1e-12)


@pytest.mark.parametrize("method", ["pearson", "spearman"])
def test_resamples_without_variance_are_nan(method):
    models, data = _models_and_data()
    model = np.zeros(models.shape[1])
    model[0] = 1  # states 0 and 1: constant wherever one of them is not drawn
    values = bootstrap_rsa(model, data, n_boot=60, method=method)[:, 0]
    counts, _ = _drawn(0, "conditions", None, data)
    absent = (draw_counts(data, 60)[:, :2] == 0).any(1)
    assert counts.shape == (N_BOOT, N_STATES)
    np.testing.assert_array_equal(np.isnan(values), absent)
    assert 5 < absent.sum() < 55


def draw_counts(data, n_boot):
    plan = draw_plan(torch.from_numpy(data), n_boot=n_boot, over="conditions", groups=None, seed=0)
    return plan.condition_counts.numpy()


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"n_boot": 0}, "'n_boot'"),
        ({"n_boot": 2.5}, "'n_boot'"),
        ({"over": "subjects"}, "'over'"),
        ({"method": "kendall"}, "'method'"),
        ({"method": "whitened-cosine"}, "'method'"),
        ({"seed": -1}, "'seed'"),
        ({"groups": np.arange(3)}, "'groups'"),
        ({"groups": np.zeros(N_STATES)}, "1 conditions"),
    ],
)
def test_bad_requests_are_refused_by_name(options, word):
    models, data = _models_and_data()
    with pytest.raises(InvalidArgumentError, match=word):
        bootstrap_rsa(models, data, **{"n_boot": 3, **options})


def test_bad_arrays_are_refused_by_name():
    models, data = _models_and_data()
    with pytest.raises(InvalidArgumentError, match="pairs"):
        bootstrap_rsa(models[:, :-1], data)
    with pytest.raises(InvalidArgumentError, match="'data'"):
        bootstrap_rsa(models[:, :-1], data[:, :-1])
    with pytest.raises(InvalidArgumentError, match="1 RDMs"):
        bootstrap_rsa(models, data[0], over="rdms")
    with pytest.raises(InvalidArgumentError, match="1 RDM"):
        bootstrap_rsa_ceiling(data[0])


def test_labels_in_any_order_name_the_same_conditions():
    models, data = _models_and_data()
    labels = np.random.default_rng(1).permutation(N_STATES)
    for method in ("pearson", "spearman"):
        got = bootstrap_rsa(models, data, n_boot=N_BOOT, method=method, groups=labels)
        plan = draw_plan(torch.from_numpy(data), n_boot=N_BOOT, over="conditions", groups=labels, seed=0)
        pairs = plan.resampled_pairs(5)
        want = compare_rdms(models[:, pairs], data[:, pairs], method=method).mean(1)
        np.testing.assert_allclose(got[5], want, atol=1e-10)


def test_two_factor_intervals_follow_from_three_bootstraps():
    rng = np.random.default_rng(0)
    data = rng.random((6, 66)) + rng.random(66)
    models = data.mean(0) + 0.5 * rng.random((2, 66))
    options = {"n_boot": 300, "method": "spearman", "seed": 3}
    both, conditions, rdms = (
        bootstrap_rsa(models, data, over=over, **options) for over in ("both", "conditions", "rdms")
    )
    got = rsa_two_factor_intervals(models, data, level=0.9, **options)
    error = two_factor_error(both, conditions, rdms, n_first=12, n_second=6)
    means = compare_rdms(models, data, method="spearman").mean(1)
    half = student.ppf(0.95, 5) * error
    np.testing.assert_allclose([one.low for one in got], means - half, atol=1e-12)
    np.testing.assert_allclose([one.high for one in got], means + half, atol=1e-12)
    assert (error < both.std(0)).all()
    states = np.repeat(np.arange(6), 2)
    grouped = rsa_two_factor_intervals(models, data, groups=states, **options)
    assert grouped[0].high - grouped[0].low != got[0].high - got[0].low
