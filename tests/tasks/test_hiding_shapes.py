"""HidingShapes: the main object hides when it is said to, behind a panel that hides it, the same by seed."""

import zlib

import numpy as np
import pytest

from innerscore.core.errors import InvalidArgumentError
from innerscore.tasks.hiding_shapes import MAX_OBJECTS, hiding_shapes

BEFORE = (9, 14)


@pytest.fixture(scope="module")
def clips():
    return hiding_shapes(3, 0, 48, 40, before=BEFORE)


def test_a_batch_is_the_same_for_the_same_arguments_and_no_other(clips):
    again = hiding_shapes(3, 0, 48, 40, before=BEFORE)
    np.testing.assert_array_equal(again.frames, clips.frames)
    np.testing.assert_array_equal(again.positions, clips.positions)
    assert not np.array_equal(hiding_shapes(3, 1, 48, 40, before=BEFORE).frames, clips.frames)
    assert not np.array_equal(hiding_shapes(4, 0, 48, 40, before=BEFORE).frames, clips.frames)


def test_trained_weights_rest_on_these_very_frames():
    # Whoever changes the corpus has to raise the version of each card that learned on it.
    assert zlib.crc32(hiding_shapes(0, 0, 4, 26).frames.tobytes()) == 3094347696


def test_the_main_object_is_in_view_before_its_hiding_and_hides_as_often_as_long_times_need(clips):
    assert clips.frames.shape == (48, 40, 64, 64, 3)
    assert clips.positions.shape == (48, 40, MAX_OBJECTS, 2)
    assert set(clips.n_before) == set(range(BEFORE[0], BEFORE[1] + 1))
    before = np.arange(40) < clips.n_before[:, None]
    assert not clips.hidden[before].any()
    after = np.take_along_axis(clips.hidden, np.minimum(clips.n_before[:, None] + 9, 39), axis=1)
    assert 0.2 < after.mean() < 0.7
    assert np.isfinite(clips.positions[:, :, 0]).all()


def test_what_is_hidden_whole_leaves_no_trace_in_the_frame(clips):
    # Where an object alone in its room is hidden whole, frames are equal: nothing of it shows.
    alone = np.isnan(clips.positions[:, 0, 1, 0])
    pairs = [
        (clip, t) for clip in np.flatnonzero(alone) for t in range(39) if clips.hidden[clip, t : t + 2].all()
    ]
    assert len(pairs) > 20
    for clip, t in pairs:
        np.testing.assert_array_equal(clips.frames[clip, t], clips.frames[clip, t + 1])
    # and where it is in view and moves, they are not.
    seen = [clip for clip in np.flatnonzero(alone) if clips.n_before[clip] > 5]
    assert all((clips.frames[clip, 0] != clips.frames[clip, 4]).any() for clip in seen)


def test_sizes_are_checked():
    with pytest.raises(InvalidArgumentError, match="n_frames"):
        hiding_shapes(0, 0, 2, 20, before=(8, 24))
    with pytest.raises(InvalidArgumentError, match="before"):
        hiding_shapes(0, 0, 2, 20, before=(0, 4))
