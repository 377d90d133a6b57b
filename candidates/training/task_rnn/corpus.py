"""Trials to train on: the published distribution of conditions, drawn by our renderer at the task's steps.

A trial begins with the 300 ms in which the ball is still (7 steps), as in the recordings; the published
networks were trained from motion onset on. The share of bouncing trials is that of the distribution itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch

from ....tasks.mental_pong import OCCLUDER_START_DEG, STEP_MS, PongCondition, ball_state, sample_conditions
from ....tasks.pong_frames import draw_frames, frame_times_ms
from ...zoo.task_rnn.inputs import FRAME_SIZE, Components, features_of
from ...zoo.task_rnn.outputs import N_OUTPUTS

__all__ = ["N_STEPS", "Trials", "draw_conditions", "make_trials", "trial_frames"]

# 7 still steps, then at most 45 visible and 45 hidden ones; the last frame is at the edge.
N_STEPS = 98
BOUNCE_SHARE = 0.5


@dataclass(frozen=True, eq=False)
class Trials:
    """Trials of equal length, padded with zeros.

    Parameters
    ----------
    inputs : tensor of shape (n_trials, N_STEPS, N_COMPONENTS)
        Inputs of the network.
    targets : tensor of shape (n_trials, N_STEPS, N_OUTPUTS)
        Target outputs, in deg; 0 where there is none.
    defined : tensor of shape (n_trials, N_STEPS, N_OUTPUTS)
        1 where there is a target, 0 elsewhere.
    last_step : tensor of shape (n_trials,)
        The step at which the ball meets the right edge.
    """

    inputs: torch.Tensor
    targets: torch.Tensor
    defined: torch.Tensor
    last_step: torch.Tensor

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, which: slice) -> Trials:
        return Trials(self.inputs[which], self.targets[which], self.defined[which], self.last_step[which])

    def to(self, device: str) -> Trials:
        """The same trials on a device."""
        parts = (self.inputs, self.targets, self.defined, self.last_step)
        return Trials(*(part.to(device) for part in parts))

    @property
    def final_y(self) -> torch.Tensor:
        """Height at the last step, in deg, of shape (n_trials,)."""
        return self.targets[torch.arange(len(self)), self.last_step, 6]


def draw_conditions(n: int, *, seed: int) -> tuple[PongCondition, ...]:
    """Conditions of the published distribution, in an order that mixes bounces and none."""
    return sample_conditions(n, n_bounce=round(BOUNCE_SHARE * n), seed=seed)


def trial_frames(condition: PongCondition) -> torch.Tensor:
    """Luminance (n_steps, FRAME_SIZE, FRAME_SIZE) in [0, 1] at each step of a trial."""
    ball = ball_state(condition, frame_times_ms(condition, rate_hz=1000.0 / STEP_MS))
    return torch.from_numpy(draw_frames(ball.x, ball.y, size=FRAME_SIZE)).float() / 255


def make_trials(conditions: Iterable[PongCondition], components: Components, inputs: str) -> Trials:
    """Trials of conditions, seen through components."""
    parts = [_trial(condition, components, inputs) for condition in conditions]
    return Trials(*(torch.stack(column) for column in zip(*parts, strict=True)))


def _trial(condition: PongCondition, components: Components, inputs: str) -> tuple[torch.Tensor, ...]:
    seen = components(features_of(trial_frames(condition), inputs))
    targets, defined = _targets(condition, len(seen))
    padded = [_padded(part) for part in (seen, targets, defined)]
    return (*padded, torch.tensor(len(seen) - 1))


def _targets(condition: PongCondition, n_steps: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Targets (n_steps, N_OUTPUTS) and where they are defined."""
    ball = ball_state(condition, frame_times_ms(condition, rate_hz=1000.0 / STEP_MS))
    position = torch.as_tensor(np.stack([ball.x, ball.y], axis=1)).float()
    visible = torch.as_tensor(ball.x < OCCLUDER_START_DEG).float()
    targets, defined = torch.zeros(n_steps, N_OUTPUTS), torch.zeros(n_steps, N_OUTPUTS)
    targets[:, :6] = position.repeat(1, 3)
    defined[:, 0:2] = 1
    defined[:, 2:4] = visible[:, None]
    defined[:, 4:6] = 1 - visible[:, None]
    # The final height is asked for at the end; at the first step the answer is the centre.
    targets[-1, 6] = condition.final_y
    defined[[0, -1], 6] = 1
    return targets * defined, defined


def _padded(part: torch.Tensor) -> torch.Tensor:
    """A tensor (n_steps, n) with zeros up to N_STEPS."""
    return torch.nn.functional.pad(part, (0, 0, 0, N_STEPS - len(part)))
