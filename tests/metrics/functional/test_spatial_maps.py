"""Trajectories, rate maps, information, border, direction and speed: plain counts, closed forms, bad input."""

import numpy as np
import opexebo
import pytest

from innerscore.core.errors import InvalidArgumentError
from innerscore.metrics.functional import (
    activity_map,
    border_score,
    head_direction_tuning,
    rate_map,
    shuffle_control,
    spatial_coherence,
    spatial_information,
    speed_score,
    spike_counts,
    trajectory,
)
from innerscore.metrics.functional.spatial import rate_maps_of_counts, shifted_spikes
from innerscore.tasks.self_motion import ornstein_uhlenbeck_paths


@pytest.fixture(scope="module")
def path():
    """Ten minutes of a simulated rat in a box of 1 m, 25 Hz, on a clock that begins at 1000 s."""
    positions = ornstein_uhlenbeck_paths(1, 600.0, rate_hz=25.0, seed=1)[0]
    return trajectory(1000 + np.arange(len(positions)) / 25, positions, box_m=(1.0, 1.0))


def _spikes(path, rate, seed=0):
    counts = np.random.default_rng(seed).poisson(rate * path.durations)
    return np.repeat(path.times, counts) + 1e-4


def test_rate_is_spikes_over_time_in_each_bin(path):
    spikes = _spikes(path, 5.0)
    got = rate_map(path, [spikes], bin_m=0.1, smoothing_m=0.0, min_speed_m_s=0.0)
    at = path.positions[np.searchsorted(path.times, spikes, side="right") - 1]
    counts = np.histogram2d(at[:, 1], at[:, 0], bins=10, range=[(0, 1), (0, 1)])[0]
    time = np.histogram2d(path.positions[:, 1], path.positions[:, 0], bins=10, range=[(0, 1), (0, 1)])[0] / 25
    np.testing.assert_allclose(got.occupancy_s, time, atol=1e-9)
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(got.rates[0], counts / time, rtol=1e-6)
    assert got.n_spikes[0] == len(spikes)


def test_smoothing_lends_nothing_to_unvisited_bins_and_keeps_a_constant(path):
    half = path.positions.copy()
    half[half[:, 0] > 0.5] = np.nan
    lost = trajectory(path.times, half, box_m=(1.0, 1.0))
    counts = np.where(np.isfinite(half[:, 0]), 2.0 * path.durations, 0.0)[None]
    got = rate_maps_of_counts(lost, counts, bin_m=0.05, smoothing_m=0.1)
    assert np.isnan(got.rates[0][:, 11:]).all()
    np.testing.assert_allclose(got.rates[0][np.isfinite(got.rates[0])], 2.0, rtol=1e-9)
    assert lost.n_lost == np.isnan(half[:, 0]).sum() == got.n_dropped_samples


def test_activity_map_is_the_mean_activation(path):
    activity = np.stack([path.positions[:, 0], np.ones(len(path.times))], axis=1)
    got = activity_map(path, activity, bin_m=0.1)
    np.testing.assert_allclose(np.nanmean(got.rates[0], axis=0), np.arange(0.05, 1, 0.1), atol=0.01)
    np.testing.assert_allclose(got.rates[1], 1.0)


def test_a_gap_in_tracking_takes_its_spikes_along():
    times = np.concatenate([np.arange(0, 10, 0.1), np.arange(20, 30, 0.1)])
    lone = trajectory(times, np.full((200, 2), 0.5), box_m=(1.0, 1.0))
    found = spike_counts(lone, [np.array([5.0, 10.2, 15.0, 25.0])])
    assert (found.counts.sum(), found.n_in_gaps) == (3, 1)


def _steps(n=100):
    return np.arange(n) / 25.0, np.cumsum(np.full((n, 2), 0.004), axis=0)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t, p: (t[::-1], p, (1, 1)), "increasing"),
        (lambda t, p: (np.where(t == t[5], t[4], t), p, (1, 1)), "increasing"),
        (lambda t, p: (t, p * np.nan, (1, 1)), "NaN only"),
        (lambda t, p: (t, 100 * p, (1, 1)), "cm"),
        (lambda t, p: (t, 100 * p, (100, 100)), "cm"),
        (lambda t, p: (t, p - 0.5, (1, 1)), "origin_m"),
        (lambda t, p: (t[:-1], p, (1, 1)), "shapes"),
    ],
)
def test_implausible_paths_are_refused_and_say_why(change, says):
    times, positions, box = change(*_steps())
    with pytest.raises(InvalidArgumentError, match=says):
        trajectory(times, positions, box_m=box)


def test_slow_centimetres_are_caught_by_the_box():
    times, positions = _steps()
    with pytest.raises(InvalidArgumentError, match="cm"):
        trajectory(times * 200, 100 * positions, box_m=(1, 1))


@pytest.mark.parametrize("spikes", [[-0.1], [4.2], [np.nan]])
def test_spikes_outside_the_tracked_time_are_refused(spikes):
    with pytest.raises(InvalidArgumentError, match="tracked time"):
        rate_map(trajectory(*_steps(), box_m=(1, 1)), [np.array(spikes)])


def test_silent_cell_is_zero_on_the_map_and_nan_in_every_measure(path):
    maps = rate_map(path, [np.empty(0)])
    assert maps.n_silent == 1
    assert np.nanmax(maps.rates) == 0
    assert np.isnan(spatial_information(maps.rates).bits_per_spike[0])
    assert np.isnan(spatial_coherence(maps.rates)[0])
    assert np.isnan(border_score(maps.rates).score[0])
    assert np.isnan(head_direction_tuning(np.zeros((1, 4)), np.zeros(4), np.ones(4)).vector_length[0])


