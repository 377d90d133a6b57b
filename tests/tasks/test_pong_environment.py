"""Mental-Pong as a gymnasium environment: gymnasium's own checker, the physics, and what a player gets."""

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from innerscore.core.errors import InnerscoreError
from innerscore.tasks.mental_pong import HALF_ARENA_DEG, STILL_MS, sample_conditions
from innerscore.tasks.pong_environment import MentalPong
from innerscore.tasks.pong_frames import OCCLUDER_GREY, render_trial
from innerscore.tasks.pong_play import FRAME_MS, PADDLE_SPEED_DEG_PER_MS

CONDITIONS = sample_conditions(12, n_bounce=5, seed=3)


def play(environment, condition, policy):
    """The frames, and the last step's reward and info."""
    frame, _ = environment.reset(options={"condition": condition})
    frames, done = [frame], False
    while not done:
        frame, reward, done, truncated, info = environment.step(policy(environment))
        assert not truncated
        frames.append(frame)
    return np.stack(frames), reward, info


@pytest.mark.filterwarnings("error")
def test_it_passes_gymnasiums_checker():
    check_env(gymnasium.make("innerscore.tasks.gym:MentalPong-v0", render_mode="rgb_array").unwrapped)


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda c: c.identifier)
def test_a_player_who_knows_the_end_hits_and_one_who_waits_does_not(condition):
    def oracle(environment):
        off = condition.final_y - environment._paddle_y
        return 0 if abs(off) < 0.1 else (1 if off > 0 else 2)

    _, reward, info = play(MentalPong(), condition, oracle)
    reachable = (condition.end_ms + STILL_MS) * PADDLE_SPEED_DEG_PER_MS
    assert (reward == 1) == (abs(condition.final_y) - reachable < 1.2)
    _, reward, info = play(MentalPong(), condition, lambda _: 0)
    assert info["endpoint_error_deg"] == pytest.approx(-condition.final_y)
    assert (reward == 1) == (abs(condition.final_y) <= 1.25)


def test_the_ball_is_the_renderers_and_the_paddle_is_beside_it():
    frames, _, _ = play(MentalPong(size=64), CONDITIONS[0], lambda _: 0)
    clip = render_trial(CONDITIONS[0], size=64).frames
    paddle_column, shown = 62, min(len(frames), len(clip))
    np.testing.assert_array_equal(frames[:shown, :, :paddle_column], clip[:shown, :, :paddle_column])
    assert (frames[:, 31:33, 63] != OCCLUDER_GREY).all()
    assert len(frames) == int(np.ceil((CONDITIONS[0].end_ms + STILL_MS) / FRAME_MS - 1e-9)) + 1


def test_the_paddle_moves_at_the_joysticks_speed_and_stops_at_the_edge():
    environment = MentalPong()
    environment.reset(options={"condition": CONDITIONS[0]})
    heights = [environment.step(1)[4]["paddle_y_deg"] for _ in range(3)]
    np.testing.assert_allclose(np.diff([0, *heights]), PADDLE_SPEED_DEG_PER_MS * FRAME_MS)
    environment._paddle_y = HALF_ARENA_DEG
    assert environment.step(1)[4]["paddle_y_deg"] == HALF_ARENA_DEG


def test_the_same_seed_draws_the_same_trial():
    first, second = (
        gymnasium.make("innerscore.tasks.gym:MentalPong-v0").reset(seed=4)[1]["condition"] for _ in range(2)
    )
    other = gymnasium.make("innerscore.tasks.gym:MentalPong-v0").reset(seed=5)[1]["condition"]
    assert first == second != other


def test_steps_before_a_trial_and_unknown_render_modes_are_refused():
    with pytest.raises(InnerscoreError, match="reset"):
        MentalPong().step(0)
    with pytest.raises(InnerscoreError, match="render_mode"):
        MentalPong(render_mode="human")
