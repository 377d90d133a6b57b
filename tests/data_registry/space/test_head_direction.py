"""Tuning to head direction, of cells whose tuning the test chose."""

import numpy as np
import pytest

from innerscore.core.errors import InvalidArgumentError, InvalidDataError
from innerscore.data_registry.space.head_direction import head_direction_tuning
from innerscore.data_registry.space.sessions import tracked_session

RATE, N = 50.0, 30000
RNG = np.random.default_rng(0)
TIMES = np.arange(N) / RATE
PATH = 0.5 + 0.5 * np.stack([np.sin(TIMES / 7), np.cos(TIMES / 5)], axis=1)
ANGLE = np.cumsum(RNG.normal(0, 0.15, size=N))  # turns round many times, not folded


def session(name, angle, **cells):
    return tracked_session(
        name, "rat", times_s=TIMES, positions_m=PATH, arena_m=(1.0, 1.0), corner_m=(0, 0), spikes_s=cells,
        head_direction=angle,
    )  # fmt: skip


def poisson(rate):
    return np.repeat(TIMES, RNG.poisson(rate / RATE))


def test_rates_follow_the_cells_own_tuning():
    rate = 20 * np.exp(2 * (np.cos(ANGLE - 1.0) - 1))
    found = head_direction_tuning([session("a", ANGLE, tuned=poisson(rate), flat=poisson(np.full(N, 5.0)))])
    assert found.neuroid_id == ("rat-tuned", "rat-flat")
    tuned, flat = found.rates
    np.testing.assert_allclose(tuned, 20 * np.exp(2 * (np.cos(found.centres - 1.0) - 1)), atol=2.5)
    np.testing.assert_allclose(flat, 5.0, atol=1.8)


def test_spikes_and_time_are_those_of_plain_counting():
    angle = np.where(np.arange(N) % 7 == 0, np.nan, ANGLE)
    spikes = np.sort(RNG.uniform(0, TIMES[-1], 500))
    found = head_direction_tuning([session("a", angle, c=spikes)], n_bins=5)
    folded = np.angle(np.exp(1j * angle))
    edges = np.linspace(-np.pi, np.pi, 6)
    at_spike = folded[np.searchsorted(TIMES, spikes, side="right") - 1]
    time = np.histogram(folded[np.isfinite(folded)], edges)[0] / RATE
    np.testing.assert_allclose(found.rates[0], np.histogram(at_spike[np.isfinite(at_spike)], edges)[0] / time)


def test_unseen_directions_are_nan_and_unmeasured_sessions_passed_by():
    up = np.full(N, 1.5)
    spikes = np.array([1.0, 2.0])
    found = head_direction_tuning([session("a", None, x=spikes), session("b", up, y=spikes)])
    assert found.neuroid_id == ("rat-y",)
    assert np.isfinite(found.rates).sum() == 1
    assert np.nanmax(found.rates) == pytest.approx(2 / 600)
    with pytest.raises(InvalidDataError, match="no head direction in 1"):
        head_direction_tuning([session("a", None, x=spikes)])
    with pytest.raises(InvalidArgumentError, match="n_bins"):
        head_direction_tuning([session("b", up, y=spikes)], n_bins=1)


def test_time_in_which_a_cell_was_not_recorded_does_not_count_for_it():
    spikes = np.arange(0.0, TIMES[-1], 0.25)
    half = TIMES[-1] / 2
    cells = {"all": spikes, "part": spikes[spikes <= half]}
    kept = tracked_session(
        "a", "rat", times_s=TIMES, positions_m=PATH, arena_m=(1.0, 1.0), corner_m=(0, 0), spikes_s=cells,
        head_direction=ANGLE, observed_s={"part": np.array([[0.0, half]])},
    )  # fmt: skip
    rates = head_direction_tuning([kept], n_bins=4).rates
    np.testing.assert_allclose(np.nanmean(rates, axis=1), 4.0, rtol=0.02)
