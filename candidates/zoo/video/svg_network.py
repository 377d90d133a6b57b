"""Stochastic video generation with a learned prior (SVG-LP).

Denton & Fergus (2018), with the sizes of Nayebi et al. (2023): a VGG-like encoder and decoder with skip
connections at every scale, an LSTM from latent and noise to the next latent, and LSTMs for where the noise
comes from: the posterior, which sees the frame to be predicted, and the prior, which does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn

from .imagined import Imagined
from .recurrence import Gaussian, GaussianRecurrence, Recurrence, State, divergence, draw

__all__ = ["SVGNetwork"]

Skips = list[torch.Tensor]


class SVGNetwork(nn.Module):
    """Frames of 4 x 2 ** (number of stages) pixels.

    Parameters
    ----------
    channels, convolutions : sequence of int
        Channels, and number of convolutions, of each stage of the encoder, from fine to coarse.
    n_latent, n_hidden, n_noise : int
        Size of a frame's latent, of the LSTM layers, and of the noise of a step.
    beta : float
        Weight of the divergence.
    open_loop : bool, default=False
        Whether it is trained as it is tested: after the context its own predicted latent is seen again, neither the
        true frame nor the predicted one, and the skip connections are those of the context's last frame (as where
        Denton & Fergus do not use their option ``last_frame_skip``).
    """

    def __init__(
        self,
        *,
        channels: Sequence[int],
        convolutions: Sequence[int],
        n_latent: int = 128,
        n_hidden: int = 256,
        n_noise: int = 10,
        beta: float = 1e-4,
        open_loop: bool = False,
    ) -> None:
        super().__init__()
        self.encoder = _Encoder(channels, convolutions, n_latent)
        self.decoder = _Decoder(channels, convolutions, n_latent)
        self.predictor = Recurrence(n_latent + n_noise, n_hidden, 2)
        self.output = nn.Sequential(nn.Linear(n_hidden, n_latent), nn.Tanh())
        self.posterior = GaussianRecurrence(n_latent, n_hidden, n_noise, 1)
        self.prior = GaussianRecurrence(n_latent, n_hidden, n_noise, 1)
        self.n_noise, self._beta, self._open_loop = n_noise, beta, open_loop
        self.apply(_begin)

    def objective(self, frames: torch.Tensor, noise: torch.Tensor, *, n_context: int) -> torch.Tensor:
        """Sum over steps of the mean squared error plus beta times the divergence, from the true frames.

        Open loop, only those of the context are true. The encoder sees all steps in one batch, which its
        normalisation averages over; the published code goes step by step.
        """
        latents, skips = self._encoded(frames)
        n_shown = min(n_context, len(frames) - 1) if self._open_loop else len(frames) - 1
        posterior, _ = self.posterior(latents[1:])
        ahead, prior = self._unrolled(latents[:n_shown], draw(posterior, noise[1:]))
        shown = torch.arange(len(ahead), device=frames.device).clamp(max=n_shown - 1)
        decoded = self.decoder(ahead.flatten(0, 1), [skip[shown].flatten(0, 1) for skip in skips])
        errors = (decoded.unflatten(0, ahead.shape[:2]) - frames[1:]) ** 2
        loss: torch.Tensor = errors.mean(dim=(1, 2, 3, 4)).sum() + self._beta * divergence(posterior, prior)
        return loss

    def _unrolled(self, shown: torch.Tensor, drawn: torch.Tensor) -> tuple[torch.Tensor, Gaussian]:
        """Predicted latents of all steps after the first, and the prior's Gaussians; own latents follow."""
        n = len(shown)
        prior, prior_state = self.prior(shown)
        guessed, state = self.predictor(torch.cat([shown, drawn[:n]], dim=-1))
        ahead, means, log_variances = [self.output(guessed)], [prior[0]], [prior[1]]
        for step in drawn[n:]:
            latent = ahead[-1][-1:]
            (mean, log_variance), prior_state = self.prior(latent, prior_state)
            guessed, state = self.predictor(torch.cat([latent, step[None]], dim=-1), state)
            ahead.append(self.output(guessed))
            means.append(mean)
            log_variances.append(log_variance)
        return torch.cat(ahead), (torch.cat(means), torch.cat(log_variances))

    def imagine(self, context: torch.Tensor, noise: torch.Tensor) -> Imagined:
        """Roll out: the noise is the posterior's in the context, the prior's after it; predictions are seen again.

        Open loop, it is the predicted latent that is seen again, not the predicted frame.

        In the context ``dynamics`` has the encoder's latents and ``frames`` the true ones, as published.
        """
        n = len(context)
        latents, skips = self._encoded(context)
        prior_state, state = self._states(latents, noise[1:n])
        latent, skip = latents[-1], [part[-1] for part in skips]
        steps = []
        for step in noise[n:]:
            prior, prior_state = self.prior(latent[None], prior_state)
            guessed, state = self.predictor(
                torch.cat([latent, draw(prior, step[None])[0]], dim=-1)[None], state
            )
            ahead = self.output(guessed[0])
            frame = self.decoder(ahead, skip)
            if self._open_loop:
                latent = ahead
            else:
                latent, skip = self.encoder(frame)
            steps.append((latent, ahead, frame))
        begun = (latents, latents, context)
        if not steps:
            return Imagined(*begun)
        rolled = (torch.stack(part) for part in zip(*steps, strict=True))
        return Imagined(*(torch.cat(pair) for pair in zip(begun, rolled, strict=True)))

    def _states(self, latents: torch.Tensor, noise: torch.Tensor) -> tuple[State | None, State | None]:
        """States of prior and predictor when the last latent of a context has yet to be seen."""
        if len(latents) == 1:
            return None, None
        posterior, _ = self.posterior(latents[1:])
        seen = torch.cat([latents[:-1], draw(posterior, noise)], dim=-1)
        return self.prior(latents[:-1])[1], self.predictor(seen)[1]

    def _encoded(self, frames: torch.Tensor) -> tuple[torch.Tensor, Skips]:
        latents, skips = self.encoder(frames.flatten(0, 1))
        return latents.unflatten(0, frames.shape[:2]), [skip.unflatten(0, frames.shape[:2]) for skip in skips]


