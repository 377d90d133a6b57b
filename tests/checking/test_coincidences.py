"""Honest counts coincide and are no fault; what was copied is found where there are neurons enough to tell."""

import numpy as np
import pytest

from innerscore.checking.coincidences import equal_neuroids, equal_presentations

N_PICTURES, N_REPETITIONS = 40, 6


def counts(seed, n_neurons, *, scale=5.0, spread=1.0, gain=0.0):
    """Poisson counts of tuned neurons: trials of pictures, and which picture each shows."""
    rng = np.random.default_rng(seed)
    rates = scale * rng.gamma(1 / spread, spread, (N_PICTURES, n_neurons))
    gains = np.exp(gain * rng.normal(size=(N_REPETITIONS, N_PICTURES, 1)))
    trials = rng.poisson(rates * gains).reshape(-1, n_neurons).astype(float)
    return trials, np.tile(np.arange(N_PICTURES), N_REPETITIONS)


def visited(seed, n_cells, *, rate, n_bins=400, n_halves=2):
    """Rates in bins of space, each visited for a time of its own that its cells share."""
    rng = np.random.default_rng(seed)
    time = rng.integers(10, 50, (n_halves, n_bins, 1)) / 10
    tuned = rate * rng.gamma(1, 1, (1, n_bins, n_cells))
    rates = (rng.poisson(tuned * time) / time).astype(np.float32).reshape(-1, n_cells)
    return rates, np.tile(np.arange(n_bins), n_halves)


HONEST = {
    "8 neurons": lambda seed: counts(seed, 8, scale=2),
    "3 neurons": lambda seed: counts(seed, 3),
    "selective": lambda seed: counts(seed, 3, scale=10, spread=4),
    "rarely firing": lambda seed: counts(seed, 20, scale=0.3),
    "of a common gain": lambda seed: counts(seed, 5, scale=3, gain=0.5),
    "3 cells in space": lambda seed: visited(seed, 3, rate=1.0),
    "6 cells in space": lambda seed: visited(seed, 6, rate=0.3),
    "10 cells in space": lambda seed: visited(seed, 10, rate=0.3),
}


@pytest.mark.parametrize("kind", HONEST)
def test_counts_that_are_equal_by_chance_are_no_fault(kind):
    refused, n_equal = [], 0
    for seed in range(40):
        values, stimulus = HONEST[kind](seed)
        n_equal += len(values) - len(np.unique(values, axis=0))
        found = equal_presentations(values, stimulus), equal_neuroids(values, stimulus)
        refused += [(seed, one) for one in found if one.pairs]
    assert refused == []
    assert n_equal > 0  # there was something to be taken for a copy


@pytest.mark.parametrize("to", [N_PICTURES, 1], ids=["repetition", "other picture"])
def test_a_copied_trial_is_found_among_enough_neurons(to):
    for seed in range(30):
        values, stimulus = counts(seed, 30)
        values[to] = values[0]
        found = equal_presentations(values, stimulus)
        assert found.pairs == ((0, to),)
        assert found.expected < 1e-6


def test_a_copied_trial_of_numbers_that_never_come_again_needs_few_neurons():
    values = np.random.default_rng(0).normal(size=(240, 3))
    values[100] = values[7]
    assert equal_presentations(values, np.arange(240) % 40).pairs == ((7, 100),)


def test_a_copied_session_is_found_by_number_where_no_trial_alone_would_tell():
    for seed in range(10):
        values, stimulus = counts(seed, 5)
        once = values.copy()
        once[60] = once[20]
        assert equal_presentations(once, stimulus).pairs == ()
        twice = equal_presentations(np.concatenate([values, values]), np.tile(stimulus, 2))
        assert len(twice.pairs) > 100


def test_a_neuron_under_two_names_is_found_also_if_it_seldom_fires():
    for seed in range(30):
        values, stimulus = counts(seed, 8, scale=1, spread=4)
        values[:, 3] = values[:, 5]
        assert equal_neuroids(values, stimulus).pairs == ((3, 5),)


def test_bins_of_time_and_gaps_count_as_they_are():
    values, stimulus = counts(0, 30)
    values = values.reshape(-1, 6, 5)
    values[3, :2] = np.nan
    values[41] = values[3]
    assert equal_presentations(values, stimulus).pairs == ((3, 41),)
    values[41, 5, 4] += 1
    assert equal_presentations(values, stimulus).pairs == ()
