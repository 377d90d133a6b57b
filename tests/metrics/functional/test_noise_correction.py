"""Reliability and noise-corrected predictivity against brute force, simulations of known truth, and scipy."""

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import pearsonr
from sklearn.linear_model import Ridge

from innerscore.core.errors import InvalidArgumentError
from innerscore.metrics.functional._halves import random_halves
from innerscore.metrics.functional.mapping import _noise_fold
from innerscore.metrics.functional.mapping._condition_sums import (
    condition_sums,
    correlation_from_sums,
)
from innerscore.metrics.functional.mapping._resample import (
    Resampling,
    Statistic,
    linear_scores,
    resampled_scores,
)
from innerscore.metrics.functional.mapping.bootstrap import (
    bootstrap_neural_ceiling,
    bootstrap_noise_corrected_predictivity,
    bootstrap_predictivity,
)
from innerscore.metrics.functional.mapping.inter_animal_consistency import (
    inter_animal_consistency,
    inter_animal_consistency_from_halves,
)
from innerscore.metrics.functional.mapping.noise_correction import (
    noise_corrected_predictivity,
    noise_corrected_predictivity_from_halves,
)
from innerscore.metrics.functional.mapping.ridge import ridge_predictivity
from innerscore.metrics.functional.statistics.reliability import (
    spearman_brown,
    split_half_reliability,
)


def simulate(n_trials=6, n_conditions=30, n_bins=6, n_features=5, n_targets=4, noise=1.0, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n_conditions * n_bins, n_features))
    signal = x @ rng.normal(size=(n_features, n_targets)) / np.sqrt(n_features)
    trials = signal + noise * rng.normal(size=(n_trials, *signal.shape))
    return x, trials, np.repeat(np.arange(n_conditions), n_bins)


def r_of(a, b):
    return np.array([pearsonr(a[:, t], b[:, t])[0] for t in range(a.shape[1])])


def brute_force(x, trials, groups, folds, alpha, halves):
    """The published formula, one fit at a time; (n_outer, n_splits, n_targets)."""
    y = trials.mean(0)
    table = np.empty((alpha.shape[0], len(halves), y.shape[1]))
    for fold in range(alpha.shape[0]):
        train, test = folds != fold, folds == fold

        def mapped(responses, train=train, test=test, fold=fold):
            fits = [Ridge(a).fit(x[train], r) for a, r in zip(alpha[fold], responses[train].T, strict=True)]
            return np.transpose([fit.predict(x[test]) for fit in fits])

        raw = r_of(mapped(y), y[test])
        for split, (first, second) in enumerate(zip(halves.first, halves.second, strict=True)):
            y1, y2 = (np.tensordot(w.numpy(), trials, 1) for w in (first, second))
            reliability = [r_of(mapped(y1), mapped(y2)), r_of(y1[test], y2[test])]
            product = np.prod([2 * r / (1 + r) for r in reliability], axis=0)
            product[np.abs(reliability).min(0) < 1e-14] = np.nan  # a correlation of 0, but for rounding
            with np.errstate(invalid="ignore"):
                table[fold, split] = raw / np.sqrt(product)
    return table


@pytest.mark.parametrize(("n_features", "noise"), [(5, 1.0), (150, 1.0), (5, 8.0)])
def test_equals_the_published_formula(n_features, noise):
    x, trials, groups = simulate(n_features=n_features, noise=noise, n_trials=5)
    result = noise_corrected_predictivity(
        x, trials, groups, alphas=[0.1, 10.0, 1000.0], n_splits=4, seed=2, correction="published"
    )
    halves = random_halves(5, 4, 2, torch.device("cpu"))
    expected = brute_force(x, trials, groups, result.folds, result.alpha, halves)
    np.testing.assert_allclose(result.defined, np.isfinite(expected).mean((0, 1)))
    np.testing.assert_allclose(result.fold_scores, np.nanmean(expected, axis=1), rtol=1e-6)
    has_score = result.neural_reliability > 0
    published = np.nanmean(result.fold_scores, axis=0)[has_score]
    np.testing.assert_allclose(result.score[has_score], published, rtol=1e-6)
    ridge = ridge_predictivity(x, trials.mean(0), groups, alphas=[0.1, 10.0, 1000.0], seed=2)
    np.testing.assert_allclose(result.raw, ridge.score, atol=1e-10)
    np.testing.assert_array_equal(result.alpha, ridge.alpha)


