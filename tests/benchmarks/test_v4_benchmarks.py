"""Benchmarks on real V4 neurons, beside plain code of the same formula and candidates that know nothing."""

import numpy as np
import pytest

from innerscore.benchmarks import load_benchmark
from innerscore.candidates import load_candidate
from innerscore.core.activations import check_activations
from innerscore.core.labelled import coordinate
from innerscore.core.settings import Settings

pytestmark = pytest.mark.once

NAMES = ["Cowley2023.V4-ridge", "Cowley2023.V4-rsa", "Cowley2023.V4-one-to-one"]
N_FOLDS, N_SPLITS = 5, 100


@pytest.fixture(scope="module")
def benchmarks(mirrored_of_module):
    return {name: load_benchmark(name, mirrored_of_module) for name in NAMES}


@pytest.fixture(scope="module")
def pixels(benchmarks):
    """Activations of the candidate pixels by the name of the image."""
    stimuli = benchmarks[NAMES[0]].stimuli.stimuli
    shown = load_candidate("pixels", Settings()).activations(stimuli)
    return {stimulus.identifier: layers for stimulus, layers in zip(stimuli, shown, strict=True)}


def first_presentations(benchmark, n):
    """The first presentations of each scored image that has as many, (n, image, neuron), and the images' names."""
    recorded = benchmark.dataset.recording("V4")
    names, repetition = (coordinate(recorded, name) for name in ("stimulus_id", "repetition"))
    trials = [recorded.values[repetition.astype(int) == k] for k in range(n)]
    images = names[repetition.astype(int) == 0]
    often = np.isfinite(trials).all(axis=(0, 2))
    scored = [k for place, k in enumerate(np.flatnonzero(often)) if place % 4]
    return np.stack(trials)[:, scored], images[scored]


def plain_ridge(x, trials, names):
    """Noise-corrected ridge predictivity of each neuron, as the metric's card has it, in plain numpy.

    Folds, halves of the presentations and penalties are those of the documentation; every fit is one of its own.
    """
    rank = np.argsort(np.argsort(names))
    folds = np.random.default_rng((0, 0)).permutation(np.arange(len(x)) % N_FOLDS)[rank]
    orders = np.random.default_rng((0, 7)).permuted(np.tile(np.arange(len(trials)), (N_SPLITS, 1)), axis=1)
    average, middle = trials.mean(axis=0), len(trials) // 2
    raw, of_predictions, of_responses = [], [], []
    for k in range(N_FOLDS):
        train, test = folds != k, folds == k
        sum_of_squares = ((x[train] - x[train].mean(axis=0)) ** 2).sum()
        penalties = np.geomspace(1e-10, 10, 23) * sum_of_squares
        order = np.argsort(np.argsort(names[train]))
        inner = np.random.default_rng((0, 1 + k)).permutation(np.arange(train.sum()) % N_FOLDS)[order]
        best = chosen(x[train], average[train], inner, penalties)
        predictions = np.stack(
            [
                predicted(x[train], one[train], x[test], penalties)[best, :, np.arange(len(best))].T
                for one in trials
            ]
        )
        raw.append(correlations(predictions.mean(axis=0), average[test]))
        halves = [(order[:middle], order[middle:]) for order in orders]
        for found, values in ((of_predictions, predictions), (of_responses, trials[:, test])):
            pairs = [correlations(values[a].mean(axis=0), values[b].mean(axis=0)) for a, b in halves]
            found.append(np.mean(pairs, axis=0))
    raw, r_of_predictions, r_of_responses = (
        np.mean(one, axis=0) for one in (raw, of_predictions, of_responses)
    )
    ceiling = np.sqrt(full_length(r_of_responses))
    return raw, ceiling, raw / ceiling / np.sqrt(full_length(r_of_predictions))


def predicted(x, y, new, penalties):
    """Predictions of all penalties, (penalty, new image, neuron)."""
    centred, mean = x - x.mean(axis=0), y.mean(axis=0)
    u, s, vt = np.linalg.svd(centred, full_matrices=False)
    projected, loadings = u.T @ (y - mean), (new - x.mean(axis=0)) @ vt.T
    return np.stack([mean + loadings @ ((s / (s**2 + a))[:, None] * projected) for a in penalties])


def chosen(x, y, inner, penalties):
    """The strongest penalty of each neuron that is within 1e-6 of the best r on inner folds."""
    scores = np.mean(
        [
            [
                correlations(one, y[inner == k])
                for one in predicted(x[inner != k], y[inner != k], x[inner == k], penalties)
            ]
            for k in range(N_FOLDS)
        ],
        axis=0,
    )
    near = scores >= scores.max(axis=0) - 1e-6
    return len(penalties) - 1 - near[::-1].argmax(axis=0)


def correlations(a, b):
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    return (a * b).sum(axis=0) / np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))


def full_length(r):
    return 2 * r / (1 + r)


def test_ridge_of_pixels_is_that_of_plain_code(benchmarks, pixels):
    benchmark = benchmarks["Cowley2023.V4-ridge"]
    parts = benchmark.score(pixels)
    trials, names = first_presentations(benchmark, 7)
    assert tuple(names) == benchmark.scored_conditions
    assert trials.shape == (7, 453, 50)
    assert parts.facts["n_samples_left_out"] == 36
    x = np.stack([pixels[name]["rgb"].values[0] for name in names]).astype(np.float64)
    plain = plain_ridge(x, trials, names)
    for name, values in zip(("raw", "ceiling", "normalised"), plain, strict=True):
        np.testing.assert_allclose(parts.targets[name], values, atol=1e-6)
        assert getattr(parts, name).value == pytest.approx(np.median(values), abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_noise_and_permuted_images_score_chance(benchmarks, pixels, name):
    benchmark = benchmarks[name]
    stimuli = benchmark.stimuli.stimuli
    noise, permuted = [], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        drawn = {
            one.identifier: check_activations(
                {"n": rng.normal(size=(1, 200))}, one, candidate="noise", layers=("n",)
            )
            for one in stimuli
        }
        others = dict(
            zip(pixels, rng.permutation(np.array(list(pixels.values()), dtype=object)), strict=True)
        )
        noise.append(raw_value(benchmark, drawn, "n"))
        permuted.append(raw_value(benchmark, others, "rgb"))
    for values in (noise, permuted):
        error = np.std(values, ddof=1) / np.sqrt(len(values))
        assert abs(np.mean(values)) < 2.4 * error + 0.012
    assert raw_value(benchmark, pixels, "rgb") > 0.05 + max(*noise, *permuted)


def raw_value(benchmark, activations, layer):
    model = benchmark._model(activations, layer, benchmark.scored_conditions)
    return benchmark.metric.value(model, *benchmark._scored_brains)
