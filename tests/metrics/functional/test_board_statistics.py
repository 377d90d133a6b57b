"""Paired differences, Holm, shared ranks and hierarchical resamples against scipy and by enumeration."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import permutation_test, ttest_1samp, ttest_ind

from innerscore.core.errors import InvalidArgumentError
from innerscore.metrics.functional.statistics.hierarchical_bootstrap import hierarchical_bootstrap
from innerscore.metrics.functional.statistics.paired import paired_difference
from innerscore.metrics.functional.statistics.rank_ranges import holm, rank_ranges


def _pair(n=40, effect=0.0, seed=0):
    rng = np.random.default_rng(seed)
    shared = 3 * rng.normal(size=n)
    return shared + rng.normal(size=n) + effect, shared + rng.normal(size=n)


@given(seed=st.integers(0, 999), n=st.integers(2, 11), effect=st.sampled_from([0.0, 1.0]))
@settings(max_examples=25, deadline=None)
def test_exact_p_equals_scipy(seed, n, effect):
    first, second = _pair(n, effect, seed)
    want = permutation_test(
        (first, second),
        lambda a, b, axis: np.mean(a - b, axis=axis),
        permutation_type="samples",
        vectorized=True,
    )
    got = paired_difference(first, second, unit="conditions", n_boot=10)
    assert got.p_value == pytest.approx(want.pvalue, abs=1e-12)
    assert got.difference == pytest.approx(np.mean(first - second), abs=1e-12)


def test_random_p_comes_near_the_exact_one():
    first, second = _pair(13, 0.7, seed=1)
    exact = paired_difference(first, second, unit="u", n_boot=10, n_permutations=2**13).p_value
    drawn = paired_difference(first, second, unit="u", n_boot=10, n_permutations=2**13 - 2).p_value
    assert drawn == pytest.approx(exact, abs=4 * np.sqrt(exact / 2**13))
    assert drawn != exact


def test_the_interval_is_the_bootstrap_of_the_mean():
    first, second = _pair(200, 0.5)
    got = paired_difference(first, second, unit="conditions", level=0.9)
    error = np.std(first - second) / np.sqrt(200)
    assert got.interval.low == pytest.approx(got.difference - 1.645 * error, abs=0.15 * error)
    assert got.interval.high == pytest.approx(got.difference + 1.645 * error, abs=0.15 * error)
    assert (got.interval.level, got.interval.unit, got.n_units) == (0.9, "conditions", 200)


def test_few_units_get_the_interval_of_student():
    first, second = _pair(6, 1.0)
    got = paired_difference(first, second, unit="animals", level=0.9)
    want = ttest_1samp(first - second, 0).confidence_interval(0.9)
    assert (got.interval.low, got.interval.high) == pytest.approx((want.low, want.high))


def test_skew_moves_the_interval_to_the_longer_tail():
    skewed = np.random.default_rng(0).exponential(size=30)
    got = paired_difference(skewed, np.zeros(30), unit="u").interval
    mean = skewed.mean()
    assert got.high - mean > 1.3 * (mean - got.low)


def test_what_is_hard_for_both_cancels():
    first, second = _pair(40, 1.0)
    paired = paired_difference(first, second, unit="u")
    assert paired.p_value < 0.001
    shuffled = paired_difference(first, np.random.default_rng(5).permutation(second), unit="u")
    assert shuffled.difference == pytest.approx(paired.difference)
    assert shuffled.p_value > 10 * paired.p_value
    width, wide = (r.interval.high - r.interval.low for r in (paired, shuffled))
    assert wide > 2 * width


def test_groups_count_alike_whatever_their_size():
    first = np.r_[np.full(30, 1.0), np.full(10, 3.0)]
    groups = ["a"] * 30 + ["b"] * 10
    got = paired_difference(first, np.zeros(40), unit="targets within animals", groups=groups)
    assert got.difference == pytest.approx(2)
    assert (got.interval.low, got.interval.high) == pytest.approx((2, 2))
    noisy = first + np.random.default_rng(0).normal(size=40)
    values = [noisy[:30].mean(), noisy[30:].mean()]
    got = paired_difference(noisy, np.zeros(40), unit="u", groups=groups)
    assert got.difference == pytest.approx(np.mean(values))
    # Welch's interval of the sum of two means, halved.
    welch = ttest_ind(noisy[:30], -noisy[30:], equal_var=False).confidence_interval()
    assert got.interval.high - got.interval.low == pytest.approx((welch.high - welch.low) / 2, rel=0.1)


def test_equal_candidates_differ_by_nothing():
    first, _ = _pair()
    got = paired_difference(first, first, unit="u")
    assert (got.difference, got.p_value, got.interval.low, got.interval.high) == (0, 1, 0, 0)


def test_same_seed_same_result_and_kinds_agree():
    first, second = _pair(effect=0.3)
    want = paired_difference(first, second, unit="u", seed=3)
    assert want == paired_difference(torch.from_numpy(first), torch.from_numpy(second), unit="u", seed=3)
    assert want != paired_difference(first, second, unit="u", seed=4)
    swapped = paired_difference(second, first, unit="u", seed=3)
    assert swapped.p_value == want.p_value
    assert swapped.interval.low == pytest.approx(-want.interval.high)


@pytest.mark.parametrize(
    ("first", "second", "options", "word"),
    [
        (np.ones(3), np.ones(4), {}, "units"),
        (np.ones(1), np.ones(1), {}, "at least 2 units"),
        (np.array([1.0, np.nan]), np.ones(2), {}, "NaN"),
        (np.ones(2), np.ones(2, dtype=int), {}, "'second'"),
        (np.ones(3), np.ones(3), {"groups": [1, 2]}, "'groups'"),
        (np.ones(3), np.ones(3), {"level": 95}, "'level'"),
        (np.ones(3), np.ones(3), {"n_boot": 0}, "'n_boot'"),
        (np.ones(3), np.ones(3), {"n_permutations": 0}, "'n_permutations'"),
        (np.ones(3), np.ones(3), {"seed": "x"}, "'seed'"),
    ],
)
def test_bad_pairs_are_refused_by_name(first, second, options, word):
    with pytest.raises(InvalidArgumentError, match=word):
        paired_difference(first, second, unit="u", **options)


@given(p=st.lists(st.floats(0, 1), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_holm_equals_its_definition(p):
    values = np.array(p)
    got = holm(values)
    for test, own in enumerate(values):
        not_above = [(values >= v).sum() * v for v in values[values <= own]]
        # With ties the k-th smallest of equals has the factor m - k + 1 of the first of them.
        assert got[test] == pytest.approx(min(1, max(not_above)), abs=1e-12)


def test_holm_keeps_order_kind_and_bounds():
    np.testing.assert_allclose(holm(np.array([0.04, 0.01, 0.03, 0.005])), [0.06, 0.03, 0.06, 0.02])
    assert isinstance(holm(torch.tensor([0.5])), torch.Tensor)
    for bad in (np.array([1.1]), np.array([-0.1]), np.array([np.nan])):
        with pytest.raises(InvalidArgumentError, match="'p_values'"):
            holm(bad)


def _board(means, n=60, noise=0.5, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=n) + np.array(means)[:, None] + noise * rng.normal(size=(len(means), n))


def test_ranks_are_shared_where_the_difference_is_noise():
    got = rank_ranges(_board([1.0, 1.0, 0.0, 3.0]))
    np.testing.assert_array_equal(got.best, [2, 2, 4, 1])
    np.testing.assert_array_equal(got.worst, [3, 3, 4, 1])
    assert [set(group) for group in got.tie_groups] == [{3}, {0, 1}, {2}]


def test_ties_need_not_be_transitive():
    units = np.tile([-1.0, 1.0], 50)
    scores = np.array([0.36, 0.18, 0.0])[:, None] + np.array([1, 0, -1])[:, None] * units * 0.9
    got = rank_ranges(scores)
    differs = got.p_values <= 0.05
    assert not differs[0, 1]
    assert not differs[1, 2]
    assert got.tie_groups == ((0, 1, 2),) if not differs[0, 2] else got.tie_groups == ((0, 1), (1, 2))


@pytest.mark.parametrize("n_units", [5, 12, 60])
def test_a_difference_below_rounding_is_none(n_units):
    scores = np.random.default_rng(0).normal(size=n_units)
    found = paired_difference(scores, scores + 1e-16, unit="conditions")
    assert (found.p_value, found.difference, found.interval.low, found.interval.high) == (1, 0, 0, 0)
    others = np.stack(
        [scores + 1e-15, scores, scores + 10.0 * np.random.default_rng(1).random(n_units) + 5.0]
    )
    if n_units > 5:  # with five, no p-value of three pairs could be small
        assert rank_ranges(others).best.tolist() == [2, 2, 1]
        assert rank_ranges(others).p_values[0, 1] == 1


def test_board_p_values_are_the_corrected_paired_ones():
    scores = _board([0.0, 0.1, 0.3], n=12)
    got = rank_ranges(scores)
    pairs = list(itertools.combinations(range(3), 2))
    raw = np.array([paired_difference(scores[i], scores[j], unit="u", n_boot=1).p_value for i, j in pairs])
    np.testing.assert_allclose([got.p_values[i, j] for i, j in pairs], holm(raw), atol=1e-12)
    np.testing.assert_array_equal(got.p_values, got.p_values.T)


def test_large_boards_can_still_find_a_difference():
    scores = _board(np.r_[np.zeros(39), 2.0], n=40)
    got = rank_ranges(scores)
    assert got.best[-1] == 1
    assert got.worst[-1] == 1
    assert (got.best[:-1] == 2).mean() > 0.9


def test_one_candidate_stands_alone():
    got = rank_ranges(_board([1.0]))
    assert (got.best[0], got.worst[0], got.tie_groups) == (1, 1, ((0,),))


def test_boards_that_cannot_tell_are_refused():
    with pytest.raises(InvalidArgumentError, match=r"'scores'.*4 units"):
        rank_ranges(_board([0.0, 9.0], n=4))
    with pytest.raises(InvalidArgumentError, match="50 flips"):
        rank_ranges(_board(np.arange(9.0)), n_permutations=50)
    with pytest.raises(InvalidArgumentError, match="'alpha'"):
        rank_ranges(_board([0.0, 1.0]), alpha=5)


def test_hierarchical_equals_its_definition_in_distribution():
    rng = np.random.default_rng(0)
    groups = np.repeat(["a", "b"], [80, 30])
    values = np.where(groups == "a", 0.3, 0.6) + 0.1 * rng.normal(size=110)
    got = hierarchical_bootstrap(values, groups, n_boot=4000)
    by_hand = [
        np.mean([np.median(rng.choice(values[groups == g], (groups == g).sum())) for g in "ab"])
        for _ in range(4000)
    ]
    assert got.mean() == pytest.approx(np.mean(by_hand), abs=4 * np.std(by_hand) / np.sqrt(2000))
    assert got.std() == pytest.approx(np.std(by_hand), rel=0.08)


def test_drawing_groups_adds_their_spread():
    values = np.repeat([0.0, 1.0, 2.0, 3.0], 50)
    groups = np.repeat(np.arange(4), 50)
    assert hierarchical_bootstrap(values, groups, n_boot=50).std() == 0
    drawn = hierarchical_bootstrap(values, groups, n_boot=4000, resample_groups=True)
    assert drawn.std() == pytest.approx(np.sqrt(5 / 4 / 4), rel=0.05)


def test_rows_are_resamples_of_what_is_above():
    rows = np.arange(6.0)[:, None] + np.zeros((1, 8))
    for statistic in ("median", "mean"):
        got = hierarchical_bootstrap(rows, np.repeat([0, 1], 4), statistic=statistic)
        np.testing.assert_allclose(got, np.arange(6.0))


def test_undefined_members_are_left_out_and_empty_groups_are_nan():
    values = np.array([1.0, np.nan, 1.0, 1.0, np.nan, np.nan])
    defined = hierarchical_bootstrap(values[:4], ["a"] * 4, n_boot=300)
    assert set(np.unique(defined[~np.isnan(defined)])) == {1.0}
    assert np.isnan(hierarchical_bootstrap(values, ["a"] * 4 + ["b"] * 2, n_boot=20)).all()


def test_hierarchical_seeds_and_kinds():
    values = np.random.default_rng(0).random(20)
    groups = np.repeat([0, 1], 10)
    first = hierarchical_bootstrap(values, groups, n_boot=9, seed=1)
    tensor = hierarchical_bootstrap(torch.from_numpy(values), torch.from_numpy(groups), n_boot=9, seed=1)
    assert isinstance(tensor, torch.Tensor)
    np.testing.assert_array_equal(first, tensor.numpy())
    assert not np.array_equal(first, hierarchical_bootstrap(values, groups, n_boot=9, seed=2))


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"groups": [0, 1]}, "'groups'"),
        ({"statistic": "mode"}, "'statistic'"),
        ({"n_boot": -1}, "'n_boot'"),
        ({"resample_groups": True}, "at least 2 groups"),
    ],
)
def test_bad_hierarchies_are_refused_by_name(options, word):
    with pytest.raises(InvalidArgumentError, match=word):
        hierarchical_bootstrap(np.ones(4), **{"groups": [0, 0, 0, 0], **options})


def test_groups_drawn_alone_are_redrawn_medians():
    values, groups = np.array([1.0, 2.0, 6.0, 10.0, 30.0]), [0, 0, 0, 1, 1]
    got = hierarchical_bootstrap(values, groups, resample_groups=True, resample_members=False, n_boot=400)
    assert set(got) == {2.0, 11.0, 20.0}
    assert np.mean(got == 11.0) == pytest.approx(0.5, abs=0.1)
