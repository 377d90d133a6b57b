"""Recurrent parts that the pixel-wise predictors share: a stack of LSTM layers, and one that says a Gaussian."""

from __future__ import annotations

import torch
from torch import nn

__all__ = ["Gaussian", "GaussianRecurrence", "Recurrence", "State", "divergence", "draw"]

State = tuple[torch.Tensor, torch.Tensor]
Gaussian = tuple[torch.Tensor, torch.Tensor]


class Recurrence(nn.Module):
    """A linear embedding into layers of LSTM, of zero state at the start."""

    def __init__(self, n_in: int, n_hidden: int, n_layers: int) -> None:
        super().__init__()
        self.embed = nn.Linear(n_in, n_hidden)
        self.lstm = nn.LSTM(n_hidden, n_hidden, n_layers)

    def forward(self, inputs: torch.Tensor, state: State | None = None) -> tuple[torch.Tensor, State]:
        """Outputs (n_steps, batch, n_hidden) for inputs (n_steps, batch, n_in), and the state after them."""
        outputs, state = self.lstm(self.embed(inputs), state)
        return outputs, state


class GaussianRecurrence(nn.Module):
    """A recurrence whose output is the mean and the log variance of a Gaussian.

    Parameters
    ----------
    n_in, n_hidden, n_out, n_layers : int
        Sizes.
    blind : bool
        Whether mean and variance are read from the embedded input, not from the LSTM, as in the published
        code of the FitVid-like model: the state then reaches nothing.
    """

    def __init__(self, n_in: int, n_hidden: int, n_out: int, n_layers: int, *, blind: bool = False) -> None:
        super().__init__()
        self.recurrence = Recurrence(n_in, n_hidden, n_layers)
        self.mean = nn.Linear(n_hidden, n_out)
        self.log_variance = nn.Linear(n_hidden, n_out)
        self._blind = blind

    def forward(self, inputs: torch.Tensor, state: State | None = None) -> tuple[Gaussian, State]:
        """Mean and log variance, each (n_steps, batch, n_out), and the state after the inputs."""
        outputs, state = self.recurrence(inputs, state)
        read = self.recurrence.embed(inputs) if self._blind else outputs
        return (self.mean(read), self.log_variance(read)), state


def draw(gaussian: Gaussian, noise: torch.Tensor) -> torch.Tensor:
    """A sample, by standard normal noise."""
    mean, log_variance = gaussian
    return mean + noise * (0.5 * log_variance).exp()


def divergence(one: Gaussian, other: Gaussian) -> torch.Tensor:
    """KL(one || other) of (n_steps, batch, n), summed over steps and numbers, mean over the batch."""
    (mean_1, log_1), (mean_2, log_2) = one, other
    each = 0.5 * (log_2 - log_1 - 1 + (log_1 - log_2).exp() + (mean_1 - mean_2) ** 2 * (-log_2).exp())
    return each.sum(dim=(0, 2)).mean()
