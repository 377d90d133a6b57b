"""Ranks that can be known: paired tests on shared resamples against scipy, rsatoolbox and brute force."""

import csv
import io
import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from record_examples import failed, make_record, with_resamples
from rsatoolbox.util.inference_util import extract_variances, t_tests
from scipy import stats

from innerscore.core.rank_ranges import holm_adjusted, rank_ranges_of
from innerscore.core.resamples import Resamples, read_resamples
from innerscore.leaderboard.board import make_board
from innerscore.leaderboard.ranking import Comparison, compare, difference, mean_of
from innerscore.leaderboard.tables import board_csv
from innerscore.leaderboard.win_rate import compare_wins, mean_win_rates, win_rates


def bootstrapped(scores, n_boot=1000, seed=0):
    """Candidates' mean over units and its resamples on shared draws; scores are (n_candidates, n_units)."""
    n_units = scores.shape[1]
    drawn = np.random.default_rng(seed).integers(n_units, size=(n_boot, n_units))
    ceiling = np.random.default_rng(seed + 1).normal(1, 0.1, n_boot)
    values = scores[:, drawn].mean(2)
    return scores.mean(1), [
        Resamples.of("bootstrap", n_units, raw=one / 2, ceiling=ceiling, normalised=one) for one in values
    ]


def jackknifed(scores):
    n = scores.shape[1]
    values = (scores.sum(1, keepdims=True) - scores) / (n - 1)
    return scores.mean(1), [
        Resamples.of("jackknife", n, raw=one, ceiling=np.linspace(0, 1, n), normalised=one) for one in values
    ]


def noisy(n_candidates=5, n_units=40, seed=0, gap=0.0):
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=n_units)
    return shared + rng.normal(size=(n_candidates, n_units)) + gap * np.arange(n_candidates)[:, None]


def test_the_jackknife_gives_the_paired_t_test_exactly():
    scores = noisy()
    values, resamples = jackknifed(scores)
    p_values = compare(values, resamples, "normalised").p_values
    for i, j in itertools.combinations(range(len(scores)), 2):
        assert p_values[i, j] == pytest.approx(stats.ttest_rel(scores[i], scores[j]).pvalue, rel=1e-4)


def test_the_bootstrap_gives_the_paired_t_test_but_for_its_draws():
    scores = noisy()
    values, resamples = bootstrapped(scores, n_boot=20_000)
    found = compare(values, resamples, "normalised")
    for i, j in itertools.combinations(range(len(scores)), 2):
        result = stats.ttest_rel(scores[i], scores[j])
        assert found.errors[i, j] == pytest.approx((values[i] - values[j]) / result.statistic, rel=0.03)


def test_p_values_are_those_of_rsatoolbox():
    values, resamples = bootstrapped(noisy(gap=0.1))
    table = np.array([one.part("normalised") for one in resamples])
    _, variances, _ = extract_variances(np.cov(table, bias=True), nc_included=False, n_pattern=40)
    expected = t_tests(values[None], variances, dof=39)
    found = compare(values, resamples, "normalised").p_values
    off = ~np.eye(len(values), dtype=bool)
    np.testing.assert_allclose(found[off], expected[off], rtol=1e-4, atol=1e-12)


def test_a_difference_has_the_interval_of_its_t_test():
    scores = noisy(2, gap=0.5)
    values, resamples = jackknifed(scores)
    first, second = ((value, one) for value, one in zip(values, resamples, strict=True))
    found = difference(first, second, "normalised")
    expected = stats.ttest_rel(scores[0], scores[1])
    interval = expected.confidence_interval(0.95)
    assert (found.value, found.low, found.high, found.p_value) == pytest.approx(
        (values[0] - values[1], interval.low, interval.high, expected.pvalue), rel=1e-4
    )
    other = bootstrapped(scores)[1][1]
    assert difference(first, (values[1], other), "normalised") is None


def test_undefined_resamples_are_left_out_in_pairs():
    values, resamples = bootstrapped(noisy(3))
    table = [one.values.copy() for one in resamples]
    table[0][:300, 2], table[1][200:600, 2], table[2][:700, 2] = np.nan, np.nan, np.nan
    holed = [Resamples("bootstrap", 40, one) for one in table]
    errors = compare(values, holed, "normalised").errors
    kept = np.r_[600:1000]
    expected = (table[0][kept, 2].astype(float) - table[1][kept, 2]).std() * math.sqrt(40 / 39)
    assert np.isnan(errors[0, 1])  # 400 of 1000 are left
    table[1][400:600, 2] = resamples[1].values[400:600, 2]
    errors = compare(values, [Resamples("bootstrap", 40, one) for one in table], "normalised").errors
    kept = np.r_[400:1000]
    expected = (table[0][kept, 2].astype(float) - table[1][kept, 2]).std() * math.sqrt(40 / 39)
    assert errors[0, 1] == pytest.approx(expected, rel=1e-4)
    assert np.isnan(errors[0, 2])


