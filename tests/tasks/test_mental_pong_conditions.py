"""The 79 recorded conditions and the arithmetic of the released epochs."""

import numpy as np
import pytest

from innerscore.tasks.mental_pong import STEP_MS, sample_conditions
from innerscore.tasks.mental_pong_conditions import (
    META_INDICES,
    OCCLUDED_BOUNCE,
    RELEASED_STEP_MS,
    VISIBLE_BOUNCE,
    bin_centres_ms,
    bounce_group,
    condition_name,
    epoch_bins,
    epoch_times,
)


def test_the_identifiers_and_groups_are_the_published_ones():
    assert len(META_INDICES) == len(set(META_INDICES)) == 79
    assert list(META_INDICES) == sorted(META_INDICES)
    # sums over the published lists, so that no number can be mistyped unseen
    assert (META_INDICES[0], META_INDICES[39], META_INDICES[-1]) == (29337, 258471, 469268)
    assert sum(META_INDICES) == 21171409
    assert (len(OCCLUDED_BOUNCE), len(VISIBLE_BOUNCE)) == (11, 16)
    assert (sum(OCCLUDED_BOUNCE), sum(VISIBLE_BOUNCE)) == (419, 524)
    assert not set(OCCLUDED_BOUNCE) & set(VISIBLE_BOUNCE)
    assert [bounce_group(place) for place in (0, 1, 3)] == ["none", "visible", "occluded"]
    assert condition_name(29337) == "pong-029337"


def test_the_released_steps_are_41_ms_and_the_screens_41_667():
    for condition in sample_conditions(30, n_bounce=10, seed=1):
        released = epoch_times(condition, step_ms=RELEASED_STEP_MS)
        shown = epoch_times(condition, step_ms=STEP_MS)
        assert released.end_ms / 41 == pytest.approx(round(released.end_ms / 41))
        assert shown.end_ms * 41 / released.end_ms == pytest.approx(1000 / 24)
        assert 0 <= shown.end_ms - condition.end_ms <= STEP_MS
        assert 0.983 < released.occlusion_ms / shown.occlusion_ms < 0.985


@pytest.mark.parametrize("step_ms", [RELEASED_STEP_MS, STEP_MS])
def test_bins_of_epochs_equal_means_over_masks_at_1_ms(step_ms):
    """The release makes masks at 1 ms and averages each 50 samples: finite where any sample is."""
    times = [epoch_times(c, step_ms=step_ms) for c in sample_conditions(40, n_bounce=10, seed=2)]
    found = epoch_bins(times)
    for row, time in enumerate(times):
        spans = {
            "visible": (0, time.occlusion_ms),
            "occluded": (time.occlusion_ms, time.end_ms),
            "whole": (0, time.end_ms),
        }
        for name, (start, stop) in spans.items():
            samples = np.zeros(5000, dtype=bool)
            samples[300 + int(np.floor(start)) : 300 + int(np.ceil(stop))] = True
            np.testing.assert_array_equal(found[name][row], samples.reshape(100, 50).any(axis=1))


def test_a_bins_centre_is_the_mean_of_its_whole_ms():
    samples = np.arange(5000).reshape(100, 50) - 300
    np.testing.assert_allclose(bin_centres_ms(), samples.mean(axis=1))
