import numpy as np
import pytest

from innerscore.core.errors import InvalidArgumentError
from innerscore.tasks.mental_pong import ball_state, sample_conditions
from innerscore.tasks.pong_frames import OCCLUDER_GREY, frame_times_ms, render_trial

CONDITIONS = sample_conditions(12, n_bounce=4, seed=0)


@pytest.mark.parametrize("size", [32, 64, 100])
def test_the_ball_is_where_the_physics_says(size):
    for condition in CONDITIONS:
        clip = render_trial(condition, size=size)
        ball = ball_state(condition, frame_times_ms(condition))
        whole = ball.x < 4.0
        light = clip.frames[whole, :, : int(0.75 * size), 0].astype(float)
        centres = np.arange(size) + 0.5
        mass = light.sum(axis=(1, 2))
        x = light.sum(axis=1) @ centres[: light.shape[2]] / mass * clip.degrees_per_pixel - 10
        y = 10 - light.sum(axis=2) @ centres / mass * clip.degrees_per_pixel
        assert np.abs(x - ball.x[whole]).max() < 0.06 * clip.degrees_per_pixel
        assert np.abs(y - ball.y[whole]).max() < 0.06 * clip.degrees_per_pixel


def test_nothing_is_seen_behind_the_occluder():
    for condition in CONDITIONS:
        clip = render_trial(condition)
        assert (clip.frames[:, :, 48:] == OCCLUDER_GREY).all()
        hidden = ball_state(condition, frame_times_ms(condition)).x > 5.4
        assert (clip.frames[hidden, :, :48] == 0).all()


def test_context_ends_where_the_ball_reaches_the_occluder():
    for condition in CONDITIONS:
        clip = render_trial(condition)
        x = ball_state(condition, frame_times_ms(condition)).x
        assert x[clip.context_frames - 1] < 5 <= x[clip.context_frames]


def test_the_ball_is_still_for_300_ms():
    clip = render_trial(CONDITIONS[0])
    assert (clip.frames[:18] == clip.frames[0]).all()
    assert (clip.frames[20] != clip.frames[0]).any()


def test_frames_too_small_are_refused():
    with pytest.raises(InvalidArgumentError, match="size"):
        render_trial(CONDITIONS[0], size=8)