def test_who_shares_no_resamples_is_told_apart_from_nobody():
    scores = noisy(4, gap=5.0)
    values, resamples = bootstrapped(scores)
    alien = bootstrapped(scores, seed=7)[1][0]
    rank_intervals = compare(values, [alien, resamples[1], None, resamples[3]], "normalised").rank_intervals()
    assert [one.tested for one in rank_intervals] == [False, True, False, True]
    assert [(one.rank_low, one.rank_high) for one in rank_intervals] == [(1, 4), (2, 4), (1, 4), (1, 3)]
    assert all(one.n_compared == 4 for one in rank_intervals)


def test_equal_and_shifted_candidates():
    values, (one, _) = bootstrapped(noisy(2))
    shifted = Resamples(one.kind, one.n_units, one.values)
    p_values = compare([0.5, 0.5, 0.6], [one, one, shifted], "normalised").p_values
    assert p_values[0, 1] == 1
    assert p_values[0, 2] < 1e-100
    assert len(values) == 2


@pytest.mark.parametrize("kind", ["bootstrap", "jackknife"])
@pytest.mark.parametrize("gap", [1e-16, 1e-11, 1e-8])
def test_a_gap_below_rounding_or_below_what_resamples_keep_is_no_gap(kind, gap):
    """The third is lower by 0.1 in every resample, and differs from both of the others in the same way."""
    values, resamples = bootstrapped(noisy(2)) if kind == "bootstrap" else jackknifed(noisy(2))
    one = resamples[0]
    shifted = Resamples.of(
        one.kind,
        one.n_units,
        raw=one.part("raw"),
        ceiling=one.part("ceiling"),
        normalised=one.part("normalised") - 0.1,
    )
    found = compare([0.5, 0.5 + gap, 0.4], [one, one, shifted], "normalised")
    assert found.p_values[0, 1] > 0.7
    assert found.p_values[0, 1] == 1 or gap > 1e-9 * 0.5
    rank_intervals = found.rank_intervals()
    assert [(s.rank_low, s.rank_high) for s in rank_intervals] == [(1, 2), (1, 2), (3, 3)]
    assert len(values) == 2


def brute_force_ranges(values, p_values, alpha):
    n = len(values)
    best = [1 + sum(p_values[i, j] <= alpha and values[j] > values[i] for j in range(n)) for i in range(n)]
    worst = [n - sum(p_values[i, j] <= alpha and values[j] < values[i] for j in range(n)) for i in range(n)]
    order = sorted(range(n), key=lambda i: -values[i])
    runs = [
        set(order[a:b])
        for a in range(n)
        for b in range(a + 1, n + 1)
        if all(p_values[i, j] > alpha for i, j in itertools.combinations(order[a:b], 2))
    ]
    largest = [run for run in runs if not any(run < other for other in runs)]
    return best, worst, largest


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_ranges_and_groups_are_those_of_the_definition(n, seed):
    rng = np.random.default_rng(seed)
    values = rng.permutation(n).astype(float)
    p_values = np.triu(rng.random((n, n)) ** 3, 1)
    p_values = p_values + p_values.T + np.eye(n)
    found = rank_ranges_of(values, p_values, 0.1)
    best, worst, groups = brute_force_ranges(values, p_values, 0.1)
    assert found.best.tolist() == best
    assert found.worst.tolist() == worst
    assert [set(group) for group in found.tie_groups] == groups


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_is_the_step_down_procedure(p_values):
    """Rejection at alpha by the procedure as Holm states it: go down while p_(k) <= alpha / (m - k + 1)."""
    adjusted = holm_adjusted(np.array(p_values))
    for alpha in (0.01, 0.05, 0.3):
        rejected = set()
        for k, index in enumerate(np.argsort(p_values, kind="stable")):
            if p_values[index] * (len(p_values) - k) > alpha:
                break
            rejected.add(int(index))
        assert {i for i, p in enumerate(adjusted) if p <= alpha} == rejected


def test_equal_candidates_are_told_apart_no_more_often_than_alpha():
    """Over the whole board: in 400 boards of 6 equal candidates, any difference in at most 5 % (3 sd: 8.3 %)."""
    found = 0
    for seed in range(400):
        values, resamples = bootstrapped(noisy(6, 30, seed), n_boot=300, seed=seed)
        rank_intervals = compare(values, resamples, "normalised").rank_intervals()
        found += any(one.rank_high < 6 for one in rank_intervals)
    assert found / 400 < 0.083


