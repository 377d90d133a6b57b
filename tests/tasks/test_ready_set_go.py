from dataclasses import fields, replace

import numpy as np
import pytest

from innerscore.core.errors import InvalidArgumentError, InvalidDataError
from innerscore.core.stimuli import FrameClip
from innerscore.tasks.mental_pong import sample_conditions
from innerscore.tasks.pong_frames import render_trial
from innerscore.tasks.ready_set_go import (
    CONTEXTS,
    PRIORS,
    clip,
    conditions,
    events,
    events_of,
    interval_frames,
    stimulus_set,
)

CONDITIONS = conditions()
FRAMES = {480: 29, 560: 34, 640: 38, 720: 43, 800: 48, 900: 54, 1000: 60, 1100: 66, 1200: 72}


def context_clips(context):
    return [clip(one) for one in CONDITIONS if one.context == context]


def cut(shown, n_frames):
    return replace(shown, frames=shown.frames[:n_frames], context_frames=None)


def test_eight_contexts_of_five_intervals():
    assert len(CONTEXTS) == 8
    assert len({one.identifier for one in CONDITIONS}) == 40
    for context in CONTEXTS:
        intervals = tuple(one.t_s_ms for one in CONDITIONS if one.context == context)
        assert intervals == PRIORS[context.split("-")[0]]


@pytest.mark.parametrize(("t_s", "n_frames"), FRAMES.items())
def test_intervals_are_whole_frames(t_s, n_frames):
    assert interval_frames(t_s) == n_frames


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda one: one.identifier)
def test_flashes_are_where_the_task_has_them(condition):
    shown = clip(condition)
    ring = shown.frames.max(axis=(1, 2, 3), where=ring_pixels(shown)[..., None], initial=0) > 128
    on = np.flatnonzero(ring)
    set_frame = 18 + FRAMES[condition.t_s_ms]
    assert list(on) == [*range(18, 24), *range(set_frame, set_frame + 6)]
    assert shown.n_steps == set_frame + 90
    assert shown.context_frames == set_frame + 6
    assert shown.rate_hz == 60


def ring_pixels(shown):
    middle = (np.arange(64) - 31.5) * shown.degrees_per_pixel
    radius = np.hypot(middle, -middle[:, None] + 0.25)
    return (radius > 0.9) & (radius < 1.2)


@pytest.mark.parametrize("context", CONTEXTS)
def test_before_set_the_clips_of_a_context_are_one_stimulus(context):
    clips = context_clips(context)
    for shown in clips:
        before = shown.context_frames - 6
        assert (shown.frames[:before] == clips[-1].frames[:before]).all()


@pytest.mark.parametrize("context", CONTEXTS)
def test_after_set_nothing_changes(context):
    for shown in context_clips(context):
        after = shown.frames[shown.context_frames :]
        assert len(after) == 84
        assert (after == shown.frames[0]).all()


def test_contexts_differ_from_the_first_frame():
    first = {context_clips(context)[0].frames[0].tobytes() for context in CONTEXTS}
    assert len(first) == 8


def test_colours_tell_prior_and_effector():
    frames = {one.context: clip(one, size=128).frames[0].astype(int) for one in CONDITIONS}
    above, below = slice(60, 64), slice(66, 70)
    for context, frame in frames.items():
        prior, effector, direction = context.split("-")
        mark, other = (above, below) if effector == "eye" else (below, above)
        red, green, blue = frame[mark, 60:68].max(axis=(0, 1))
        assert green < 40
        assert (red > 100) == (prior == "short") == (blue < 40)
        assert (blue > 100) == (prior == "long") == (red < 40)
        assert (np.ptp(frame[other, 60:68], axis=-1) < 40).all()
        assert (frame[:, 100:].max() > 200) == (direction == "right")
        assert (frame[:, :28].max() > 200) == (direction == "left")