@pytest.mark.parametrize("n_features", [5, 150])
def test_one_given_penalty_needs_no_choice_and_gives_the_same(n_features):
    x, trials, groups = simulate(n_features=n_features)
    options = {"n_splits": 4, "seed": 2, "return_prediction": True}
    given = noise_corrected_predictivity(x, trials, groups, alphas=[10.0], **options)
    brute = brute_force(
        x, trials, groups, given.folds, given.alpha, random_halves(6, 4, 2, torch.device("cpu"))
    )
    np.testing.assert_allclose(given.fold_scores, np.nanmean(brute, axis=1), rtol=1e-6)
    # Too weak for a factor in float32: the decomposition steps in.
    weak = {"alphas": [1e-7], "n_splits": 4}
    single = noise_corrected_predictivity(x[:, :5].astype("f4"), trials.astype("f4"), groups, **weak)
    double = noise_corrected_predictivity(x[:, :5], trials, groups, **weak)
    np.testing.assert_allclose(single.score, double.score, atol=2e-3)


def test_targets_in_small_blocks_give_the_same(monkeypatch):
    x, trials, groups = simulate(n_targets=11, n_features=40)
    alphas = np.geomspace(0.1, 1e4, 12)
    whole = noise_corrected_predictivity(x, trials, groups, alphas=alphas, n_splits=4, return_sums=2)
    assert len(np.unique(whole.alpha)) > 2
    monkeypatch.setattr(_noise_fold, "_BYTES_AT_ONCE", 3 * 8 * trials[..., 0].size)
    monkeypatch.setattr(_noise_fold, "_PENALTIES_AT_ONCE", 1)
    blocks = noise_corrected_predictivity(x, trials, groups, alphas=alphas, n_splits=4, return_sums=2)
    for name in ("score", "raw", "alpha", "prediction_reliability", "neural_reliability", "defined"):
        np.testing.assert_allclose(getattr(blocks, name), getattr(whole, name), atol=1e-10)
    np.testing.assert_allclose(blocks.sums.values, whole.sums.values, atol=1e-8)


def averaged_by_hand(x, trials, groups, result, halves):
    """r averaged over splits and folds, then Spearman-Brown, then the ratio; one fit at a time."""
    parts = {"raw": [], "prediction": [], "neural": []}
    for fold in range(result.alpha.shape[0]):
        train, test = result.folds != fold, result.folds == fold

        def mapped(responses, train=train, test=test, fold=fold):
            pairs = zip(result.alpha[fold], responses[train].T, strict=True)
            return np.transpose([Ridge(a).fit(x[train], r).predict(x[test]) for a, r in pairs])

        parts["raw"].append(r_of(mapped(trials.mean(0)), trials.mean(0)[test]))
        for first, second in zip(halves.first, halves.second, strict=True):
            y1, y2 = (np.tensordot(w.numpy(), trials, 1) for w in (first, second))
            parts["prediction"].append(r_of(mapped(y1), mapped(y2)))
            parts["neural"].append(r_of(y1[test], y2[test]))
    raw, prediction, neural = (np.mean(parts[name], axis=0) for name in ("raw", "prediction", "neural"))
    return raw / np.sqrt(2 * prediction / (1 + prediction) * 2 * neural / (1 + neural))