def test_information_of_a_cell_in_one_of_n_bins_is_log_n():
    one = np.zeros((1, 4, 8))
    one[0, 1, 2] = 7.0
    found = spatial_information(one)
    assert found.bits_per_spike[0] == pytest.approx(5.0)
    assert found.bits_per_second[0] == pytest.approx(5.0 * 7 / 32)
    assert found.sparsity[0] == pytest.approx(1 / 32)
    assert found.selectivity[0] == pytest.approx(32)
    even = spatial_information(np.full((1, 4, 8), 2.0))
    assert (even.bits_per_spike[0], even.sparsity[0]) == (pytest.approx(0), pytest.approx(1))


def test_information_equals_opexebo_through_its_clipped_formula():
    rng = np.random.default_rng(0)
    rates, time = 1 + rng.random((12, 12)), rng.random((12, 12))
    found = spatial_information(np.where(time > 0.1, rates, np.nan), time)
    want = opexebo.analysis.rate_map_stats(
        np.ma.masked_where(time <= 0.1, rates), np.where(time > 0.1, time, 0)
    )
    p = np.where(time > 0.1, time, 0) / time[time > 0.1].sum()
    clipped = (
        p * np.maximum(rates / found.mean_rate[0], 1) * np.log2(np.maximum(rates / found.mean_rate[0], 1))
    ).sum()
    assert want["spatial_information_content"] == pytest.approx(clipped, rel=1e-3)
    assert want["sparsity"] == pytest.approx(found.sparsity[0], rel=1e-6)


def test_coherence_is_the_correlation_with_neighbours():
    rng = np.random.default_rng(1)
    rates = rng.random((6, 7))
    rates[2, 3] = np.nan
    bins = [(y, x) for y in range(6) for x in range(7) if np.isfinite(rates[y, x])]
    near = [
        np.nanmean(
            [
                rates[b, a]
                for b in range(max(0, y - 1), min(6, y + 2))
                for a in range(max(0, x - 1), min(7, x + 2))
                if (b, a) != (y, x)
            ]
        )
        for y, x in bins
    ]
    want = np.arctanh(np.corrcoef([rates[at] for at in bins], near)[0, 1])
    assert spatial_coherence(rates)[0] == pytest.approx(want)


def test_border_score_of_a_wall_a_corner_and_the_middle():
    maps = np.zeros((3, 40, 40))
    maps[0, :, :3] = 1.0
    maps[1, :20, :3] = 1.0
    maps[2, 16:24, 16:24] = 1.0
    found = border_score(maps)
    assert found.score[0] == pytest.approx(0.824, abs=0.001)  # as opexebo and Sorscher's code have it
    assert found.coverage.tolist() == [1.0, 0.5, 0.0]
    assert found.score[2] == -1.0


def test_border_score_turns_with_the_map_and_sees_past_unvisited_bins():
    rng = np.random.default_rng(2)
    wall = 0.1 * rng.random((30, 20))
    wall[:, :3] += 1.0
    turned = [border_score(np.rot90(wall, k)).score[0] for k in range(4)]
    np.testing.assert_allclose(turned, turned[0])
    hidden = wall.copy()
    hidden[5:9, 0] = np.nan
    assert border_score(hidden).coverage[0] == 1.0


def test_mean_vector_of_a_von_mises_cell():
    rng = np.random.default_rng(3)
    heading = rng.vonmises(0.5, 1.0, 60_000)  # the animal looks one way more than the others
    kappa = 2.0
    counts = np.stack(
        [rng.poisson(np.exp(kappa * (np.cos(heading - 2.0) - 1))), rng.poisson(0.5, len(heading))]
    )
    found = head_direction_tuning(counts, heading, np.ones(len(heading)))
    assert found.vector_length[0] == pytest.approx(
        np.i0(kappa) ** -1 * 1.590636855, abs=0.03
    )  # I1(2) / I0(2)
    assert found.preferred[0] == pytest.approx(2.0, abs=0.05)
    assert found.vector_length[1] < 0.03


def test_speed_score_of_a_speed_cell_and_of_none(path):
    rng = np.random.default_rng(4)
    rates = np.stack([200 * path.speed, np.full(len(path.times), 20.0)])
    found = speed_score(path, rng.poisson(rates * path.durations).astype(float))
    assert found[0] > 0.8
    assert abs(found[1]) < 0.1


def test_shifted_spikes_stay_on_the_clock_and_keep_their_intervals(path):
    spikes = _spikes(path, 3.0)
    moved = shifted_spikes(path, [spikes], np.random.default_rng(0))[0]
    assert moved.min() >= path.times[0]
    assert moved.max() <= path.times[-1] + path.durations[-1]
    usual = np.sort(np.diff(np.sort(spikes)))
    assert np.abs(np.sort(np.diff(moved))[5:-5] - usual[5:-5]).max() < 0.1


def test_shuffle_tells_a_place_cell_from_a_cell_without_place(path):
    place = 20 * np.exp(-((path.positions - 0.5) ** 2).sum(1) / 0.02)
    spikes = [_spikes(path, place), _spikes(path, 2.0, seed=5), np.empty(0)]

    def bits(counts):
        maps = rate_maps_of_counts(path, counts, bin_m=0.05, smoothing_m=0.05).rates
        return spatial_information(maps).bits_per_spike

    found = shuffle_control(path, spikes, bits, n_shuffles=100)
    assert found.passes_99.tolist() == [True, False, False]
    assert found.n_undefined == 1
    again = shuffle_control(path, spikes, bits, n_shuffles=100)
    np.testing.assert_array_equal(found.null, again.null)
