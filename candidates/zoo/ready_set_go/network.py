"""The network: leaky tanh units that see the flash and the prior's cue, and one output that has to ramp."""

from __future__ import annotations

import math

import torch
from torch import nn

__all__ = ["INPUTS", "STEP_MS", "IntervalNetwork"]

STEP_MS = 1000 / 60  # a frame
INPUTS = ("flash", "short")

_LEAK = 0.25  # a step's share of the time constant, so that is 4 frames, 67 ms
_NOISE_SD = 0.01


class IntervalNetwork(nn.Module):
    """Leaky tanh network: ``x' = (1 - a) x + a (W tanh(x) + B u + b)``, output ``w tanh(x) + c``.

    The first state is 0, recurrent weights begin Gaussian with gain 1.

    Parameters
    ----------
    units : int
        Number of units.
    n_inputs : int, default=2
        Number of inputs; the first is the flash.
    """

    def __init__(self, units: int, n_inputs: int = len(INPUTS)) -> None:
        super().__init__()
        self.recurrent = nn.Linear(units, units)
        self.input = nn.Linear(n_inputs, units, bias=False)
        self.readout = nn.Linear(units, 1)
        nn.init.normal_(self.recurrent.weight, std=1 / math.sqrt(units))
        nn.init.zeros_(self.recurrent.bias)
        nn.init.normal_(self.input.weight)
        nn.init.zeros_(self.readout.weight)
        nn.init.zeros_(self.readout.bias)

    def rates(self, inputs: torch.Tensor, noise: torch.Generator | None = None) -> torch.Tensor:
        """Rates tanh(x) after each step, of shape (n_trials, n_steps, units).

        Parameters
        ----------
        inputs : tensor of shape (n_trials, n_steps, n_inputs)
            The flash, the prior's cue and what else there is, at steps of 1/60 s.
        noise : torch.Generator, optional
            Source of the noise of SD 0.01 that every unit gets at every step; without one there is none.
        """
        drive = self.input(inputs) + self.recurrent.bias
        if noise is not None:
            # Drawn on the CPU, so that noise is the same on every device.
            drive = drive + _NOISE_SD / _LEAK * torch.randn(drive.shape, generator=noise).to(drive.device)
        state = torch.zeros_like(drive[:, 0])
        rates, kept = state, []
        for step in drive.unbind(dim=1):
            state = (1 - _LEAK) * state + _LEAK * (rates @ self.recurrent.weight.T + step)
            rates = torch.tanh(state)
            kept.append(rates)
        return torch.stack(kept, dim=1)

    def ramp(self, rates: torch.Tensor) -> torch.Tensor:
        """Output for rates (..., units), of shape (...)."""
        output: torch.Tensor = self.readout(rates)[..., 0]
        return output
