import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerscore.core.errors import InvalidArgumentError
from innerscore.core.stimuli import FrameClip, SelfMotion, StimulusSet


def clip(name="a", n=3, **changes):
    given_values = {"frames": np.zeros((n, 4, 5, 3), np.uint8), "rate_hz": 60.0, "degrees_per_pixel": 0.1}
    return FrameClip(name, **(given_values | changes))


def walk(name="w", **changes):
    given_values = {
        "velocity": np.ones((4, 2)),
        "rate_hz": 10.0,
        "start_position": np.zeros(2),
        "arena_m": (1.0, 1.0),
    }
    return SelfMotion(name, **(given_values | changes))


def test_frames_are_read_only_even_for_their_maker():
    stimulus = clip()
    with pytest.raises(ValueError, match="read-only"):
        stimulus.frames[0] = 1


@pytest.mark.parametrize(
    "changes",
    [
        {"frames": np.zeros((3, 4, 5, 3), np.float32)},
        {"frames": np.zeros((3, 4, 5), np.uint8)},
        {"frames": np.zeros((0, 4, 5, 3), np.uint8)},
        {"rate_hz": 0.0},
        {"rate_hz": float("nan")},
        {"degrees_per_pixel": -1.0},
        {"context_frames": 4},
        {"context_frames": 0},
    ],
)
def test_a_clip_out_of_range_is_refused(changes):
    with pytest.raises(InvalidArgumentError, match=f"'{next(iter(changes))}'"):
        clip(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"velocity": np.full((4, 2), np.nan)},
        {"velocity": np.ones((4, 3))},
        {"start_position": np.ones(3)},
        {"head_direction": np.zeros(3)},
        {"arena_m": (1.0, 0.0)},
    ],
)
def test_a_walk_out_of_range_is_refused(changes):
    with pytest.raises(InvalidArgumentError, match=f"'{next(iter(changes))}'"):
        walk(**changes)


def test_the_content_hash_follows_what_a_candidate_sees_and_not_the_name():
    base = clip()
    assert clip("other name").content_hash == base.content_hash
    frames = np.zeros((3, 4, 5, 3), np.uint8)
    frames[1, 2, 3] = 1
    others = [clip(frames=frames), clip(rate_hz=30.0), clip(context_frames=2), clip(degrees_per_pixel=0.2)]
    assert len({base.content_hash, *(other.content_hash for other in others)}) == 5


@given(st.integers(1, 50), st.floats(1, 100))
def test_positions_are_the_integrated_velocity(n, rate):
    velocity = np.random.default_rng(n).normal(size=(n, 2))
    motion = walk(velocity=velocity, rate_hz=rate, start_position=np.array([0.5, 0.25]))
    steps = np.diff(np.vstack([[0.5, 0.25], motion.positions]), axis=0)
    np.testing.assert_allclose(steps * rate, velocity, atol=1e-9)


def test_times_are_in_ms():
    np.testing.assert_allclose(clip(n=4, rate_hz=50.0).times_ms, [0, 20, 40, 60])


def test_a_set_needs_distinct_names_of_one_kind_and_a_table_in_their_order():
    table = pd.DataFrame({"stimulus_id": ["a", "b"]})
    assert len(StimulusSet("s", (clip("a"), clip("b")), table)) == 2
    for stimuli in [(clip("a"), clip("a")), (clip("a"), walk("b")), ()]:
        with pytest.raises(InvalidArgumentError, match="stimuli"):
            StimulusSet("s", stimuli, table)
    with pytest.raises(InvalidArgumentError, match="table"):
        StimulusSet("s", (clip("b"), clip("a")), table)


def test_masked_frames_and_steps_are_refused():
    frames = np.ma.masked_equal(np.arange(48, dtype=np.uint8).reshape(1, 4, 4, 3), 5)
    with pytest.raises(InvalidArgumentError, match="1 of 48 entries masked"):
        FrameClip("clip", frames, 60.0, 0.1)
    velocity = np.ma.masked_greater(np.arange(6.0).reshape(3, 2), 4)
    with pytest.raises(InvalidArgumentError, match="1 of 6 entries masked"):
        SelfMotion("walk", velocity, 50.0, np.zeros(2), (1.0, 1.0))
