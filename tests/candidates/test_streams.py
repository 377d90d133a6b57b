"""A clip as interleaved streams: each frame once, steps evenly spaced, the context's end at one step."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from innerscore.candidates.streams import streams_of
from innerscore.core.stimuli import FrameClip


def clip(n_frames, rate_hz=60.0, context=None):
    return FrameClip("clip", np.zeros((n_frames, 2, 2, 3), np.uint8), rate_hz, 0.1, context)


@given(st.integers(1, 90), st.integers(1, 90), st.sampled_from([1.0, 5.0, 24.0, 60.0]), st.integers(1, 8))
def test_each_frame_is_once_in_its_stream_and_never_sees_what_comes_later(n, context, rate, least):
    context = min(context, n)
    streams = streams_of(clip(n, rate, context), step_hz=12.0, min_context=least)
    stride = max(1, round(rate / 12))
    assert streams.frame.shape[1] == stride
    assert streams.n_context >= least
    joined = streams.joined(torch.as_tensor(streams.frame)).numpy()
    np.testing.assert_array_equal(joined, np.arange(n))
    steps = np.diff(streams.frame, axis=0)
    inside = (streams.frame[1:] < n - 1) & (streams.frame[:-1] > 0)
    assert (steps[inside] == stride).all()
    shown, hidden = streams.frame[: streams.n_context], streams.frame[streams.n_context :]
    assert shown.max() == context - 1
    assert hidden.size == 0 or hidden.min() == context


@pytest.mark.parametrize("n", [1, 30])
def test_a_clip_without_a_context_is_shown_whole(n):
    streams = streams_of(clip(n), step_hz=12.0, min_context=7)
    assert len(streams.frame) == streams.n_context == max(7, -(-n // 5))
