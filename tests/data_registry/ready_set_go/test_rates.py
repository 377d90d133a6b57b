"""Rates, halves, smoothing and the trials of a unit, against plain references and by hand."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerscore.data_registry.ready_set_go.intervals import interval_statistics, regression_slopes
from innerscore.data_registry.ready_set_go.rates import (
    Windows,
    half_of_each_trial,
    row_means,
    smoothed,
    trial_rates,
)
from innerscore.data_registry.ready_set_go.sessions import Unit, recorded_trials


def unit(names, name="s_1"):
    trials = pd.DataFrame({"condition": names})
    return Unit(name, "s", "H", single=True, spikes_s=np.arange(3.0), trials=trials)


def test_rates_by_hand():
    spikes = np.array([0.01, 0.05, 0.05, 1.03, 1.09])
    windows = Windows(
        row=np.array([0, 0, 1]),
        edges_s=np.array([[0, 0.02, 0.06], [1, 1.05, 1.1], [0, 0.05, 0.1]]),
        reached=np.array([[True, True], [True, False], [True, True]]),
    )
    rates = trial_rates(spikes, windows)
    np.testing.assert_allclose(rates, [[50, 50], [20, np.nan], [20, 40]])
    np.testing.assert_allclose(row_means(rates, windows.row, 3), [[35, 50], [20, 40], [np.nan, np.nan]])


def test_smoothing_keeps_what_is_constant_and_what_is_not_there():
    rates = np.array([[3.0] * 6 + [np.nan] * 2, [3.0, np.nan, 3, 3, 3, 3, 3, 3]])
    np.testing.assert_allclose(smoothed(rates, np.array([2.0, 1.0])), rates)


def test_smoothing_is_a_gaussian_whose_weights_add_up_to_one():
    spike = np.zeros((1, 41))
    spike[0, 20] = 1
    found = smoothed(spike, np.array([2.0]))[0]
    expected = np.exp(-0.5 * (np.arange(-20, 21) / 2) ** 2)
    np.testing.assert_allclose(found[10:31], (expected / expected.sum())[10:31], atol=1e-6)
    at_edge = smoothed(np.eye(41)[:1], np.array([2.0]))[0, 0]
    assert at_edge == pytest.approx(1 / expected[20:].sum())


def test_halves_are_even_within_each_condition_and_depend_on_names_alone():
    names = ["a"] * 7 + ["b"] * 6
    half = half_of_each_trial(unit(names), seed=1)
    assert [int((half[:7] == k).sum()) for k in (0, 1)] == [4, 3]
    assert [int((half[7:] == k).sum()) for k in (0, 1)] == [3, 3]
    np.testing.assert_array_equal(half[:7], half_of_each_trial(unit(["a"] * 7), seed=1))
    others = [half_of_each_trial(unit(names, "s_2"), seed=1), half_of_each_trial(unit(names), seed=2)]
    assert all((one != half).any() for one in others)


@pytest.mark.parametrize(
    ("spikes", "expected"),
    [
        (np.arange(0, 1000, 1.0), [True, True, True]),
        (np.concatenate([np.arange(0, 300, 1.0), np.arange(700, 1000, 1.0)]), [True, False, True]),
        (np.arange(150, 1000, 1.0), [False, True, True]),
        (np.arange(0, 600, 1.0), [True, True, False]),
        (np.arange(0, 1000, 61.0), [True, True, True]),  # a slow unit: gaps of 61 s are no absence
        (np.array([100.0]), [False, False, False]),
        (np.array([]), [False, False, False]),
    ],
)
def test_a_unit_is_there_between_its_spikes_and_in_no_long_gap(spikes, expected):
    start = np.array([100.0, 500.0, 900.0])
    np.testing.assert_array_equal(recorded_trials(spikes, start, start + 2), expected)


@given(
    st.lists(st.floats(0, 2000), min_size=2, max_size=40, unique=True).map(sorted),
    st.lists(st.floats(0, 2000), min_size=1, max_size=10),
)
def test_presence_as_by_going_through_every_gap(spikes, starts):
    spikes, starts = np.array(spikes), np.array(starts)
    limit = max(60, 20 * (spikes[-1] - spikes[0]) / len(spikes))
    expected = []
    for start in starts:
        there = spikes[0] <= start and start + 1 <= spikes[-1]
        for a, b in pairwise(spikes):
            there = there and not (b - a > limit and start + 1 > a and start < b)
        expected.append(there)
    np.testing.assert_array_equal(recorded_trials(spikes, starts, starts + 1), expected)


def test_statistics_of_intervals_by_hand():
    trials = pd.DataFrame(
        {
            "prior": ["short"] * 4,
            "t_s_ms": [480, 480, 800, 800],
            "t_p_ms": [500.0, 520.0, 700.0, 740.0],
        }
    )
    found = interval_statistics(trials)
    assert found["n"].tolist() == [2, 2]
    assert found["bias_ms"].tolist() == [30, -80]
    assert found["sd_ms"].tolist() == pytest.approx([np.sqrt(200), np.sqrt(800)])
    assert regression_slopes(trials) == {"short": pytest.approx(210 / 320)}