def test_a_true_difference_is_found_and_gives_a_range():
    values, resamples = bootstrapped(noisy(4, 80, gap=0.0) + np.array([0, 0, 3, 3])[:, None])
    rank_intervals = compare(values, resamples, "normalised").rank_intervals()
    assert [(one.rank_low, one.rank_high) for one in rank_intervals] == [(3, 4), (3, 4), (1, 2), (1, 2)]
    assert [one.tie_group for one in rank_intervals] == [1, 1, 0, 0]


def test_columns_of_one_data_set_go_together_and_others_are_independent():
    def column(error):
        return Comparison(np.array([1.0, 2.0]), np.array([[0, error], [error, 0]]), 20)

    together = mean_of({"a": [column(3.0), column(4.0)]})
    apart = mean_of({"a": [column(3.0)], "b": [column(4.0)]})
    assert together.errors[0, 1] == pytest.approx(7 / 2)
    assert apart.errors[0, 1] == pytest.approx(5 / 2)
    assert together.values.tolist() == [1.0, 2.0]


def test_the_bound_on_columns_of_one_data_set_is_never_too_small():
    rng = np.random.default_rng(0)
    first, second = noisy(2, 40), noisy(2, 40, seed=1)
    for mixture in (-1.0, 0.0, 0.5, 1.0):
        mixed = mixture * first + (1 - abs(mixture)) * second + 0.1 * rng.normal(size=(2, 40))
        columns = [compare(*jackknifed(scores), "normalised") for scores in (first, mixed)]
        true = compare(*jackknifed((first + mixed) / 2), "normalised").errors[0, 1]
        assert mean_of({"a": columns}).errors[0, 1] >= true * (1 - 1e-5)


# Win rates


def wins_by_hand(values):
    n = len(values)
    return [
        sum(
            0.5 if abs(a - b) <= 1e-9 * max(abs(a), abs(b)) else float(a > b)
            for j, b in enumerate(values)
            if j != i
        )
        / (n - 1)
        for i, a in enumerate(values)
    ]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from([-1.0, 0.2, 0.2 + 1e-16, 0.2 * (1 + 1e-11), 0.5, 0.9, 1e6]), min_size=2, max_size=9
    )
)
def test_a_win_rate_is_the_share_of_the_others_beaten(values):
    assert win_rates(values) == pytest.approx(wins_by_hand(values))
    table = np.stack([values, values[::-1]], axis=1)
    assert win_rates(table)[:, 1] == pytest.approx(wins_by_hand(values[::-1]))


def test_who_has_no_value_counts_for_nobody():
    np.testing.assert_array_equal(win_rates([0.1, np.nan, 0.2, 0.3]), [0, np.nan, 0.5, 1])
    np.testing.assert_array_equal(win_rates([np.nan, 0.3]), [np.nan, np.nan])
    values = [[0.1, 0.9], [0.2, 0.8], [0.3, np.nan]]
    np.testing.assert_array_equal(mean_win_rates(values), [0.5, 0.5, np.nan])


def by_wins(n_candidates, n_datasets, seed, gap=0.0, kind=bootstrapped):
    columns = {}
    for number in range(n_datasets):
        values, resamples = kind(noisy(n_candidates, 40, 7 * seed + number, gap))
        by_value = compare(values, resamples, "normalised")
        columns[str(number)] = [compare_wins(by_value, resamples, "normalised")]
    return mean_of(columns)


@pytest.mark.parametrize(("n_candidates", "n_datasets"), [(2, 1), (2, 3), (6, 1), (6, 3)])
def test_equal_candidates_are_told_apart_by_wins_no_more_often_than_alpha(n_candidates, n_datasets):
    """In 200 boards of equal ones at most 5 %, and 4 % for chance; over resamples alone it would be 12 to 43."""
    found = 0
    for seed in range(200):
        made = by_wins(n_candidates, n_datasets, seed, kind=lambda scores: bootstrapped(scores, n_boot=200))
        found += any(one.rank_high < n_candidates for one in made.rank_intervals())
    assert found / 200 < 0.09


@pytest.mark.parametrize("kind", [bootstrapped, jackknifed])
def test_a_true_order_is_found_by_wins(kind):
    made = by_wins(5, 2, 0, gap=2.0, kind=kind)
    assert made.values.tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert [(one.rank_low, one.rank_high) for one in made.rank_intervals()] == [
        (5 - k, 5 - k) for k in range(5)
    ]


