"""Tracked sessions: what is cleaned and counted, what is refused, and the rate maps against plain counting."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerscore.core.errors import InvalidArgumentError, InvalidDataError
from innerscore.core.labelled import coordinate
from innerscore.data_registry.space.bins import SpatialGrid, rates_in_bins, smoothed_over_bins
from innerscore.data_registry.space.recordings import (
    MapOptions,
    labelled_maps,
    map_sessions,
    running_speed,
)
from innerscore.data_registry.space.sessions import TrackingLimits, tracked_session
from innerscore.data_registry.space.stimuli import session_stimuli
from innerscore.data_registry.space.tracking_checks import direction_of_lights
from innerscore.tasks.self_motion import ornstein_uhlenbeck_paths

RATE = 50.0
PATH = ornstein_uhlenbeck_paths(1, 300.0, rate_hz=RATE, seed=3)[0]
TIMES = 100.0 + np.arange(len(PATH)) / RATE
RNG = np.random.default_rng(0)
SPIKES = {"t1c1": np.sort(RNG.uniform(TIMES[0], TIMES[-1], 2000)), "silent": np.empty(0)}


def spatial_recording(sessions, region, options):
    return labelled_maps(map_sessions(sessions, options), region)


def session(**changed):
    given_ = {
        "times_s": TIMES,
        "positions_m": PATH,
        "arena_m": (1.0, 1.0),
        "spikes_s": SPIKES,
        "corner_m": (0.0, 0.0),
    }
    return tracked_session("s1", "rat", **(given_ | changed))


def test_a_clean_session_is_kept_as_it_is():
    kept = session()
    np.testing.assert_array_equal(kept.positions_m, PATH)
    assert (kept.n_samples_dropped, kept.n_spikes_outside) == (0, 0)
    assert "300 s, 2 cells" in repr(kept)


@pytest.mark.parametrize("corner", [(-0.5, -0.5), None])
def test_the_trackers_origin_is_moved_to_the_arenas_corner(corner):
    kept = session(positions_m=PATH - 0.5, corner_m=corner)
    np.testing.assert_allclose(kept.positions_m, PATH, atol=0 if corner else 0.03)


def test_lost_positions_and_repeated_times_are_dropped_and_counted():
    path, times = PATH.copy(), TIMES.copy()
    path[10:40, 0] = np.nan
    path[500] = [3.0, 0.5]
    times[100] = times[99]
    kept = session(positions_m=path, times_s=times)
    assert kept.n_samples_dropped == 32
    assert len(kept.times_s) == len(TIMES) - 32
    assert (np.diff(kept.times_s) > 0).all()


def test_spikes_outside_the_tracked_time_and_in_gaps_are_dropped_and_counted():
    path = PATH.copy()
    path[1000:2000] = np.nan  # 20 s
    spikes = np.array([TIMES[0] - 1, TIMES[500], TIMES[1500], TIMES[3000] + 0.001, TIMES[-1] + 0.5])
    limits = TrackingLimits(max_outside_share=0.6)
    kept = session(positions_m=path, spikes_s={"c": spikes}, limits=limits)
    np.testing.assert_array_equal(kept.spikes_s["c"], spikes[[1, 3]])
    assert kept.n_spikes_outside == 3
    with pytest.raises(InvalidDataError, match="3 of 5 spikes outside the tracked time"):
        session(positions_m=path, spikes_s={"c": spikes})


def backwards():
    times = TIMES.copy()
    times[200:] -= 2.0
    return times


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"times_s": backwards()}, "time going backwards 1 times, first from 103.98"),
        ({"times_s": np.where(TIMES[5] == TIMES, np.nan, TIMES)}, "1 NaN or infinite times"),
        ({"times_s": TIMES[:-1]}, "of shapes"),
        ({"positions_m": PATH[:, :1]}, "of shapes"),
        ({"positions_m": PATH * 100}, "look like centimetres"),
        ({"positions_m": PATH * 100, "arena_m": (100.0, 100.0)}, "look like centimetres"),
        ({"positions_m": PATH / 100}, "divided by 100"),
        ({"positions_m": PATH * 2}, "Check the arena's size"),
        ({"positions_m": PATH * 1.3, "corner_m": None}, "Check the arena's size"),
        ({"times_s": TIMES / 1000}, "median of"),
        ({"times_s": TIMES * 1000, "spikes_s": {}}, "look like milliseconds"),
        ({"times_s": np.arange(len(TIMES)), "spikes_s": {}}, "numbers of samples"),
        ({"head_direction": np.arange(len(TIMES)) * 5.0 % 360}, "looks like degrees.*'scale'"),
        ({"head_direction": np.deg2rad(np.arange(len(TIMES)) * 0.1 % 6.28)}, "radians taken for degrees"),
        ({"positions_m": np.where(PATH > 0.4, np.nan, PATH)}, "lost or repeated samples"),
        ({"positions_m": PATH - 0.5}, "lost samples"),
        ({"positions_m": PATH * [1, 0.5], "corner_m": None}, "where the walls are"),
        ({"spikes_s": {"c": np.array([110.0, np.nan])}}, "cell 'c'"),
        ({"spikes_s": {"c": SPIKES["t1c1"] * 1000}}, "spikes outside the tracked time"),
        ({"head_direction": np.zeros(3)}, "of shapes"),
        ({"positions_m": np.full_like(PATH, np.nan), "limits": TrackingLimits(max_dropped_share=1)}, "known"),
    ],
)
def test_what_cannot_be_right_is_refused_and_named(changed, message):
    with pytest.raises(InvalidDataError, match=message) as caught:
        session(**changed)
    assert "'s1'" in str(caught.value)


def counted(kept, options):
    """Rate maps by plain counting, one sample and one spike after another."""
    n_x, n_y = (round(side / options.bin_m) for side in kept.arena_m)
    speed = running_speed(kept)
    steps = [*np.diff(kept.times_s), np.median(np.diff(kept.times_s))]
    running = [min(step, 0.5) * (v >= options.min_speed_m_s) for step, v in zip(steps, speed, strict=True)]
    total, so_far, place = sum(running), 0.0, []
    for (x, y), time in zip(kept.positions_m, running, strict=True):
        column, row = (min(int(value / options.bin_m), n - 1) for value, n in ((x, n_x), (y, n_y)))
        place.append(
            (min(int(so_far / total * options.n_repetitions), options.n_repetitions - 1), row, column)
        )
        so_far += time
    seconds = np.zeros((options.n_repetitions, n_y, n_x))
    for where, time in zip(place, running, strict=True):
        seconds[where] += time
    spikes = np.zeros((len(kept.spikes_s), *seconds.shape))
    for cell, times in enumerate(kept.spikes_s.values()):
        for time in times:
            sample = np.flatnonzero(kept.times_s <= time)[-1]
            spikes[(cell, *place[sample])] += running[sample] > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(seconds >= options.min_occupancy_s, spikes / seconds, np.nan)


def test_rate_maps_are_those_of_plain_counting():
    options = MapOptions(n_repetitions=3, min_occupancy_s=0.1, min_coverage=0)
    kept = session(arena_m=(1.0, 1.5))
    maps = spatial_recording([kept], "MEC", options)
    found = maps.values.reshape(3, 30, 20, 2).transpose(3, 0, 1, 2)
    np.testing.assert_allclose(found, counted(kept, options), rtol=1e-6)
    np.testing.assert_array_equal(coordinate(maps, "n_spikes"), [2000, 0])
    silent = found[1]
    assert set(np.unique(silent[np.isfinite(silent)])) == {0.0}


def test_the_recording_says_how_it_was_made_and_where_each_bin_is():
    options = MapOptions(smoothing_m=0.05)
    kept = session(labels={"t1c1": {"layer": "III"}})
    maps = spatial_recording([kept], "MEC", options)
    assert maps.attrs["bin_size_m"] == 0.05
    facts = ("min_speed_m_s", "min_occupancy_s", "smoothing_m", "n_sessions_left_out", "n_spikes_outside")
    assert [maps.attrs[name] for name in facts] == [0.025, 0.05, 0.05, 0, 0]
    assert list(coordinate(maps, "layer")) == ["III", "unknown"]
    row = list(coordinate(maps, "stimulus_id")).index("bin-07-12")
    assert coordinate(maps, "condition")[row] == "block-1-3"
    assert (coordinate(maps, "bin_x_m")[row], coordinate(maps, "bin_y_m")[row]) == pytest.approx(
        (0.625, 0.375)
    )


def test_an_unvisited_half_is_nan_in_counted_maps_and_leaves_the_session_out_of_a_pool():
    left = session(positions_m=PATH * [0.45, 1])
    whole = tracked_session(
        "s2", "rat2", times_s=TIMES, positions_m=PATH, arena_m=(1.0, 1.0), spikes_s=SPIKES, corner_m=(0, 0)
    )
    maps = spatial_recording([left], "MEC", MapOptions(n_repetitions=1, min_coverage=0.0))
    assert np.isnan(maps.values[coordinate(maps, "bin_x_m") > 0.5]).all()
    pooled = spatial_recording([left, whole], "MEC", MapOptions(smoothing_m=0.05, min_coverage=0.8))
    assert set(coordinate(pooled, "animal")) == {"rat2"}
    assert pooled.attrs["n_sessions_left_out"] == 1
    with pytest.raises(InvalidDataError, match="no session among 1"):
        spatial_recording([left], "MEC", MapOptions(min_coverage=0.8))


def test_sessions_of_the_same_cells_are_joined_in_time():
    half = len(TIMES) // 2
    first, second = slice(0, half), slice(half, None)
    before = {cell: spikes[spikes < TIMES[half - 1]] for cell, spikes in SPIKES.items()}
    after = {cell: spikes[spikes > TIMES[half]] + 900 for cell, spikes in SPIKES.items()}
    parts = [
        session(times_s=TIMES[first], positions_m=PATH[first], spikes_s=before),
        session(times_s=TIMES[second] + 900, positions_m=PATH[second], spikes_s=after),
    ]
    maps = spatial_recording(parts, "MEC", MapOptions(n_repetitions=2, min_coverage=0, min_speed_m_s=0))
    alone = spatial_recording(parts[:1], "MEC", MapOptions(n_repetitions=1, min_coverage=0, min_speed_m_s=0))
    assert maps.shape == (2 * 400, 2)
    np.testing.assert_allclose(maps.values[:400], alone.values, rtol=1e-6)


def test_a_known_field_comes_back_with_the_halves_agreeing():
    """Four walks of 5 min at a known Poisson rate, joined."""
    rng = np.random.default_rng(1)
    walks = []
    for k, path in enumerate(ornstein_uhlenbeck_paths(4, 300.0, rate_hz=20.0, seed=4)):
        times = k * 1000 + np.arange(len(path)) / 20
        rate = 20 * np.exp(-((path - [0.3, 0.6]) ** 2).sum(axis=1) / (2 * 0.15**2))
        spikes = np.repeat(times, rng.poisson(rate / 20))
        walks.append(session(times_s=times, positions_m=path, spikes_s={"place": spikes}))
    maps = spatial_recording(walks, "MEC", MapOptions(smoothing_m=0.05, min_speed_m_s=0))
    x, y = (coordinate(maps, f"bin_{axis}_m")[:400] for axis in "xy")
    field = 20 * np.exp(-((x - 0.3) ** 2 + (y - 0.6) ** 2) / (2 * 0.15**2))
    halves = maps.values.reshape(2, 400)
    known = np.isfinite(halves).all(axis=0)
    assert np.corrcoef(halves.mean(axis=0)[known], field[known])[0, 1] > 0.97
    assert np.corrcoef(halves[:, known])[0, 1] > 0.9


@pytest.mark.parametrize(
    ("smoothing_m", "min_coverage", "n_kept", "share"), [(0.05, 0.98, 14, 0.94), (0.0, 0.0, 20, 0.02)]
)
def test_real_paths_are_plausible_and_cover_what_the_card_says(
    mirror, smoothing_m, min_coverage, n_kept, share
):
    sessions = []
    with np.load(mirror / "sargolini2006" / "tracks.npz") as tracks:
        for number, name in enumerate(tracks.files):
            path = tracks[name].astype(float)
            times = np.arange(len(path)) / RATE
            sessions.append(
                tracked_session(
                    name,
                    f"rat-{number}",
                    times_s=times,
                    positions_m=path,
                    arena_m=(1.0, 1.0),
                    spikes_s={"c": times[::500]},
                )
            )
    maps = spatial_recording(sessions, "MEC", MapOptions(smoothing_m=smoothing_m, min_coverage=min_coverage))
    assert maps.attrs["n_sessions"] == n_kept
    common = np.isfinite(maps.values).all(axis=1).reshape(2, 400).all(axis=0)
    assert common.mean() == pytest.approx(share, abs=0.015)


def test_arenas_of_different_size_and_impossible_options_are_refused():
    with pytest.raises(InvalidDataError, match="arenas"):
        spatial_recording([session(), session(arena_m=(1.0, 1.2))], "MEC", MapOptions())
    with pytest.raises(InvalidArgumentError, match="a whole part of both sides"):
        spatial_recording([session()], "MEC", MapOptions(bin_m=0.03))
    for wrong in ({"n_repetitions": 0}, {"smoothing_m": -1.0}, {"min_coverage": 2.0}):
        with pytest.raises(InvalidArgumentError, match="options of rate maps"):
            MapOptions(**wrong)


def test_walks_follow_the_path_between_gaps():
    path = PATH.copy()
    path[5000:5200] = np.nan
    stimuli = session_stimuli("x", [session(positions_m=path)], rate_hz=10.0)
    assert list(stimuli.table["stimulus_id"]) == ["s1-1", "s1-2"]
    walk = stimuli.stimuli[1]
    np.testing.assert_allclose(walk.positions, PATH[5205::5][: walk.n_steps], atol=1e-9)
    assert set(stimuli.table["head_direction"]) == {"movement"}
    with pytest.raises(InvalidDataError, match="no stretch of 5 s"):
        session_stimuli("x", [session(times_s=TIMES[:100], positions_m=PATH[:100], spikes_s={})])


def test_measured_head_direction_is_kept_round_the_circle():
    direction = np.angle(np.exp(1j * (3.0 + np.arange(len(TIMES)) * 0.002)))
    stimuli = session_stimuli("x", [session(head_direction=direction)], rate_hz=10.0)
    assert isinstance(stimuli.table, pd.DataFrame)
    assert list(stimuli.table["head_direction"]) == ["measured"]
    found = stimuli.stimuli[0].head_direction
    off = np.angle(np.exp(1j * (found - direction[5::5][: len(found)])))
    assert np.abs(off).max() < 1e-6


@given(st.integers(1, 6), st.integers(1, 6), st.floats(0.01, 0.2), st.integers(0, 2**31))
def test_smoothing_keeps_a_constant_and_a_total_within_the_walls(n_x, n_y, sigma, seed):
    grid = SpatialGrid((n_x * 0.05, n_y * 0.05))
    constant = np.full((grid.n_bins, 2), 3.0)
    np.testing.assert_allclose(smoothed_over_bins(constant, grid, sigma), constant)
    values = np.random.default_rng(seed).uniform(size=(grid.n_bins, 1))
    smooth = smoothed_over_bins(values, grid, sigma)
    assert values.min() - 1e-9 <= smooth.min() <= smooth.max() <= values.max() + 1e-9


def test_bins_without_time_have_no_rate_and_walls_belong_to_the_last_bin():
    rates = rates_in_bins(np.array([[2.0], [0.0]]), np.array([0.5, 0.0]), min_time=0.0)
    np.testing.assert_array_equal(rates, [[4.0], [np.nan]])
    grid = SpatialGrid((1.0, 0.5))
    np.testing.assert_array_equal(grid.index(np.array([[0, 0], [1.0, 0.5], [0.99, 0.01]])), [0, 199, 19])


def with_default(place, share, stretches):
    """The tracker loses the rat in as many stretches, and then gives a place of its own."""
    path, length = PATH.copy(), round(share * len(PATH) / stretches)
    starts = np.linspace(0, len(PATH) - length, stretches).astype(int)
    lost = (starts[:, None] + np.arange(length)).ravel()
    path[lost] = place
    return path, np.isin(np.arange(len(PATH)), lost)


@pytest.mark.parametrize("place", [(0.0, 0.0), (-0.2, -0.1), (0.5, 0.5)])
@pytest.mark.parametrize(("share", "stretches"), [(0.2, 3000), (0.2, 1), (0.02, 10)])
def test_the_place_that_a_lost_tracker_gives_is_no_position(place, share, stretches):
    path, lost = with_default(place, share, stretches)
    kept = session(positions_m=path, corner_m=(0.0, 0.0), limits=TrackingLimits(max_outside_share=0.25))
    assert kept.n_samples_stuck == kept.n_samples_dropped == lost.sum()
    np.testing.assert_array_equal(kept.positions_m, PATH[~lost])
    centred = session(positions_m=path, corner_m=None, limits=TrackingLimits(max_outside_share=0.25))
    np.testing.assert_allclose(centred.positions_m, PATH[~lost], atol=0.03)


def test_a_tracker_that_lost_the_animal_too_often_is_refused_with_the_number():
    path, lost = with_default((0.0, 0.0), 0.4, 100)
    with pytest.raises(InvalidDataError, match=rf"\({lost.sum()} stuck at one place\)"):
        session(positions_m=path)


def test_an_animal_that_rests_and_a_tracker_of_few_places_are_believed():
    resting = np.repeat(PATH, np.where(np.arange(len(PATH)) == 700, 2000, 1), axis=0)
    times = TIMES[0] + np.arange(len(resting)) / RATE
    assert session(times_s=times, positions_m=resting).n_samples_stuck == 0
    assert session(positions_m=np.round(PATH, 1)).n_samples_stuck == 0
    assert session(head_direction=np.deg2rad(np.arange(len(TIMES)) // 50 * 15 % 360)).n_samples_stuck == 0


def test_a_direction_that_a_lost_tracker_gives_is_not_known():
    turning = np.angle(np.exp(1j * np.cumsum(np.random.default_rng(2).normal(0, 0.1, len(TIMES)))))
    lost = np.random.default_rng(3).random(len(TIMES)) < 0.2
    kept = session(head_direction=np.where(lost, 0.0, turning))
    np.testing.assert_array_equal(kept.head_direction, np.where(lost, np.nan, turning))
    assert (kept.n_samples_stuck, kept.n_samples_dropped) == (lost.sum(), 0)
    hind = PATH - 0.1 * np.stack([np.cos(turning), np.sin(turning)], axis=1)
    hind[lost] = 0.0
    found = direction_of_lights(TIMES, PATH, hind)
    assert np.isnan(found[lost]).all()
    np.testing.assert_allclose(np.exp(1j * found[~lost]), np.exp(1j * turning[~lost]), atol=1e-9)