@pytest.mark.parametrize(("n_features", "noise"), [(5, 1.0), (150, 2.0)])
def test_correlations_are_averaged_before_they_are_divided(n_features, noise):
    x, trials, groups = simulate(n_features=n_features, noise=noise, n_trials=5)
    result = noise_corrected_predictivity(x, trials, groups, alphas=[10.0, 1000.0], n_splits=4, seed=2)
    expected = averaged_by_hand(x, trials, groups, result, random_halves(5, 4, 2, torch.device("cpu")))
    np.testing.assert_allclose(result.score, expected, rtol=1e-9)
    with pytest.raises(InvalidArgumentError, match="'correction'"):
        noise_corrected_predictivity(x, trials, groups, correction="median")


@pytest.mark.parametrize("reliability", [0.3, 0.6])
def test_the_true_model_is_not_above_one_and_a_worse_one_is_below(reliability):
    """64 held-out samples a fold, 4 repetitions, where the published formula gives the true model 1.1."""
    rng = np.random.default_rng(0)
    x, groups = rng.normal(size=(320, 20)), np.arange(320)
    signal = x @ rng.normal(size=(20, 40)) / np.sqrt(20)
    noise = np.sqrt(4 * (1 - reliability) / reliability)
    trials = signal + noise * rng.normal(size=(4, *signal.shape))
    medians = [
        np.median(
            noise_corrected_predictivity(
                np.sqrt(1 - q) * x + np.sqrt(q) * rng.normal(size=x.shape), trials, groups, n_splits=10
            ).score
        )
        for q in (0.0, 0.2, 0.6, 0.95)
    ]
    # The correlation with the signal that noise-free responses would give: sqrt(1 - q).
    np.testing.assert_allclose(medians, np.sqrt(1 - np.array([0.0, 0.2, 0.6, 0.95])), atol=0.07)
    assert (np.diff(medians) < 0).all()


def test_what_a_map_fails_on_is_chance_and_what_the_recording_lacks_has_no_score():
    x, trials, groups = simulate(n_targets=60, noise=3.0)
    trials[:, :, 0] = 0.1  # a silent cell
    noise = np.random.default_rng(9).normal(size=(len(x), 1))
    results = [
        noise_corrected_predictivity(one, trials, groups, n_splits=6) for one in (x, noise, 1e-9 * noise)
    ]
    for result in results:
        np.testing.assert_array_equal(np.isnan(result.score), np.isnan(results[0].score))
        assert np.isnan(result.score[0])
        np.testing.assert_array_equal(result.ceiling, results[0].ceiling)
    assert (results[1].score == 0).any()  # halves of a map of noise that do not agree
    assert abs(np.nanmedian(results[1].score)) < 0.2


def test_given_halves_equal_two_trials():
    x, trials, groups = simulate(n_trials=2)
    from_trials = noise_corrected_predictivity(x, trials, groups, n_splits=3)
    from_halves = noise_corrected_predictivity_from_halves(x, trials.mean(0), trials, groups)
    np.testing.assert_allclose(from_halves.score, from_trials.score, atol=1e-10)
    assert (from_halves.halves, from_trials.halves) == ("given", "random")
    assert from_halves.n_splits == 1


def test_a_true_model_scores_one_and_an_unrelated_one_zero():
    # Reliability about 0.8; at 0.5 the bootstrap of the ratio lies above 1 (see its notes).
    x, trials, groups = simulate(n_trials=10, n_conditions=60, n_targets=20, noise=1.5)
    true = noise_corrected_predictivity(x, trials, groups, n_splits=20, return_sums=5)
    assert np.median(true.raw) < 0.93
    assert abs(np.median(true.score) - 1) < 0.03
    animals = np.repeat(["a", "b"], 10)
    interval = bootstrap_noise_corrected_predictivity(true.sums, animals, n_boot=300).interval
    assert interval.low < 1 < interval.high
    assert interval.high - interval.low < 0.3
    assert interval.unit == "conditions; targets within animals"
    other = np.random.default_rng(5).normal(size=x.shape)
    unrelated = noise_corrected_predictivity(other, trials, groups, n_splits=5, return_prediction=True)
    interval = bootstrap_predictivity(
        unrelated.prediction, trials.mean(0), groups, unrelated.folds, animals, n_boot=300
    ).interval
    assert interval.low < 0 < interval.high