def test_in_one_column_wins_tell_nobody_apart_whom_the_values_do_not():
    for seed in range(30):
        values, resamples = bootstrapped(noisy(6, 40, seed, gap=0.3), n_boot=200)
        by_value = compare(values, resamples, "normalised")
        wins = compare_wins(by_value, resamples, "normalised")
        assert (wins.p_values >= np.minimum(by_value.p_values, 0.37) - 1e-9).all()


def test_who_shares_no_resamples_is_told_apart_by_wins_from_nobody():
    values, resamples = bootstrapped(noisy(4, gap=5.0))
    by_value = compare(values, [None, *resamples[1:]], "normalised")
    rank_intervals = compare_wins(by_value, [None, *resamples[1:]], "normalised").rank_intervals()
    assert [one.tested for one in rank_intervals] == [False, True, True, True]
    assert (rank_intervals[0].rank_low, rank_intervals[0].rank_high) == (1, 4)
    assert rank_intervals[3].rank_high == 2


# The board


def board_of(entries, **options):
    known = {
        entry.record.record_sha256: read_resamples(
            entry.files["resamples.npy"], kind="bootstrap", n_units=entry.record.score.resampling.n_units
        )
        for entry in entries
    }
    return make_board([entry.record for entry in entries], {}, {}, resamples=lambda _: known, **options)


def scored(names, benchmark="Bee.x", gap=0.0, seed=0):
    values, resamples = bootstrapped(noisy(len(names), seed=seed, gap=gap))
    return [
        with_resamples(make_record(name, benchmark, float(value)), one.values, n_units=40)
        for name, value, one in zip(names, values, resamples, strict=True)
    ]


def test_cells_and_rows_of_a_board_have_rank_ranges_and_tie_groups():
    made = board_of([*scored("abc", gap=3.0), *scored("abc", "Bee.y", seed=3)])
    (section,) = made.sections
    first, second = section.columns
    ranks = {row.candidate: [(c.rank_low, c.rank_high) for c in row.cells] for row in section.rows}
    assert ranks == {"a": [(3, 3), (1, 3)], "b": [(2, 2), (1, 3)], "c": [(1, 1), (1, 3)]}
    assert section.tie_groups(first) == (("c",), ("b",), ("a",))
    assert [set(group) for group in section.tie_groups(second)] == [{"a", "b", "c"}]
    assert section.rows[0].rank_low == 1
    assert made.alpha == 0.05
    table = [one for one in csv.DictReader(io.StringIO(board_csv(made))) if one["benchmark"] == "Bee.x"]
    shown = {one["candidate"]: (one["rank_low"], one["rank_high"], one["tie_group"]) for one in table}
    assert shown == {"a": ("3", "3", "3"), "b": ("2", "2", "2"), "c": ("1", "1", "1")}


def test_without_full_coverage_there_is_no_win_rate_and_no_rank_of_the_row():
    entries = [*scored("abc", gap=3.0), *scored("ab", "Bee.y")]
    made = board_of([*entries])
    rows = {row.candidate: row for row in made.sections[0].rows}
    assert (rows["c"].coverage, rows["c"].standing, rows["c"].rank_low) == (1, None, None)
    assert rows["c"].cells[0].rank_high == 1
    assert rows["a"].standing.n_compared == 2


def test_the_quantity_shown_is_chosen_and_the_ceiling_ranks_nobody():
    for quantity in ("normalised", "raw", "ceiling"):
        made = board_of(scored("ab", gap=3.0), quantity=quantity)
        for row in made.sections[0].rows:
            (cell,) = row.cells
            assert cell.estimate == getattr(cell.record.score, quantity)
            assert cell.shown_value == cell.estimate.value
            assert (cell.standing is None) == (quantity == "ceiling")
            assert cell.above_ceiling == (cell.record.score.normalised.value > 1)
        assert made.sections[0].rows[0].candidate == "b"


def test_failures_have_no_rank_and_without_resamples_all_share_all_ranks():
    made = make_board([make_record("a", value=0.9), make_record("b", value=0.1), failed("c")], {}, {})
    ranks = {row.candidate: (row.cells[0].rank_low, row.cells[0].rank_high) for row in made.sections[0].rows}
    assert ranks == {"a": (1, 2), "b": (1, 2), "c": (None, None)}


def test_versions_are_ranked_apart():
    entries = scored("ab", gap=3.0)
    other = with_resamples(make_record("c", version=2, value=9.0), np.random.default_rng(0).random((9, 3)))
    rows = {row.candidate: row for row in board_of([*entries, other]).sections[0].rows}
    assert rows["c"].cells[1].standing.n_compared == 1
    assert rows["b"].cells[0].standing.n_compared == 2