class _Encoder(nn.Module):
    """Stages at full size, half, ... and a latent of the whole 4 x 4 at the end."""

    def __init__(self, channels: Sequence[int], convolutions: Sequence[int], n_latent: int) -> None:
        super().__init__()
        pairs = zip(pairwise([3, *channels]), convolutions, strict=True)
        self.stages = nn.ModuleList(_convolved([n_in, *[n_out] * n]) for (n_in, n_out), n in pairs)
        self.latent = nn.Sequential(nn.Conv2d(channels[-1], n_latent, 4), nn.BatchNorm2d(n_latent), nn.Tanh())

    def forward(self, frames: torch.Tensor) -> tuple[torch.Tensor, Skips]:
        found, skips = frames.contiguous(memory_format=torch.channels_last), []
        for stage in self.stages:
            skips.append(stage(found))
            found = nn.functional.max_pool2d(skips[-1], 2)
        return self.latent(found).flatten(1), skips


class _Decoder(nn.Module):
    """The encoder's mirror image; each stage sees the encoder's output of the same size too."""

    def __init__(self, channels: Sequence[int], convolutions: Sequence[int], n_latent: int) -> None:
        super().__init__()
        last = channels[-1]
        self.begin = nn.Sequential(
            nn.ConvTranspose2d(n_latent, last, 4), nn.BatchNorm2d(last), nn.LeakyReLU(0.2)
        )
        coarse = [
            _convolved([2 * n_in, *[n_in] * (n - 1), n_out])
            for (n_out, n_in), n in zip(pairwise(channels), convolutions[1:], strict=True)
        ]
        self.stages = nn.ModuleList([_convolved([2 * channels[0], channels[0]]), *coarse])
        self.output = nn.Sequential(nn.ConvTranspose2d(channels[0], 3, 3, 1, 1), nn.Sigmoid())

    def forward(self, latents: torch.Tensor, skips: Skips) -> torch.Tensor:
        drawn = self.begin(latents[..., None, None]).contiguous(memory_format=torch.channels_last)
        for stage, skip in zip(reversed(self.stages), reversed(skips), strict=True):
            larger = nn.functional.interpolate(drawn, scale_factor=2, mode="nearest")
            drawn = stage(torch.cat([larger, skip], dim=1))
        frames: torch.Tensor = self.output(drawn)
        return frames


def _convolved(widths: Sequence[int]) -> nn.Sequential:
    layers = [
        nn.Sequential(nn.Conv2d(n_in, n_out, 3, 1, 1), nn.BatchNorm2d(n_out), nn.LeakyReLU(0.2))
        for n_in, n_out in pairwise(widths)
    ]
    return nn.Sequential(*layers)


def _begin(module: nn.Module) -> None:
    """Weights at the start as in the published code; the LSTM's own are torch's."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.normal_(module.weight, 0.0, 0.02)
        nn.init.zeros_(module.bias)  # type: ignore[arg-type]
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