def test_the_ceiling_is_the_root_of_the_reliability_of_the_simulation():
    noise, n_trials = 2.0, 10
    x, trials, groups = simulate(n_trials=n_trials, n_conditions=200, n_targets=20, noise=noise)
    result = noise_corrected_predictivity(x, trials, groups, n_splits=20, return_sums=10)
    signal = np.var(x @ np.linalg.lstsq(x, trials.mean(0), rcond=None)[0], axis=0)
    truth = np.sqrt(signal / (signal + noise**2 / n_trials))
    np.testing.assert_allclose(result.ceiling, truth, atol=0.06)
    np.testing.assert_allclose(result.ceiling, np.sqrt(result.neural_reliability), atol=1e-12)
    ceiling = bootstrap_neural_ceiling(result.sums.of_responses, np.zeros(20, dtype=int), n_boot=200).interval
    assert ceiling.low < np.median(truth) < ceiling.high


def test_kinds_dtypes_and_seeds():
    x, trials, groups = simulate()
    double = noise_corrected_predictivity(x, trials, groups, n_splits=5)
    again = noise_corrected_predictivity(x, trials, groups, n_splits=5)
    torched = noise_corrected_predictivity(torch.from_numpy(x), torch.from_numpy(trials), groups, n_splits=5)
    single = noise_corrected_predictivity(x.astype(np.float32), trials.astype(np.float32), groups, n_splits=5)
    np.testing.assert_array_equal(double.score, again.score)
    np.testing.assert_array_equal(double.score, torched.score.numpy())
    np.testing.assert_allclose(single.score, double.score, atol=2e-3)
    assert single.score.dtype == np.float32


def test_degenerate_targets_are_nan_and_counted():
    x, trials, groups = simulate()
    trials[:, :, 1] = 0.1
    result = noise_corrected_predictivity(x, trials, groups, n_splits=3)
    np.testing.assert_array_equal(np.isnan(result.score), [False, True, False, False])
    assert result.n_degenerate == 1


@pytest.mark.parametrize("silent", [0.0, 0.1])
def test_a_trial_that_does_not_vary_in_a_fold_has_no_reliability_there(silent):
    """A silent cell's rounding once passed for responses: reliabilities of 1e-16, scores of 1e7."""
    x, trials, groups = simulate(n_trials=2, n_conditions=40, n_targets=3)
    whole = noise_corrected_predictivity(x, trials, groups, alphas=[10.0], n_splits=1, seed=2)
    test = np.asarray(whole.folds) == 0
    trials[0, test, 0] = silent  # in one held-out fold
    trials[0, ~test, 1] = silent  # in what that fold's maps are fitted to
    result = noise_corrected_predictivity(x, trials, groups, alphas=[10.0], n_splits=1, seed=2)
    assert np.isnan(result.fold_scores[0]).tolist() == [True, True, False]
    np.testing.assert_allclose(result.defined, [0.8, 0.0, 1.0])
    np.testing.assert_allclose(result.score[2], whole.score[2], rtol=1e-10)
    assert (np.abs(result.score) < 2).all()
    cut = split_half_reliability(trials[:, test], n_splits=3).mean
    assert np.isnan(cut).tolist() == [True, False, False]


