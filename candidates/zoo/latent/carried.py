"""Dynamics that keep their state over the whole clip, and so may keep what is hidden."""

from __future__ import annotations

import torch
from torch import nn

__all__ = ["CARRIED", "CarriedDynamics"]

CARRIED = "carried-lstm"

_UNITS = 256


class CarriedDynamics(nn.Module):
    """One layer of LSTM from a zero state at the clip's start; the change of the latent is read from its output.

    In the context it sees the true latents, after it its own predictions. Its state is never begun anew, unlike
    that of dynamics over a window, which forget what left the window.

    Parameters
    ----------
    n_latents : int
        Size of the latent.
    n_units : int, default=256
        Size of the recurrent layer.
    """

    def __init__(self, n_latents: int, n_units: int = _UNITS) -> None:
        super().__init__()
        self.recurrent = nn.LSTM(n_latents, n_units, batch_first=True)
        self.readout = nn.Linear(n_units, n_latents)
        # From 0 on, it starts by repeating the last latent.
        nn.init.zeros_(self.readout.weight)
        nn.init.zeros_(self.readout.bias)

    def forward(self, context: torch.Tensor, n_steps: int) -> tuple[torch.Tensor, torch.Tensor]:
        """See a context and go on alone.

        Parameters
        ----------
        context : tensor of shape (n, n_context, n_latents)
            Latents that were seen, one or more.
        n_steps : int
            Number of steps to predict, 0 or more.

        Returns
        -------
        predicted : tensor of shape (n, n_context - 1 + n_steps, n_latents)
            From the second step of the context on: each latent as predicted from those before it.
        states : tensor of shape (n, n_context + n_steps, n_units)
            Output of the LSTM after each step's latent, seen or predicted.
        """
        seen, state = self.recurrent(context)
        predicted, states = [(context + self.readout(seen))], [seen]
        for _ in range(n_steps):
            last = predicted[-1][:, -1:]
            output, state = self.recurrent(last, state)
            states.append(output)
            predicted.append(last + self.readout(output))
        return torch.cat(predicted, dim=1)[:, : context.shape[1] - 1 + n_steps], torch.cat(states, dim=1)
