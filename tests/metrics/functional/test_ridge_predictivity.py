"""Ridge predictivity against the closed form, scikit-learn with the same folds, and its own invariances."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import pearsonr
from sklearn.linear_model import Ridge

from innerscore.core.errors import InvalidArgumentError
from innerscore.metrics.functional._splits import inner_folds, outer_folds
from innerscore.metrics.functional.mapping._ridge_penalties import default_alphas, published_alphas
from innerscore.metrics.functional.mapping.ridge import ridge_predictivity


def simulate(n_conditions=12, n_bins=5, n_features=8, n_targets=3, noise=1.0, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n_conditions * n_bins, n_features))
    y = x @ rng.normal(size=(n_features, n_targets)) + noise * rng.normal(size=(len(x), n_targets))
    return x.astype(dtype), y.astype(dtype), np.repeat(np.arange(n_conditions), n_bins)


def columns_r(a, b):
    return np.array([pearsonr(a[:, t], b[:, t])[0] for t in range(a.shape[1])])


def sklearn_nested(x, y, codes, alphas, n_outer, n_inner, seed, leave_one_out=False):
    """The same nested search, one scikit-learn fit at a time."""
    outer = outer_folds(codes, n_outer, seed)
    scores, chosen, prediction = [], [], np.empty_like(y)
    for fold in range(n_outer):
        train, test = np.flatnonzero(outer != fold), np.flatnonzero(outer == fold)
        inner = np.arange(len(train)) if leave_one_out else inner_folds(codes[train], n_inner, seed, fold)
        left_out = {alpha: np.empty((len(train), y.shape[1])) for alpha in alphas}
        for part in np.unique(inner):
            fit, held = train[inner != part], train[inner == part]
            for alpha in alphas:
                left_out[alpha][inner == part] = Ridge(alpha).fit(x[fit], y[fit]).predict(x[held])
        parts = [np.arange(len(train))] if leave_one_out else [inner == part for part in np.unique(inner)]
        table = np.array(
            [
                np.mean([columns_r(left_out[alpha][part], y[train][part]) for part in parts], axis=0)
                for alpha in alphas
            ]
        )
        best = [np.flatnonzero(column >= column.max() - 1e-6)[-1] for column in table.T]
        chosen.append(np.asarray(alphas)[best])
        for target, alpha in enumerate(chosen[-1]):
            prediction[test, target] = Ridge(alpha).fit(x[train], y[train, target]).predict(x[test])
        scores.append(columns_r(prediction[test], y[test]))
    return np.array(scores), np.array(chosen), prediction


@pytest.mark.parametrize("n_features", [4, 45, 60, 200], ids=lambda p: f"p={p}")
@pytest.mark.parametrize("inner", ["grouped", "leave-one-out"])
def test_equals_scikit_learn_with_the_same_folds(n_features, inner):
    x, y, groups = simulate(n_features=n_features, noise=2.0)
    alphas = np.geomspace(1e-3, 1e4, 8)
    ours = ridge_predictivity(
        x, y, groups, alphas=alphas, n_outer=4, n_inner=3, seed=3, inner=inner, return_prediction=True
    )
    scores, chosen, prediction = sklearn_nested(
        x, y, groups, alphas, 4, 3, seed=3, leave_one_out=inner == "leave-one-out"
    )
    np.testing.assert_allclose(ours.alpha, chosen)
    np.testing.assert_allclose(ours.prediction, prediction, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(ours.fold_scores, scores, atol=1e-8)
    np.testing.assert_allclose(ours.score, scores.mean(0), atol=1e-8)


@pytest.mark.parametrize("n_features", [6, 80])
def test_equals_the_closed_form_for_one_penalty(n_features):
    x, y, groups = simulate(n_features=n_features)
    ours = ridge_predictivity(x, y, groups, alphas=[2.5], return_prediction=True)
    for fold in range(5):
        train, test = ours.folds != fold, ours.folds == fold
        centred = x[train] - x[train].mean(0)
        weights = np.linalg.solve(
            centred.T @ centred + 2.5 * np.eye(n_features), centred.T @ (y[train] - y[train].mean(0))
        )
        expected = (x[test] - x[train].mean(0)) @ weights + y[train].mean(0)
        np.testing.assert_allclose(ours.prediction[test], expected, rtol=1e-8, atol=1e-10)
    assert (ours.alpha == 2.5).all()


def test_the_published_grid_has_24_penalties():
    grid = published_alphas()
    assert len(grid) == 24
    assert grid[0] == pytest.approx(1e-9)
    assert grid[-1] == pytest.approx(1e5)
    assert 5e-4 in grid.round(10)


def test_numpy_and_torch_give_the_same():
    x, y, groups = simulate()
    ours = ridge_predictivity(x, y, groups, return_prediction=True)
    torched = ridge_predictivity(
        torch.from_numpy(x), torch.from_numpy(y), torch.from_numpy(groups), return_prediction=True
    )
    for name in ("score", "fold_scores", "alpha", "prediction", "folds"):
        assert isinstance(getattr(torched, name), torch.Tensor)
        np.testing.assert_array_equal(getattr(torched, name).numpy(), getattr(ours, name))


def test_the_same_seed_gives_the_same_bits_and_another_seed_other_folds():
    x, y, groups = simulate()
    first, again = ridge_predictivity(x, y, groups, seed=4), ridge_predictivity(x, y, groups, seed=4)
    np.testing.assert_array_equal(first.score, again.score)
    assert (ridge_predictivity(x, y, groups, seed=5).folds != first.folds).any()


def test_conditions_are_held_out_as_a_whole_and_each_once():
    x, y, groups = simulate()
    folds = ridge_predictivity(x, y, groups).folds
    assert all(len(np.unique(folds[groups == g])) == 1 for g in np.unique(groups))
    assert set(folds) == set(range(5))


@settings(max_examples=15, deadline=None)
@given(
    n_conditions=st.integers(6, 14),
    n_bins=st.integers(2, 6),
    n_features=st.integers(1, 60),
    n_targets=st.integers(1, 4),
    scale=st.sampled_from([1e-3, 1.0, 1e3]),
    dtype=st.sampled_from([np.float32, np.float64]),
    order=st.sampled_from("CF"),
    seed=st.integers(0, 100),
)
def test_shapes_dtypes_and_orders(n_conditions, n_bins, n_features, n_targets, scale, dtype, order, seed):
    x, y, groups = simulate(n_conditions, n_bins, n_features, n_targets, seed=seed, dtype=dtype)
    x = np.asarray(x * dtype(scale), order=order)
    result = ridge_predictivity(x, y, groups, n_outer=3, n_inner=2, seed=seed, return_prediction=True)
    assert result.score.shape == (n_targets,)
    assert result.alpha.shape == result.fold_scores.shape == (3, n_targets)
    assert result.prediction.shape == y.shape
    assert result.prediction.dtype == result.score.dtype == dtype
    assert np.abs(result.fold_scores[np.isfinite(result.fold_scores)]).max(initial=0) <= 1
    assert np.isfinite(result.prediction).all()
    np.testing.assert_allclose(result.score, result.fold_scores.mean(0), rtol=1e-5)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), labels=st.sampled_from([str, int, float]))
def test_the_order_of_samples_and_the_kind_of_labels_do_not_matter(seed, labels):
    x, y, groups = simulate(seed=seed, n_conditions=10)
    order = np.random.default_rng(seed).permutation(len(x))
    base = ridge_predictivity(x, y, groups, alphas=[1.0])
    moved = ridge_predictivity(x[order], y[order], groups[order].astype(labels), alphas=[1.0])
    np.testing.assert_allclose(moved.score, base.score, atol=1e-10)


def test_shifts_of_features_and_targets_do_not_matter():
    x, y, groups = simulate()
    base = ridge_predictivity(x, y, groups)
    moved = ridge_predictivity(x + 100.0, 3 * y - 50.0, groups)
    np.testing.assert_allclose(moved.score, base.score, atol=1e-9)


def test_a_rotation_of_features_does_not_matter():
    x, y, groups = simulate(n_features=8)
    rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(8, 8)))[0]
    base, moved = ridge_predictivity(x, y, groups), ridge_predictivity(x @ rotation, y, groups)
    np.testing.assert_allclose(moved.score, base.score, atol=1e-8)


def test_any_invertible_map_of_features_does_not_matter_without_penalty():
    x, y, groups = simulate(n_features=8)
    mixing = np.random.default_rng(1).normal(size=(8, 8))
    base = ridge_predictivity(x, y, groups, alphas=[1e-10])
    np.testing.assert_allclose(
        ridge_predictivity(x @ mixing, y, groups, alphas=[1e-10]).score, base.score, atol=1e-7
    )


def test_unrelated_features_score_zero():
    x, _, groups = simulate(n_conditions=40, n_bins=10)
    y = np.random.default_rng(9).normal(size=(len(x), 50))
    score = ridge_predictivity(x, y, groups).score
    assert abs(score.mean()) < 3 * score.std() / np.sqrt(50) + 0.01


def test_targets_constant_somewhere_are_nan_and_counted():
    x, y, groups = simulate(n_targets=4)
    folds = ridge_predictivity(x, y, groups).folds
    y[:, 1] = 0.1
    y[folds == 2, 2] = 0.7
    y[folds != 2, 3] = -0.3
    for dtype in (np.float64, np.float32):
        result = ridge_predictivity(x.astype(dtype), y.astype(dtype), groups)
        np.testing.assert_array_equal(np.isnan(result.score), [False, True, True, True])
        assert result.n_degenerate == 3
        assert np.isnan(result.fold_scores[2, 2:]).all()
        assert np.isfinite(result.fold_scores[[0, 1, 3, 4], 2]).all()


def test_constant_features_are_counted_and_change_nothing():
    x, y, groups = simulate()
    wider = np.concatenate([x, np.full((len(x), 1), 0.3), np.full((len(x), 1), 1e17)], axis=1)
    result = ridge_predictivity(wider, y, groups)
    assert result.n_constant_features == 2
    np.testing.assert_allclose(result.score, ridge_predictivity(x, y, groups).score, atol=1e-12)


def test_repeated_samples_do_not_break_the_choice_of_penalty():
    x, y, groups = simulate(n_features=100)
    x = np.repeat(x[::5], 5, axis=0)
    for dtype in (np.float64, np.float32):
        assert np.isfinite(ridge_predictivity(x.astype(dtype), y.astype(dtype), groups).score).all()


def test_features_without_variance_score_chance_on_what_the_recording_carries():
    _, y, groups = simulate()
    y[:, 1] = 4.0
    result = ridge_predictivity(np.full((len(y), 3), 2.5), y, groups)
    np.testing.assert_array_equal(result.score, [0, np.nan, 0])
    assert result.n_degenerate == 1


GOOD = simulate()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"x": np.where(GOOD[0] > 2, np.nan, GOOD[0])}, "'x'"),
        ({"y": np.where(GOOD[1] > 2, np.inf, GOOD[1])}, "'y'"),
        ({"x": GOOD[0][:-1]}, "'x' and 'y'"),
        ({"x": GOOD[0][:, 0]}, "'x'"),
        ({"x": GOOD[0][:0], "y": GOOD[1][:0], "groups": GOOD[2][:0]}, "'x'"),
        ({"x": (GOOD[0] * 10).astype(int)}, "'x'"),
        ({"y": GOOD[1].astype(object)}, "'y'"),
        ({"groups": GOOD[2][:-1]}, "'groups'"),
        ({"groups": np.zeros(60)}, "'n_outer'"),
        ({"groups": np.arange(60) % 4}, "'n_outer'"),
        ({"groups": np.where(GOOD[2] == 0, np.nan, GOOD[2])}, "'groups'"),
        ({"n_inner": 11}, "'n_inner'"),
        ({"n_outer": 1}, "'n_outer'"),
        ({"n_outer": 2.5}, "'n_outer'"),
        ({"seed": -1}, "'seed'"),
        ({"alphas": []}, "'alphas'"),
        ({"alphas": [0.0, 1.0]}, "'alphas'"),
        ({"alphas": [np.nan]}, "'alphas'"),
        ({"alphas": "nayebi"}, "'alphas'"),
        ({"alphas": "published", "relative": True}, "'relative'"),
        ({"inner": "loo"}, "'inner'"),
    ],
)
def test_bad_input_is_refused_by_name(changes, named):
    arguments = {"x": GOOD[0], "y": GOOD[1], "groups": GOOD[2]} | changes
    with pytest.raises(InvalidArgumentError, match=named):
        ridge_predictivity(**arguments)


# Few features go through feature space, some through rows of inner folds, many through products of samples.
FEATURES = [5, 30, 150]


def decreasing(n_samples=400, n_features=64, n_targets=20, noise=6.0, seed=0):
    """Features with sds from 1 down to 0.02."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n_samples, n_features)) * np.geomspace(1, 0.02, n_features)
    y = x @ rng.normal(size=(n_features, n_targets)) + noise * rng.normal(size=(n_samples, n_targets))
    return x, y, np.arange(n_samples) // 10


