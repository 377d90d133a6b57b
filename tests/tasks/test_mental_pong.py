import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerscore.core.errors import InvalidArgumentError
from innerscore.tasks.mental_pong import (
    OCCLUDER_START_DEG,
    STEP_MS,
    WALL_DEG,
    PongCondition,
    ball_state,
    sample_conditions,
)

conditions = st.builds(
    PongCondition,
    st.just("c"),
    st.floats(-9, 1),
    st.floats(-9, 9),
    st.floats(-0.4 * np.pi, 0.4 * np.pi),
    st.sampled_from([3.75, 7.5, 11.25, 15.0]),
)


def simulated(condition, dt_s=1e-5):
    """The ball step by step: a step through a wall is mirrored back, and the speed kept."""
    y, (_, dy) = condition.y0, condition.velocity
    for _ in range(int(condition.end_ms / 1000 / dt_s)):
        y += dy * dt_s
        if abs(y) > WALL_DEG:
            y, dy = np.sign(y) * 2 * WALL_DEG - y, -dy
    return y, dy


@pytest.mark.parametrize("number", [0, 5, 11, 40])
def test_the_closed_form_is_the_step_by_step_simulation(number):
    condition = sample_conditions(41, n_bounce=20, seed=3)[number]
    steps = int(condition.end_ms / 1000 / 1e-5)
    y, dy = simulated(condition)
    state = ball_state(condition, np.array([steps * 1e-5 * 1000]))
    np.testing.assert_allclose(state.y, y, atol=1e-9)
    assert abs(dy) == pytest.approx(abs(condition.velocity[1]))


@given(conditions, st.floats(0, 1))
def test_speed_is_kept_and_the_ball_stays_between_the_walls(condition, share):
    state = ball_state(condition, np.array([share * condition.end_ms]))
    assert np.hypot(state.dx, state.dy)[0] == pytest.approx(condition.speed)
    assert abs(state.y[0]) <= WALL_DEG + 1e-9


@given(conditions)
def test_the_ball_rests_before_and_after(condition):
    state = ball_state(condition, np.array([-300.0, -1.0, condition.end_ms + 100]))
    np.testing.assert_array_equal(state.dx, 0)
    np.testing.assert_allclose(state.x, [condition.x0, condition.x0, 10.0])
    np.testing.assert_allclose(state.y[:2], condition.y0, atol=1e-12)


def test_drawn_conditions_are_of_the_published_kind():
    drawn = sample_conditions(79, n_bounce=27, seed=0)
    assert sum(condition.n_bounces for condition in drawn) == 27
    assert len({condition.identifier for condition in drawn}) == 79
    for condition in drawn:
        visible = np.ceil(condition.occlusion_ms / STEP_MS)
        hidden = np.ceil(condition.end_ms / STEP_MS) - visible
        assert 15 <= visible <= 45
        assert 15 <= hidden <= 45
        assert ball_state(condition, np.array([condition.occlusion_ms])).x[0] == pytest.approx(
            OCCLUDER_START_DEG
        )


def test_the_same_seed_draws_the_same_and_another_one_others():
    assert sample_conditions(10, n_bounce=3, seed=1) == sample_conditions(10, n_bounce=3, seed=1)
    assert sample_conditions(10, n_bounce=3, seed=1) != sample_conditions(10, n_bounce=3, seed=2)


def test_more_bounces_than_conditions_are_refused():
    with pytest.raises(InvalidArgumentError, match="n_bounce"):
        sample_conditions(3, n_bounce=4, seed=0)
