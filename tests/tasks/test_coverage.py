"""Evaluation walks cover boxes of 0.5 to 4 m evenly, and are a rat's walks in every step."""

import numpy as np
import pytest

from innerscore.core.errors import InvalidArgumentError
from innerscore.tasks.coverage import coverage_paths
from innerscore.tasks.self_motion import motion_from_path, ornstein_uhlenbeck_paths


def visits_by_walking(walks, arena):
    """Counted one step after another along the stimuli, as a candidate would walk them."""
    n_x, n_y = (round(side / walks.bin_m) for side in arena)
    visits = np.zeros((n_y, n_x), dtype=int)
    for number, path in enumerate(walks.paths):
        motion = motion_from_path(str(number), path, rate_hz=walks.rate_hz, arena_m=arena)
        for x, y in motion.positions:
            visits[min(int(y / walks.bin_m), n_y - 1), min(int(x / walks.bin_m), n_x - 1)] += 1
    return visits


@pytest.mark.parametrize("arena", [(1.0, 1.0), (0.5, 1.5)])
def test_every_bin_is_visited_often_and_evenly(arena):
    walks = coverage_paths(arena, min_visits=10)
    visits = visits_by_walking(walks, arena)
    # rounding may put a step at a bin's very edge on its other side
    assert np.abs(visits - walks.visits).sum() <= 2
    assert walks.fewest_visits >= 10
    assert walks.variation <= 0.35
    assert visits.std() / visits.mean() == pytest.approx(walks.variation, abs=0.01)


def test_a_box_of_4_m_is_covered_too():
    walks = coverage_paths((4.0, 4.0), bin_m=0.1, min_visits=5)
    assert walks.visits.shape == (40, 40)
    assert walks.fewest_visits >= 5
    assert walks.paths.max() > 3.9


def test_free_walks_of_the_same_length_miss_the_criterion():
    """What the construction is for."""
    walks = coverage_paths(min_visits=10)
    total_s = walks.paths.shape[0] * (walks.paths.shape[1] - 1) / walks.rate_hz
    free = ornstein_uhlenbeck_paths(1, total_s, rate_hz=10.0, seed=1)[0]
    visits = np.histogram2d(*free.T, bins=20, range=[[0, 1], [0, 1]])[0]
    assert visits.min() < 10
    assert visits.std() / visits.mean() > walks.variation


def test_steps_are_a_rats():
    walks = coverage_paths(min_visits=5)
    speed = np.linalg.norm(np.diff(walks.paths, axis=1), axis=-1) * walks.rate_hz
    assert np.median(speed) == pytest.approx(0.08 * np.sqrt(2 * np.log(2)), rel=0.15)  # of Rayleigh(0.08)
    assert speed.max() < 0.6


def test_seeds_repeat_and_differ():
    first, again, other = (
        coverage_paths((0.5, 0.5), min_visits=3, walk_s=5.0, seed=seed).paths for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"bin_m": 0.3}, "a whole part"),
        ({"bin_m": 0.0}, "a whole part"),
        ({"min_visits": 0}, "min_visits"),
        ({"max_variation": 0.01, "walk_s": 2.0, "arena_m": (0.1, 0.1)}, "rounds of"),
    ],
)
def test_what_cannot_be_met_is_refused(arguments, message):
    with pytest.raises(InvalidArgumentError, match=message):
        coverage_paths(**arguments)


def test_starts_and_thigmotaxis_are_the_callers():
    start = np.array([[0.2, 0.9], [1.0, 0.0]])
    path = ornstein_uhlenbeck_paths(2, 0.1, start_m=start, rate_hz=50.0, seed=1)
    assert np.abs(path[:, 0] - start).max() < 0.01
    near_wall = [
        ((walks < 0.1) | (walks > 0.9)).any(axis=-1).mean()
        for walks in (
            ornstein_uhlenbeck_paths(20, 100.0, rate_hz=20.0, thigmotaxis=th, seed=3) for th in (0, 1)
        )
    ]
    assert near_wall[0] < 0.5 * near_wall[1]  # 1 keeps to the walls, 36 % of the box
    for wrong in ({"thigmotaxis": 1.5}, {"start_m": np.array([[2.0, 0.0]])}, {"start_m": np.zeros((3, 2))}):
        with pytest.raises(InvalidArgumentError, match=next(iter(wrong))):
            ornstein_uhlenbeck_paths(1, 1.0, **wrong)