@pytest.mark.once
@given(seed=st.integers(0, 2**16), rate=st.sampled_from([0.02, 0.05, 0.2]))
@settings(max_examples=25, deadline=None)
def test_few_spikes_equal_the_published_formula(seed, rate):
    """Sparse counts, with silent trials: what a formula of exact zeros leaves out is left out."""
    x, drive, groups = simulate(n_trials=1, n_targets=6, noise=0.0, seed=seed)
    trials = np.random.default_rng(seed).poisson(rate * np.exp(drive), size=(4, *drive.shape[1:])) * 1.0
    result = noise_corrected_predictivity(x, trials, groups, alphas=[10.0], n_splits=3, seed=2)
    halves = random_halves(4, 3, 2, torch.device("cpu"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of scipy, on columns that do not vary
        expected = brute_force(x, trials, groups, result.folds, result.alpha, halves)
        per_fold = np.nanmean(expected, axis=1)
    np.testing.assert_allclose(result.fold_scores, per_fold, rtol=1e-6)


def test_bad_trials_and_halves_are_refused_by_name():
    x, trials, groups = simulate()
    y = trials.mean(0)
    for bad in (trials[:1], trials[0], np.where(trials > 2, np.nan, trials), trials.astype(int)):
        with pytest.raises(InvalidArgumentError, match="'trials'"):
            noise_corrected_predictivity(x, bad, groups)
    with pytest.raises(InvalidArgumentError, match="'halves'"):
        noise_corrected_predictivity_from_halves(x, y, trials, groups)
    with pytest.raises(InvalidArgumentError, match="'n_splits'"):
        noise_corrected_predictivity(x, trials, groups, n_splits=0)


def test_spearman_brown():
    assert spearman_brown(0.5) == pytest.approx(2 / 3)
    assert isinstance(spearman_brown(0.5), float)
    assert np.isnan(spearman_brown(-1.0))
    np.testing.assert_allclose(spearman_brown(np.array([0.0, 1.0])), [0, 1])
    assert isinstance(spearman_brown(torch.tensor([0.2])), torch.Tensor)
    with pytest.raises(InvalidArgumentError, match="'r'"):
        spearman_brown(1.5)


@settings(max_examples=15, deadline=None)
@given(n_trials=st.integers(2, 9), n_splits=st.integers(1, 12), seed=st.integers(0, 99))
def test_reliability_equals_one_split_at_a_time(n_trials, n_splits, seed):
    trials = simulate(n_trials=n_trials, n_conditions=10, seed=seed)[1]
    halves = random_halves(n_trials, n_splits, seed, torch.device("cpu"))
    per_split = []
    for first, second in zip(halves.first.numpy(), halves.second.numpy(), strict=True):
        assert (first > 0).sum() == n_trials // 2
        assert ((first > 0) ^ (second > 0)).all()
        r = r_of(trials[first > 0].mean(0), trials[second > 0].mean(0))
        per_split.append(2 * r / (1 + r))
    result = split_half_reliability(trials, n_splits=n_splits, seed=seed)
    np.testing.assert_allclose(result.mean, np.mean(per_split, axis=0), atol=1e-9)
    np.testing.assert_allclose(result.spread, np.std(per_split, axis=0), atol=1e-9)


def test_reliability_meets_the_truth_of_a_simulation():
    trials = simulate(n_trials=12, n_conditions=400, n_targets=10, noise=2.0, seed=1)[1]
    signal = trials.mean(0).var(0) - 4 / 12
    np.testing.assert_allclose(split_half_reliability(trials).mean, signal / (signal + 4 / 12), atol=0.02)
    noise_only = np.random.default_rng(0).normal(size=(12, 2000, 10))
    assert abs(split_half_reliability(noise_only).mean.mean()) < 0.05


def test_missing_trials_are_averaged_over():
    trials = simulate(n_trials=6, n_conditions=40)[1]
    complete = split_half_reliability(trials, n_splits=20)
    never = trials.copy()
    never[:, :7] = np.nan
    np.testing.assert_allclose(
        split_half_reliability(never, n_splits=20).mean,
        split_half_reliability(trials[:, 7:], n_splits=20).mean,
        atol=1e-9,
    )
    some = trials.copy()
    some[0, ::9] = np.nan
    np.testing.assert_allclose(split_half_reliability(some, n_splits=20).mean, complete.mean, atol=0.05)


def test_condition_sums_give_the_correlation_and_add_up():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 60, 3)) + 10
    sums = condition_sums(a, b, np.repeat(np.arange(6), 10))
    assert sums.shape == (6, 6, 3)
    total = correlation_from_sums(torch.from_numpy(sums.sum(0)))
    np.testing.assert_allclose(total.numpy(), r_of(a, b), atol=1e-12)