@pytest.mark.parametrize("n_features", FEATURES)
@pytest.mark.parametrize("inner", ["grouped", "leave-one-out"])
def test_a_power_of_two_changes_no_bit_and_any_factor_next_to_nothing(n_features, inner):
    x, y, groups = simulate(n_features=n_features, noise=2.0)
    base = ridge_predictivity(x, y, groups, inner=inner, return_prediction=True)
    exact = ridge_predictivity(x * 2.0**20, y * 2.0**-30, groups, inner=inner, return_prediction=True)
    np.testing.assert_array_equal(exact.score, base.score)
    np.testing.assert_array_equal(exact.prediction, base.prediction * 2.0**-30)
    np.testing.assert_array_equal(exact.alpha, base.alpha * 2.0**40)
    for factor in (1e-8, 3e-6, 0.1, 7.0, 1e3, 1e8):
        moved = ridge_predictivity(x * factor, y / factor, groups, inner=inner)
        np.testing.assert_allclose(moved.score, base.score, atol=1e-9, rtol=0)
        np.testing.assert_allclose(moved.alpha, base.alpha * factor**2, rtol=1e-9)
        assert moved.at_grid_end == base.at_grid_end


@pytest.mark.parametrize("n_features", FEATURES)
def test_a_factor_changes_next_to_nothing_in_float32(n_features):
    x, y, groups = simulate(n_features=n_features, noise=2.0, dtype=np.float32)
    base = ridge_predictivity(x, y, groups)
    for factor in (1e-8, 3e-6, 0.1, 7.0, 1e3, 1e8):
        moved = ridge_predictivity(x * np.float32(factor), y, groups)
        np.testing.assert_allclose(moved.score, base.score, atol=1e-5, rtol=0)


