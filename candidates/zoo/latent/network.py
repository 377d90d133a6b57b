"""Encoder and dynamics, and how the dynamics go on alone."""

from __future__ import annotations

import torch
from torch import nn

from ....core.errors import InvalidArgumentError
from ....tasks.bouncing_shapes import N_SHAPES, N_TEXTURES
from .carried import CARRIED, CarriedDynamics

__all__ = [
    "DYNAMICS",
    "ENCODERS",
    "FRAME_SIZE",
    "N_LATENTS",
    "WINDOW",
    "Encoder",
    "LatentNetwork",
    "changing_dynamics",
    "check_known",
    "make_dynamics",
    "rolled_out",
]

ENCODERS = ("selfsup", "static", "random")
DYNAMICS = ("lstm", "ctrnn", "none")
FRAME_SIZE = 64
N_LATENTS = 128
WINDOW = 7  # latents that a prediction is made from, as published

_CHANNELS = (16, 32, 48, 64)
_UNITS = 192
_TIME_CONSTANT = 10.0  # of the CTRNN, in steps


class Encoder(nn.Module):
    """Four convolutions of stride 2, and a linear map to latents of mean 0 and variance 1 over the corpus.

    Parameters
    ----------
    n_answers : int, default=0
        Outputs of a linear readout of the latents, for training with labels; 0 for none. With one, each frame's
        mean colour is taken away and the convolutions are normalised over the batch: without, it learned nothing
        in our tries.
    """

    def __init__(self, n_answers: int = 0) -> None:
        super().__init__()
        stages: list[nn.Module] = []
        for n_in, n_out in zip((3, *_CHANNELS), _CHANNELS, strict=False):
            side = 5 if n_in == 3 else 3
            stages += [nn.Conv2d(n_in, n_out, side, stride=2, padding=side // 2)]
            stages += [nn.BatchNorm2d(n_out), nn.ReLU()] if n_answers else [nn.ReLU()]
        grid = FRAME_SIZE // 2 ** len(_CHANNELS)
        self.stages = nn.Sequential(*stages, nn.Flatten(), nn.Linear(_CHANNELS[-1] * grid**2, N_LATENTS))
        self.scaling = nn.BatchNorm1d(N_LATENTS, affine=False)
        self.readout = nn.Linear(N_LATENTS, n_answers) if n_answers else None
        for stage in self.stages:
            if isinstance(stage, nn.Conv2d):
                nn.init.kaiming_normal_(stage.weight, nonlinearity="relu")

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """Latents (..., N_LATENTS) of frames (..., 3, FRAME_SIZE, FRAME_SIZE) in [0, 1]."""
        flat = frames.flatten(0, -4)
        centre = 0.5 if self.readout is None else flat.mean(dim=(2, 3), keepdim=True)
        contrast = 2 if self.readout is None else 3
        latents: torch.Tensor = self.scaling(self.stages(contrast * (flat - centre)))
        return latents.view(*frames.shape[:-3], N_LATENTS)


class _Repeating(nn.Module):
    """No dynamics: the last latent again."""

    def forward(self, window: torch.Tensor) -> torch.Tensor:
        return window[:, -1]


class _LSTM(nn.Module):
    """One layer from a zero state over the window, and a linear map of its last output."""

    def __init__(self, n_latents: int, n_units: int) -> None:
        super().__init__()
        self.recurrent = nn.LSTM(n_latents, n_units, batch_first=True)
        self.readout = nn.Linear(n_units, n_latents)

    def forward(self, window: torch.Tensor) -> torch.Tensor:
        predicted: torch.Tensor = self.readout(self.recurrent(window)[0][:, -1])
        return predicted


class _CTRNN(nn.Module):
    """Continuous-time units in Euler steps of 1 with time constant 10.

    a_t = a_(t-1) + (1/tau)(-a_(t-1) + W_h h_(t-1) + W_x x_t + b), h = max(tanh(a), 0), y = W_y h + b_y, and a
    linear map of y to the latent. Start: W_x ~ N(0, 1)/sqrt(inputs), W_h ~ 1.5 N(0, 1)/sqrt(units), W_y, biases
    and the fixed a_0 ~ N(0, 1).
    """

    start: torch.Tensor

    def __init__(self, n_latents: int, n_units: int) -> None:
        super().__init__()
        self.register_buffer("start", torch.randn(n_units))
        self.from_input = nn.Parameter(torch.randn(n_units, n_latents) / n_latents**0.5)
        self.from_units = nn.Parameter(1.5 * torch.randn(n_units, n_units) / n_units**0.5)
        self.bias = nn.Parameter(torch.randn(n_units))
        self.output = nn.Linear(n_units, n_units)
        nn.init.normal_(self.output.weight)
        nn.init.normal_(self.output.bias)
        self.readout = nn.Linear(n_units, n_latents)

    def forward(self, window: torch.Tensor) -> torch.Tensor:
        state = self.start.expand(len(window), -1)
        driven = window @ self.from_input.T + self.bias
        for drive in driven.unbind(dim=1):
            state = state + (drive - state + self._rates(state) @ self.from_units.T) / _TIME_CONSTANT
        predicted: torch.Tensor = self.readout(self.output(self._rates(state)))
        return predicted

    def _rates(self, state: torch.Tensor) -> torch.Tensor:
        return torch.tanh(state).clamp(min=0)


class _Changing(nn.Module):
    """Dynamics that predict the change from the last latent."""

    def __init__(self, change: _LSTM | _CTRNN) -> None:
        super().__init__()
        self.change = change
        if isinstance(change, _CTRNN):
            # The published start gives outputs far larger than a latent; from 0 on, it starts by repeating.
            nn.init.zeros_(change.readout.weight)
            nn.init.zeros_(change.readout.bias)

    def forward(self, window: torch.Tensor) -> torch.Tensor:
        predicted: torch.Tensor = window[:, -1] + self.change(window)
        return predicted


class LatentNetwork(nn.Module):
    """A frozen encoder, and dynamics that predict its next latent from the last WINDOW ones.

    Parameters
    ----------
    encoder : {"selfsup", "static", "random"}
        Kind of training of the encoder.
    dynamics : {"lstm", "ctrnn", "none", "carried-lstm"}
        Kind of predictor.
    """

    def __init__(self, encoder: str, dynamics: str) -> None:
        super().__init__()
        check_known("encoder", encoder, ENCODERS)
        self.encoder = Encoder(N_SHAPES + N_TEXTURES if encoder == "static" else 0)
        self.dynamics = changing_dynamics(dynamics, N_LATENTS)


def make_dynamics(kind: str, n_latents: int, n_units: int) -> _Repeating | _LSTM | _CTRNN:
    """A module that maps a window (n, steps, n_latents) to the next latent (n, n_latents).

    Parameters
    ----------
    kind : {"lstm", "ctrnn", "none"}
        Kind of dynamics; "none" repeats the last latent.
    n_latents, n_units : int
        Sizes of the latent and of the recurrent layer.
    """
    check_known("dynamics", kind, DYNAMICS)
    if kind == "none":
        return _Repeating()
    return _LSTM(n_latents, n_units) if kind == "lstm" else _CTRNN(n_latents, n_units)


def changing_dynamics(kind: str, n_latents: int) -> _Repeating | _Changing | CarriedDynamics:
    """As :func:`make_dynamics` with 192 units, but the change from the last latent is predicted.

    Parameters
    ----------
    kind : {"lstm", "ctrnn", "none", "carried-lstm"}
        Kind of dynamics; "none" repeats the last latent, "carried-lstm" keeps its state over the whole clip.
    n_latents : int
        Size of the latent.
    """
    if kind == CARRIED:
        return CarriedDynamics(n_latents)
    predictor = make_dynamics(kind, n_latents, _UNITS)
    return predictor if isinstance(predictor, _Repeating) else _Changing(predictor)


def rolled_out(dynamics: nn.Module, context: torch.Tensor, n_steps: int) -> torch.Tensor:
    """Go on alone: predict, append, predict from the last WINDOW latents, own ones among them.

    Parameters
    ----------
    dynamics : torch.nn.Module
        Maps a window (n, WINDOW, N_LATENTS) to the next latent (n, N_LATENTS), or carries its state over the clip.
    context : tensor of shape (n, n_context, N_LATENTS)
        Latents that were seen, WINDOW or more.
    n_steps : int
        Number of steps to predict.

    Returns
    -------
    latents : tensor of shape (n, n_steps, N_LATENTS)
    """
    if isinstance(dynamics, CarriedDynamics):
        carried: torch.Tensor = dynamics(context, n_steps)[0][:, context.shape[1] - 1 :]
        return carried
    window, predicted = context[:, -WINDOW:], []
    for _ in range(n_steps):
        predicted.append(dynamics(window))
        window = torch.cat([window[:, 1:], predicted[-1][:, None]], dim=1)
    return torch.stack(predicted, dim=1) if predicted else context[:, :0]


def check_known(name: str, value: str, known: tuple[str, ...]) -> None:
    """Refuse a name that is not among the known ones."""
    if value not in known:
        raise InvalidArgumentError(f"The '{name}' parameter", got=repr(value), needed=f"one of {known}")