def test_bootstrap_equals_resampling_the_rows():
    x, trials, groups = simulate(n_conditions=12, n_targets=3)
    y = trials.mean(0)
    fit = ridge_predictivity(x, y, groups, n_outer=2, return_prediction=True)
    result = bootstrap_predictivity(fit.prediction, y, groups, fit.folds, ["m"] * 3, n_boot=40, seed=3)
    folds = np.array([fit.folds[groups == g][0] for g in range(12)])
    resampling = Resampling(folds, ["m"] * 3, 3, 40, 3)
    drawn_targets = next(iter(resampling.target_draws())).numpy()
    for boot, counts in enumerate(resampling.condition_counts().numpy().astype(int)):
        per_fold = []
        for fold in range(2):
            drawn = [g for g in range(12) if folds[g] == fold for _ in range(counts[g])]
            rows = [np.flatnonzero(groups == g) for g in drawn]
            if rows:
                rows = np.concatenate(rows)
                per_fold.append(r_of(fit.prediction[rows], y[rows]))
        expected = np.median(np.mean(per_fold, axis=0)[drawn_targets[boot]])
        assert result.values[boot] == pytest.approx(expected, abs=1e-9)


def test_bootstrap_of_the_corrected_score_centres_on_it():
    x, trials, groups = simulate(n_trials=8, n_conditions=60, n_targets=30)
    result = noise_corrected_predictivity(x, trials, groups, n_splits=10, return_sums=10)
    boots = bootstrap_noise_corrected_predictivity(result.sums, np.arange(30) % 3, n_boot=300)
    assert np.median(boots.values) == pytest.approx(np.median(result.score), abs=0.02)
    assert boots.values.shape == (300,)


def test_the_ceiling_scatters_less_than_in_plain_resamples_and_about_its_value():
    x, trials, groups = simulate(n_trials=8, n_conditions=100, n_targets=30, noise=2.0)
    result = noise_corrected_predictivity(x, trials, groups, n_splits=10, return_sums=10)
    ceilings = bootstrap_neural_ceiling(result.sums.of_responses, np.zeros(30), n_boot=300).values
    assert np.mean(ceilings) == pytest.approx(np.median(result.ceiling), abs=0.01)
    resampling = Resampling(result.sums.folds, np.zeros(30), 30, 300, 0)
    statistic = Statistic(lambda r: r[0], lambda r: r)
    sums = torch.from_numpy(result.sums.values)
    linear, plain = (
        scores(sums, resampling, statistic).numpy() for scores in (linear_scores, resampled_scores)
    )
    raw = result.raw[None]
    # The change to first order: what is left of the plain resample's is of second order.
    assert np.corrcoef((linear - raw).ravel(), (plain - raw).ravel())[0, 1] > 0.9
    assert np.abs(linear.mean(0) - raw).max() < 0.5 * np.abs(plain.mean(0) - raw).max() + 0.01


def test_bootstrap_refuses_a_condition_in_two_folds():
    _, trials, groups = simulate()
    y = trials.mean(0)
    with pytest.raises(InvalidArgumentError, match="'folds'"):
        bootstrap_predictivity(y, y, groups, np.arange(len(y)) % 5, ["a"] * 4)
    with pytest.raises(InvalidArgumentError, match="'target_groups'"):
        bootstrap_predictivity(y, y, groups, groups % 5, ["a"] * 3)
    with pytest.raises(InvalidArgumentError, match="'prediction'"):
        bootstrap_predictivity(y[:, :2], y, groups, groups % 5, ["a"] * 4)


