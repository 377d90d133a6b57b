"""The share of head-direction cells, on populations whose tuning is known."""

import numpy as np
import pytest
from labelled_arrays import brain_array, model_array

from innerscore.core.errors import InvalidArgumentError, InvalidDataError
from innerscore.data_registry.space.direction_bins import bin_of_direction, direction_centres
from innerscore.metrics import Metric, load_metric
from innerscore.metrics.direction import DirectionFraction

N_BINS = 24
CENTRES = direction_centres(N_BINS)
_NAMES = [f"direction-{k:02d}" for k in range(N_BINS)]
DIRECTIONS = {"stimulus_id": _NAMES, "condition": _NAMES}


def population(n_tuned, n_flat, seed):
    """Rates (n_bins, n_cells): von Mises tuning of kappa 4, and flat cells."""
    preferred = np.random.default_rng(seed).uniform(-np.pi, np.pi, n_tuned)
    tuned = np.exp(4 * (np.cos(CENTRES[:, None] - preferred) - 1))
    return 1 + 9 * np.concatenate([tuned, np.full((N_BINS, n_flat), 0.3)], axis=1)


def samples(rates, animals, seed=0, n_repetitions=4):
    trials = np.random.default_rng(seed).poisson(20 * rates, (n_repetitions, *rates.shape)) / 20
    bins = {**DIRECTIONS, "direction_rad": CENTRES}
    return brain_array(trials, bins, animals, region="MEC-direction", direction_bins=N_BINS)


def model(rates):
    return model_array(rates, DIRECTIONS)


@pytest.fixture
def recorded():
    rates = np.concatenate([population(10, 30, seed) for seed in (0, 1)], axis=1)
    return samples(rates, np.repeat(["a", "b"], 40))


def score(units, recorded, **options):
    return DirectionFraction(n_boot=100, **options)(model(units), recorded)


def test_a_like_population_is_at_the_ceiling_and_others_are_not(recorded):
    like = score(population(10, 30, 7), recorded)
    assert like.normalised.low < 1 < like.normalised.high + 0.05
    assert like.normalised.value == pytest.approx(1, abs=0.1)
    assert like.facts["model_direction_fraction"] == pytest.approx(0.25, abs=0.01)
    assert like.facts["brain_direction_fraction"] == pytest.approx(0.25, abs=0.01)
    for n_tuned in (0, 40):
        assert score(population(n_tuned, 40 - n_tuned, 7), recorded).normalised.value < 0.8


def test_the_vector_length_is_that_of_the_formula():
    rates = population(3, 1, 0)
    found = DirectionFraction(smoothing_bins=0).describe(rates.T, 1.0)["length"]
    expected = [abs((r * np.exp(1j * CENTRES)).sum()) / r.sum() for r in rates.T]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert np.isnan(DirectionFraction().describe(np.zeros((1, N_BINS)), 1.0)["length"][0])


def test_scale_and_order_of_units_do_not_matter(recorded):
    units = population(10, 30, 7)
    once, again = score(units, recorded), score(3 * units[:, ::-1], recorded)
    assert once.raw.value == pytest.approx(again.raw.value)


def test_it_is_a_registered_metric_that_repeats(recorded, settings):
    metric = load_metric("direction-fraction", settings, n_boot=50)
    assert isinstance(metric, Metric)
    first, second = (metric(model(population(10, 30, 7)), recorded) for _ in range(2))
    assert first.normalised == second.normalised
    assert float(metric.ceiling(recorded)) == pytest.approx(first.ceiling.value)


def test_gaps_in_the_circle_and_bad_thresholds_are_refused(recorded):
    rest = np.arange(1, N_BINS)
    with pytest.raises(InvalidDataError, match="gaps"):
        DirectionFraction()(
            model(population(2, 2, 0)).isel(presentation=rest), recorded.isel(presentation=rest)
        )
    with pytest.raises(InvalidArgumentError, match="threshold"):
        DirectionFraction(threshold=1)


def test_angles_fall_into_the_bins_that_hold_them():
    np.testing.assert_array_equal(bin_of_direction(CENTRES, N_BINS), np.arange(N_BINS))
    np.testing.assert_array_equal(bin_of_direction(CENTRES + 2 * np.pi, N_BINS), np.arange(N_BINS))
    np.testing.assert_array_equal(bin_of_direction(np.array([-np.pi, np.nan]), N_BINS), [0, -1])