@pytest.mark.parametrize("size", [32, 48, 64, 100])
@pytest.mark.parametrize("condition", CONDITIONS[::3], ids=lambda one: one.identifier)
def test_events_read_off_the_pixels_are_those_that_made_them(condition, size):
    read, true = events_of(clip(condition, size=size)), events(condition)
    for field in fields(read):
        np.testing.assert_array_equal(
            getattr(read, field.name), getattr(true, field.name), err_msg=field.name
        )


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda one: one.identifier)
def test_events_are_those_of_the_condition(condition):
    read = events_of(clip(condition))
    set_ms = 300 + FRAMES[condition.t_s_ms] * 1000 / 60
    assert (np.diff(read.times_ms) == 20).all()
    assert read.times_ms[0] == 0
    assert read.times_ms[-1] < set_ms + 1500 <= read.times_ms[-1] + 20 + 1e-6
    assert (read.short == (condition.prior == "short")).all()
    assert (read.eye == (condition.effector == "eye")).all()
    assert (read.right == (condition.direction == "right")).all()
    since_ready, since_set = read.times_ms - 300, read.times_ms - set_ms
    on = ((since_ready >= -1e-6) & (since_ready < 100)) | ((since_set >= -1e-6) & (since_set < 100 - 1e-6))
    np.testing.assert_array_equal(read.flash, on)
    np.testing.assert_allclose(read.since_flash_ms[since_set >= 0], since_set[since_set >= 0], atol=1e-9)
    between = (since_ready >= 0) & (since_set < -1e-6)
    np.testing.assert_allclose(read.since_flash_ms[between], since_ready[between], atol=1e-9)
    assert np.isnan(read.flash_ms[since_ready < 0]).all()
    assert list(np.unique(read.n_flashes)) == [0, 1, 2]


@pytest.mark.parametrize("n_frames", [1, 18, 19, 50, 71, 90])
def test_a_step_knows_only_frames_that_have_begun(n_frames):
    whole = clip(CONDITIONS[22])
    early, late = events_of(cut(whole, n_frames)), events_of(whole)
    n_steps = len(early.times_ms)
    assert early.times_ms[-1] < n_frames * 1000 / 60 <= early.times_ms[-1] + 20 + 1e-6
    for field in fields(early):
        np.testing.assert_array_equal(getattr(early, field.name), getattr(late, field.name)[:n_steps])


def test_a_clip_of_another_task_is_refused():
    pong = render_trial(sample_conditions(1, n_bounce=0, seed=0)[0])
    with pytest.raises(InvalidDataError, match=r"'pong-000'.*ready-set-go"):
        events_of(pong)


def test_one_wrong_frame_is_named():
    shown = clip(CONDITIONS[0])
    frames = shown.frames.copy()
    frames[37, 5, 5] = 200
    with pytest.raises(InvalidDataError, match="Frame 37"):
        events_of(replace(shown, frames=frames))


def test_frames_of_noise_are_refused():
    noise = np.random.default_rng(0).integers(0, 256, (4, 64, 48, 3), dtype=np.uint8)
    with pytest.raises(InvalidDataError, match="ready-set-go"):
        events_of(FrameClip("noise", noise, 60.0, 0.34))


def test_frames_too_small_are_refused():
    with pytest.raises(InvalidArgumentError, match="size"):
        clip(CONDITIONS[0], size=16)


def test_the_set_has_a_row_a_condition():
    stimuli = stimulus_set()
    table = stimuli.table.set_index("stimulus_id")
    assert len(stimuli) == 40
    assert stimuli.kind == "frames"
    columns = ["prior", "effector", "direction", "context", "t_s_ms", "ready_ms", "set_ms"]
    assert list(table) == columns
    row = table.loc["long-hand-left-1100"]
    assert tuple(row[columns[:5]]) == ("long", "hand", "left", "long-hand-left", 1100)
    assert row["ready_ms"] == 300
    assert row["set_ms"] == pytest.approx(1400)
    assert table.loc["short-eye-right-480", "set_ms"] == pytest.approx(300 + 29 * 1000 / 60)
