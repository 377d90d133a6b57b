import numpy as np
import pytest

from innerscore.core.errors import InvalidArgumentError
from innerscore.tasks.self_motion import motion_from_path, ornstein_uhlenbeck_paths, resampled


@pytest.fixture(scope="module")
def paths():
    return ornstein_uhlenbeck_paths(4, 300.0, seed=1)


def test_rats_stay_in_the_box_and_cover_it(paths):
    assert paths.min() >= 0
    assert paths.max() <= 1
    visits = np.histogram2d(*paths.reshape(-1, 2).T, bins=10, range=[[0, 1], [0, 1]])[0]
    assert (visits > 0).mean() > 0.95


def test_speed_has_the_fitted_mean_away_from_walls(paths):
    steps = np.linalg.norm(np.diff(paths, axis=1), axis=-1) * 50
    inside = ((paths > 0.2) & (paths < 0.8)).all(axis=-1)[:, 1:]
    assert steps[inside].mean() == pytest.approx(0.100, abs=0.015)  # RatInABox, fitted to Sargolini 2006


@pytest.mark.parametrize("rate", [20.0, 50.0, 100.0])
def test_the_spread_of_turning_does_not_depend_on_the_step(rate):
    """The exact transition; an Euler step of 0.05 s would inflate it by 1.21."""
    path = ornstein_uhlenbeck_paths(20, 60.0, arena_m=(50.0, 50.0), rate_hz=rate, seed=0)
    bearing = np.unwrap(np.arctan2(*np.diff(path, axis=1).transpose(2, 0, 1)[::-1]), axis=1)
    turning = np.rad2deg(np.diff(bearing, axis=1) * rate)
    assert turning.std() == pytest.approx(120.0, rel=0.03)


def test_other_boxes_are_filled_too():
    path = ornstein_uhlenbeck_paths(2, 600.0, arena_m=(0.5, 2.0), seed=3)
    np.testing.assert_array_less(path.reshape(-1, 2).max(axis=0), [0.5, 2.0])
    assert path[..., 1].max() > 1.5


def test_motion_leads_along_the_path(paths):
    motion = motion_from_path("m", paths[0], rate_hz=50.0, arena_m=(1.0, 1.0))
    np.testing.assert_allclose(motion.positions, paths[0][1:], atol=1e-9)


def test_resampling_a_straight_walk_changes_nothing_but_the_rate():
    line = np.stack([np.linspace(0, 1, 101), np.zeros(101)], axis=1)
    coarse = resampled(line, from_hz=50.0, to_hz=10.0)
    np.testing.assert_allclose(np.diff(coarse[:, 0]), 0.05, atol=1e-12)


def test_seeds_repeat_and_no_step_is_refused():
    np.testing.assert_array_equal(
        ornstein_uhlenbeck_paths(1, 2.0, seed=5), ornstein_uhlenbeck_paths(1, 2.0, seed=5)
    )
    with pytest.raises(InvalidArgumentError, match="duration_s"):
        ornstein_uhlenbeck_paths(1, 0.001)