def test_animals_of_the_same_code_are_consistent_and_others_are_not():
    rng = np.random.default_rng(0)
    latent = rng.normal(size=(360, 3))
    signal = latent @ rng.normal(size=(3, 45))
    signal[:, 30:] = rng.normal(size=(360, 3)) @ rng.normal(size=(3, 15))
    trials = signal + 2 * rng.normal(size=(8, *signal.shape))
    animals, groups = np.repeat(["a", "b", "c"], 15), np.repeat(np.arange(36), 10)
    result = inter_animal_consistency(trials, animals, groups, n_splits=3)
    assert abs(np.median(result.score[:30]) - 1) < 0.05
    assert abs(np.median(result.raw[30:])) < 0.1
    halves = np.stack([trials[:4].mean(0), trials[4:].mean(0)])
    given_pair = inter_animal_consistency_from_halves(trials.mean(0), halves, animals, groups)
    np.testing.assert_allclose(given_pair.raw, result.raw, atol=1e-9)
    assert abs(np.median(given_pair.score[:30]) - 1) < 0.05
    with pytest.raises(InvalidArgumentError, match="'target_groups'"):
        inter_animal_consistency(trials, np.zeros(45), groups)


def test_halves_that_are_uncorrelated_but_for_rounding_have_no_noise_correction():
    rng = np.random.default_rng(0)
    latent, groups = rng.normal(size=(160, 2)), np.repeat(np.arange(40), 4)
    halves = latent @ rng.normal(size=(2, 6)) + rng.normal(size=(2, 160, 6))
    weight = 0.1 * rng.integers(1, 9, size=160).reshape(40, 4)[:, :1]
    halves[0, :, 0] = (0.1 + weight * [1, 1, -1, -1]).ravel()
    halves[1, :, 0] = (0.7 + weight * [1, -1, 1, -1]).ravel()
    direct = noise_corrected_predictivity_from_halves(latent, halves.mean(0), halves, groups)
    across = inter_animal_consistency_from_halves(halves.mean(0), halves, list("aaabbb"), groups)
    for result in (direct, across):
        assert np.isnan(result.score[0])
        assert result.n_degenerate == 1
        assert (np.abs(result.score[1:]) < 2).all()
    assert direct.neural_reliability[0] == across.neural_reliability[0] == 0


@pytest.mark.parametrize("moments", [6, 40])
def test_a_table_of_moments_predicts_nothing_of_a_context_held_out(moments):
    """Neither a value nor a resample: r of what rounding leaves of a constant prediction was -0.09 here."""
    rng = np.random.default_rng(2)
    context, moment = np.repeat(np.arange(7), moments), np.tile(np.arange(moments), 7)
    table = np.zeros((len(context), 7 * moments))
    table[np.arange(len(context)), context * moments + moment] = 1
    trials = np.sin(moment)[:, None] * [1.0, 30.0] + 0.3 * rng.normal(size=(4, len(context), 2))
    given = {"folds": context, "n_splits": 2, "return_sums": 2}
    result = noise_corrected_predictivity(table, trials, context, **given)
    boots = bootstrap_noise_corrected_predictivity(result.sums, np.zeros(2), n_boot=20)
    direct = ridge_predictivity(table, trials.mean(0), context, folds=context)
    assert (result.raw == 0).all()
    assert (result.score == 0).all()
    assert (boots.values == 0).all()
    assert (direct.score == 0).all()


@pytest.mark.parametrize("seed", [0, 1])
def test_nothing_is_divided_by_folds_that_cancel_but_for_rounding(seed):
    """One unit's map has one shape: in a fold of one condition, halves agree by 1 or by -1 and nothing between."""
    rng = np.random.default_rng(seed)
    groups, ramp = np.repeat(np.arange(6), 20), np.tile(np.linspace(-1, 1, 20), 6)
    trials = rng.normal(size=(120, 3)) + rng.normal(size=(8, 120, 3))
    given = {"folds": groups, "n_splits": 1, "return_sums": 1}
    result = noise_corrected_predictivity(ramp[:, None], trials, groups, **given)
    boots = bootstrap_noise_corrected_predictivity(result.sums, np.zeros(3), n_boot=500)
    assert np.abs(result.score).max() < 2  # it was 2.5e7 with seed 1
    assert np.abs(boots.values).max() < 2