@pytest.mark.parametrize("n_features", FEATURES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("alphas", [None, [3.0]], ids=["grid", "one penalty"])
def test_sizes_at_the_ends_of_the_dtype_neither_overflow_nor_drown(n_features, dtype, alphas):
    x, y, groups = simulate(n_features=n_features, noise=2.0, dtype=dtype)
    relative = alphas is not None
    base = ridge_predictivity(x, y, groups, alphas=alphas, relative=relative, return_prediction=True)
    for power in (-66, 66) if dtype == np.float32 else (-500, 500):
        factor = dtype(2.0) ** power
        found = ridge_predictivity(
            x * factor, y, groups, alphas=alphas, relative=relative, return_prediction=True
        )
        np.testing.assert_array_equal(found.score, base.score)
        np.testing.assert_array_equal(found.prediction, base.prediction)


def test_absolute_penalties_are_scikit_learns_at_any_scale():
    x, y, groups = simulate(n_features=8, noise=2.0)
    grid = np.geomspace(1e-2, 1e4, 7)
    base = ridge_predictivity(x, y, groups, alphas=grid)
    for factor in (1e-9, 1e-3, 1e7):
        found = ridge_predictivity(x * factor, y, groups, alphas=grid * factor**2, return_prediction=True)
        np.testing.assert_allclose(found.score, base.score, atol=1e-9)
        train, test = found.folds != 0, found.folds == 0
        for target, alpha in enumerate(found.alpha[0] / factor**2):
            expected = Ridge(alpha).fit(x[train], y[train, target]).predict(x[test])
            np.testing.assert_allclose(found.prediction[test, target], expected, atol=1e-9)


@pytest.mark.parametrize("n_features", FEATURES)
def test_relative_penalties_are_in_units_of_the_sum_of_squares(n_features):
    x, y, groups = simulate(n_features=n_features, noise=2.0)
    found = ridge_predictivity(x, y, groups, alphas=[0.03], relative=True)
    chosen = ridge_predictivity(x, y, groups)
    for fold in range(5):
        train = x[found.folds != fold]
        squares = ((train - train.mean(0)) ** 2).sum()
        np.testing.assert_allclose(found.alpha[fold], 0.03 * squares)
        ratios = chosen.alpha[fold][:, None] / (default_alphas() * squares)
        assert (np.abs(ratios - 1).min(1) < 1e-12).all()


@pytest.mark.parametrize("n_features", FEATURES)
def test_copies_of_all_units_and_their_order_do_not_matter(n_features):
    x, y, groups = simulate(n_features=n_features, noise=2.0)
    base = ridge_predictivity(x, y, groups)
    rng = np.random.default_rng(3)
    doubled = np.concatenate([x, x], axis=1)[:, rng.permutation(2 * n_features)]
    np.testing.assert_allclose(ridge_predictivity(doubled, y, groups).score, base.score, atol=1e-10)
    order = rng.permutation(y.shape[1])
    np.testing.assert_allclose(
        ridge_predictivity(x[:, rng.permutation(n_features)], y[:, order], groups).score,
        base.score[order],
        atol=1e-10,
    )


def test_the_published_grid_by_name_is_its_array():
    x, y, groups = simulate(noise=2.0)
    named = ridge_predictivity(x, y, groups, alphas="published")
    listed = ridge_predictivity(x, y, groups, alphas=published_alphas())
    np.testing.assert_array_equal(named.alpha, listed.alpha)
    np.testing.assert_array_equal(named.score, listed.score)
    assert np.isin(named.alpha, published_alphas()).all()


@pytest.mark.parametrize("scale", [1.0, 0.1, 0.03, 0.001])
def test_float32_of_any_scale_is_scikit_learn_on_the_same_numbers(scale):
    x, y, groups = decreasing()
    x, y = (scale * x).astype(np.float32), y.astype(np.float32)
    alphas = published_alphas()[::3]
    found = ridge_predictivity(x, y, groups, alphas=alphas)
    scores, chosen, _ = sklearn_nested(
        x.astype(np.float64), y.astype(np.float64), groups, alphas, 5, 5, seed=0
    )
    np.testing.assert_allclose(found.alpha, chosen)
    np.testing.assert_allclose(found.fold_scores, scores, atol=1e-5)


@pytest.mark.parametrize("inner", ["grouped", "leave-one-out"])
@pytest.mark.parametrize("scale", [1.0, 0.03])
def test_float32_is_float64_of_the_same_numbers_where_features_are_few(inner, scale):
    x, y, groups = decreasing(n_features=40)
    x, y = (scale * x).astype(np.float32), (y + 300).astype(np.float32)
    for alphas in (None, "published", [0.01]):
        single = ridge_predictivity(x, y, groups, alphas=alphas, inner=inner)
        double = ridge_predictivity(x.astype(float), y.astype(float), groups, alphas=alphas, inner=inner)
        assert single.score.dtype == np.float32
        np.testing.assert_allclose(single.fold_scores, double.fold_scores, atol=1e-6)
        np.testing.assert_allclose(single.alpha, double.alpha, rtol=1e-9)


@pytest.mark.parametrize(("n_samples", "n_features"), [(400, 150), (200, 300)])
def test_float32_of_many_features_differs_where_two_penalties_are_next_to_equal(n_samples, n_features):
    for scale in (1.0, 0.03, 1e-4):
        x, y, groups = decreasing(n_samples, n_features)
        x, y = (scale * x).astype(np.float32), y.astype(np.float32)
        single = ridge_predictivity(x, y, groups)
        double = ridge_predictivity(x.astype(float), y.astype(float), groups)
        same = np.isclose(single.alpha, double.alpha, rtol=1e-3)
        assert same.mean() >= 0.98
        np.testing.assert_allclose(single.fold_scores[same], double.fold_scores[same], atol=1e-5)
        np.testing.assert_allclose(single.fold_scores, double.fold_scores, atol=0.05)


@settings(max_examples=12, deadline=None)
@given(
    n_features=st.integers(1, 14),
    n_conditions=st.integers(8, 14),
    n_inner=st.integers(2, 5),
    scale=st.sampled_from([1e-3, 1.0, 1e3]),
    offset=st.sampled_from([0.0, 50.0]),
    seed=st.integers(0, 1000),
)
def test_feature_space_equals_scikit_learn_fit_by_fit(n_features, n_conditions, n_inner, scale, offset, seed):
    x, y, groups = simulate(n_conditions, 8, n_features, 2, noise=2.0, seed=seed)
    x = scale * (x + offset)
    alphas = scale**2 * np.geomspace(1e-2, 1e4, 5)
    found = ridge_predictivity(
        x, y, groups, alphas=alphas, n_outer=3, n_inner=n_inner, seed=seed, return_prediction=True
    )
    scores, chosen, prediction = sklearn_nested(x, y, groups, alphas, 3, n_inner, seed)
    same = np.isclose(found.alpha, chosen)  # inner scores within rounding of a tie may go either way
    assert same.mean() > 0.8
    np.testing.assert_allclose(found.fold_scores[same], scores[same], atol=1e-9)
    if same.all():
        np.testing.assert_allclose(found.prediction, prediction, atol=1e-8)


def test_choices_at_an_end_of_the_grid_are_counted():
    x, y, groups = decreasing(n_features=20, n_targets=4)
    grid = np.geomspace(1e-3, 1e5, 9)
    found = ridge_predictivity(x, y, groups, alphas=grid)
    at_end = np.isin(found.alpha, grid[[0, -1]])
    np.testing.assert_array_equal(at_end.sum(0), [0, 5, 0, 0])
    assert found.at_grid_end == 0.25
    y = y[:, [0, 2, 3]]
    assert ridge_predictivity(x, y, groups, alphas=grid).at_grid_end == 0
    for ends in ([1e-3, 1e-1], [1e5, 1e6]):
        assert ridge_predictivity(x, y[:, :2], groups, alphas=ends).at_grid_end == 1
    assert np.isnan(ridge_predictivity(x, y, groups, alphas=[1.0]).at_grid_end)


def test_penalties_that_all_do_the_same_are_at_no_end():
    x, y, groups = simulate(n_features=1)
    assert ridge_predictivity(x, y, groups).at_grid_end == 0


def test_the_default_grid_reaches_from_no_shrinkage_to_full_shrinkage():
    for n_samples, n_features in ((50, 1), (50, 2000), (300, 5), (300, 200)):
        rng = np.random.default_rng(n_features)
        x, y = rng.normal(size=(n_samples, n_features)), rng.normal(size=(n_samples, 3))
        groups = np.arange(n_samples) // 5
        weakest, strongest = (
            ridge_predictivity(x, y, groups, alphas=[end], relative=True, return_prediction=True)
            for end in default_alphas()[[0, -1]]
        )
        for fold in range(5):
            train, test = weakest.folds != fold, weakest.folds == fold
            about = x[train] - x[train].mean(0)
            fitted = np.linalg.lstsq(about, y[train] - y[train].mean(0), rcond=1e-12)[0]
            covariance = about.T @ (y[train] - y[train].mean(0))
            for found, direction in ((weakest, fitted), (strongest, covariance)):
                limit = (x[test] - x[train].mean(0)) @ direction
                assert columns_r(found.prediction[test], limit).min() > 0.99


def test_a_unit_that_is_silent_in_training_is_left_out():
    x, y, groups = simulate(n_features=3)
    folds = ridge_predictivity(x, y, groups).folds
    silent = np.where(folds == 0, np.random.default_rng(0).normal(size=len(x)), 0.7)[:, None]
    base, wider = (ridge_predictivity(one, y, groups) for one in (x, np.hstack([x, silent])))
    np.testing.assert_allclose(wider.fold_scores[0], base.fold_scores[0], atol=1e-9)
    alone = ridge_predictivity(silent, y, groups)
    assert not (np.abs(np.nan_to_num(alone.fold_scores[0])) > 0).any()
