"""Trials to learn ready-set-go from: the interval shown is a noisy one, the ramp asked for follows the true one.

A network that minimises the squared error on such trials has to weigh what it measured with what it knows of the
prior: the best answer is close to the posterior mean.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ....tasks.ready_set_go import FLASH_FRAMES, PRIORS, interval_frames

__all__ = ["W_M", "Trials", "draw_trials", "make_trials", "ramp_target"]

W_M = 0.05

_ETA = 3.3
_RUN_ON = 1.2  # the ramp is asked for up to this multiple of the interval
_FORE_FRAMES = (6, 30)
_NOISE_LIMIT = 3.0


@dataclass(frozen=True, eq=False)
class Trials:
    """Trials of one length.

    Parameters
    ----------
    inputs : tensor of shape (n_trials, n_steps, 2)
        The flash and the prior's cue.
    target : tensor of shape (n_trials, n_steps)
        Output that is asked for: 0 until Set, then the ramp.
    defined : tensor of shape (n_trials, n_steps)
        1 where the output counts, up to 1.2 times the interval after Set.
    set_step : tensor of int of shape (n_trials,)
        Step of Set.
    """

    inputs: torch.Tensor
    target: torch.Tensor
    defined: torch.Tensor
    set_step: torch.Tensor

    def to(self, device: str) -> Trials:
        """The same on a device."""
        return Trials(*(getattr(self, name).to(device) for name in self.__dataclass_fields__))


def ramp_target(share: torch.Tensor) -> torch.Tensor:
    """The published ramp, ``exp(t / (3.3 t_s)) - 1``, scaled to reach 1 at t_s, for shares t / t_s."""
    return torch.expm1(share / _ETA) / math.expm1(1 / _ETA)


def draw_trials(n: int, *, cue: bool, seed: int) -> Trials:
    """Draw trials: any interval of either prior, measured with noise, after any of 6 to 30 frames.

    Parameters
    ----------
    n : int
        Number of trials.
    cue : bool
        Whether the network is told the prior.
    seed : int
        Seed of the draw.
    """
    rng = torch.Generator().manual_seed(seed)
    offered = [(name, t_s) for name in PRIORS for t_s in PRIORS[name]]
    chosen = torch.randint(len(offered), (n,), generator=rng).tolist()
    noise = torch.randn(n, generator=rng).clamp(-_NOISE_LIMIT, _NOISE_LIMIT)
    fore = torch.randint(_FORE_FRAMES[0], _FORE_FRAMES[1] + 1, (n,), generator=rng)
    priors, intervals = zip(*(offered[index] for index in chosen), strict=True)
    true = torch.tensor([interval_frames(t_s) for t_s in intervals])
    shown = (true * (1 + W_M * noise)).round().long()
    return make_trials(priors, true, shown, fore, cue=cue)


def make_trials(
    priors: Sequence[str], true: torch.Tensor, shown: torch.Tensor, fore: torch.Tensor, *, cue: bool
) -> Trials:
    """Trials of given intervals.

    Parameters
    ----------
    priors : sequence of str
        Name of each trial's prior.
    true, shown : tensor of int of shape (n_trials,)
        The interval that counts and the one that is shown, in frames.
    fore : tensor of int of shape (n_trials,)
        Number of frames before Ready.
    cue : bool
        Whether the network is told the prior.
    """
    set_step = fore + shown
    last = set_step + (_RUN_ON * true).floor().long()
    steps = torch.arange(int(last.max()) + 1)
    flash = _pulse(steps - fore[:, None]) | _pulse(steps - set_step[:, None])
    short = torch.tensor([name == "short" for name in priors]) & cue
    since = (steps - set_step[:, None]).clamp(min=0)
    return Trials(
        inputs=torch.stack([flash, short[:, None].expand_as(flash)], dim=-1).float(),
        target=ramp_target(since / true[:, None]),
        defined=(steps <= last[:, None]).float(),
        set_step=set_step,
    )


def _pulse(since: torch.Tensor) -> torch.Tensor:
    return (since >= 0) & (since < FLASH_FRAMES)
