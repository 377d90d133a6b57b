"""A predictor like FitVid: residual encoder and decoder, skip connections from the last context frame only.

Babaeizadeh et al. (2021), with the sizes of Nayebi et al. (2023). Their code differs from the paper in two
places, which `as_written` brings back so that their weights can be used: mean and variance are read from the
embedded input, not from the LSTM, so that the recurrent state reaches nothing; and where a block of the
decoder changes size, its shortcut is its own output once more.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from .imagined import Imagined
from .recurrence import GaussianRecurrence, divergence, draw

__all__ = ["FitVidNetwork"]

Skips = list[torch.Tensor]


class FitVidNetwork(nn.Module):
    """Frames of 64 pixels for 4 stages: the coarsest maps are 8 x 8.

    Parameters
    ----------
    blocks : sequence of int
        Residual blocks of each stage, from fine to coarse.
    n_channels : int
        Channels of the finest stage; each coarser one has twice as many.
    expansion, kernel : int
        Factor by which the decoder's blocks are wider inside, and the side of their kernel.
    n_latent, n_hidden, n_noise : int
        Size of a frame's latent, of the LSTM layers, and of the noise of a step.
    beta : float
        Weight of the divergence.
    as_written : bool
        Whether the network is that of the published code, not that of the paper.
    """

    def __init__(
        self,
        *,
        blocks: Sequence[int] = (2, 2, 2, 2),
        n_channels: int = 64,
        expansion: int = 4,
        kernel: int = 5,
        n_latent: int = 128,
        n_hidden: int = 256,
        n_noise: int = 10,
        beta: float = 1e-4,
        as_written: bool = False,
    ) -> None:
        super().__init__()
        channels = [n_channels * 2**k for k in range(len(blocks))]
        self.encoder = _Encoder(channels, blocks, n_latent)
        self.decoder = _Decoder(channels, blocks, n_latent, expansion, kernel, as_written=as_written)
        self.predictor = GaussianRecurrence(n_latent + n_noise, n_hidden, n_latent, 2, blind=as_written)
        # The mean alone is used, as published: the other head learns nothing.
        self.predictor.log_variance.requires_grad_(False)
        self.posterior = GaussianRecurrence(n_latent, n_hidden, n_noise, 1, blind=as_written)
        self.prior = GaussianRecurrence(n_latent, n_hidden, n_noise, 1, blind=as_written)
        self.n_noise, self._beta = n_noise, beta

    def objective(self, frames: torch.Tensor, noise: torch.Tensor, *, n_context: int) -> torch.Tensor:
        """Mean squared error plus beta times the divergence, from the latents of the true frames.

        Details come from the last context frame.
        """
        n_steps, n_clips = frames.shape[:2]
        latents, skips = self.encoder(frames.flatten(0, 1))
        latents = latents.unflatten(0, (n_steps, n_clips))
        last = [skip.unflatten(0, (n_steps, n_clips))[n_context - 1] for skip in skips]
        posterior, _ = self.posterior(latents[1:])
        prior, _ = self.prior(latents[:-1])
        guessed, _ = self.predictor(torch.cat([latents[:-1], draw(posterior, noise[1:])], dim=-1))
        decoded = self._decoded(guessed[0].sigmoid(), last)
        return ((decoded - frames[1:]) ** 2).mean() + self._beta * divergence(posterior, prior)

    def imagine(self, context: torch.Tensor, noise: torch.Tensor) -> Imagined:
        """The noise is the prior's throughout; after the context each predicted frame is seen again.

        ``dynamics`` and ``frames`` are predictions in the context too, as published; before the first frame
        the scene stood still, so that there is one for it.
        """
        n = len(context)
        latents, skips = self.encoder(context.flatten(0, 1))
        latents = latents.unflatten(0, context.shape[:2])
        last = [skip.unflatten(0, context.shape[:2])[-1] for skip in skips]
        before = torch.cat([latents[:1], latents[:-1]])
        prior, prior_state = self.prior(before)
        guessed, state = self.predictor(torch.cat([before, draw(prior, noise[:n])], dim=-1))
        known = guessed[0].sigmoid()
        latent, steps = latents[-1], []
        for step in noise[n:]:
            prior, prior_state = self.prior(latent[None], prior_state)
            guessed, state = self.predictor(torch.cat([latent[None], draw(prior, step[None])], dim=-1), state)
            ahead = guessed[0].sigmoid()
            frame = self._decoded(ahead, last)[0]
            latent = self.encoder(frame)[0]
            steps.append((latent, ahead[0], frame))
        begun = (latents, known, self._decoded(known, last))
        if not steps:
            return Imagined(*begun)
        rolled = (torch.stack(part) for part in zip(*steps, strict=True))
        return Imagined(*(torch.cat(pair) for pair in zip(begun, rolled, strict=True)))

    def _decoded(self, latents: torch.Tensor, last: Skips) -> torch.Tensor:
        """Frames of latents (n_steps, batch, n_latent), with the details of one frame for all steps."""
        n_steps = len(latents)
        repeated = [skip.repeat(n_steps, 1, 1, 1) for skip in last]
        frames: torch.Tensor = self.decoder(latents.flatten(0, 1), repeated)
        return frames.view(*latents.shape[:2], *frames.shape[1:])


class _Squeeze(nn.Module):
    """Channels weighted by what the whole map has of them (Hu et al. 2018)."""

    def __init__(self, n: int) -> None:
        super().__init__()
        inside = max(n // 16, 4)
        self.weight = nn.Sequential(nn.Conv2d(n, inside, 1), nn.ReLU(), nn.Conv2d(inside, n, 1), nn.Sigmoid())

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        weighted: torch.Tensor = self.weight(maps.mean(dim=(-2, -1), keepdim=True)) * maps
        return weighted


class _EncoderBlock(nn.Module):
    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.change = nn.Sequential(
            nn.BatchNorm2d(n_in),
            nn.SiLU(),
            nn.Conv2d(n_in, n_out, 3, stride, 1, bias=False),
            nn.BatchNorm2d(n_out),
            nn.SiLU(),
            nn.Conv2d(n_out, n_out, 3, 1, 1, bias=False),
            _Squeeze(n_out),
        )
        self.shortcut = nn.Sequential()
        if n_in != n_out or stride > 1:
            self.shortcut = nn.Sequential(nn.Conv2d(n_in, n_out, 1, bias=False), nn.BatchNorm2d(n_out))
        # Of a stride in a 1 x 1 convolution, torch 2.13's backward pass on the CPU crashes; left out beforehand
        # it is the same.
        self._stride = stride

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        kept = maps[..., :: self._stride, :: self._stride]
        return nn.functional.silu(self.change(maps) + self.shortcut(kept))


class _DecoderBlock(nn.Module):
    def __init__(self, n_in: int, n_out: int, expansion: int, kernel: int, *, as_written: bool) -> None:
        super().__init__()
        wide = n_out * expansion
        self.change = nn.Sequential(
            nn.BatchNorm2d(n_in),
            nn.Conv2d(n_in, wide, 1, bias=False),
            nn.BatchNorm2d(wide),
            nn.SiLU(),
            nn.Conv2d(wide, wide, kernel, 1, kernel // 2, bias=False),
            nn.BatchNorm2d(wide),
            nn.SiLU(),
            nn.Conv2d(wide, n_out, 1, bias=False),
            nn.BatchNorm2d(n_out),
            _Squeeze(n_out),
        )
        self._own = as_written and n_in != n_out
        self.shortcut = nn.Sequential()
        if n_in != n_out:
            taken = [] if as_written else [nn.Conv2d(n_in, n_out, 1, bias=False)]
            self.shortcut = nn.Sequential(*taken, nn.BatchNorm2d(n_out))

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        change = self.change(maps)
        return nn.functional.silu(change + self.shortcut(change if self._own else maps))


class _Encoder(nn.Module):
    """Stages at full size, half, ...; the latent is linear in the mean over the coarsest maps."""

    def __init__(self, channels: Sequence[int], blocks: Sequence[int], n_latent: int) -> None:
        super().__init__()
        self.blocks, n_in = nn.ModuleList(), 3
        for stage, (n_out, n_blocks) in enumerate(zip(channels, blocks, strict=True)):
            for k in range(n_blocks):
                self.blocks.append(_EncoderBlock(n_in, n_out, 2 if stage and not k else 1))
                n_in = n_out
        self.latent = nn.Linear(n_in, n_latent)

    def forward(self, frames: torch.Tensor) -> tuple[torch.Tensor, Skips]:
        found, skips = frames.contiguous(memory_format=torch.channels_last), []
        for block in self.blocks:
            found = block(found)
            skips.append(found)
        return self.latent(found.mean(dim=(-2, -1))), skips


class _Decoder(nn.Module):
    """A decoder from 8 x 8 maps up, which adds to each block's output that of its mirror image in the encoder."""

    def __init__(
        self,
        channels: Sequence[int],
        blocks: Sequence[int],
        n_latent: int,
        expansion: int,
        kernel: int,
        *,
        as_written: bool,
    ) -> None:
        super().__init__()
        self.begin = nn.Sequential(
            nn.Linear(n_latent, channels[-1] * 64), nn.Unflatten(1, (channels[-1], 8, 8))
        )
        self.blocks, n_in = nn.ModuleList(), channels[-1]
        self._larger = []
        for stage, (n_out, n_blocks) in enumerate(zip(reversed(channels), reversed(blocks), strict=True)):
            for k in range(n_blocks):
                self.blocks.append(_DecoderBlock(n_in, n_out, expansion, kernel, as_written=as_written))
                self._larger.append(2 if stage and not k else 1)
                n_in = n_out
        self.output = nn.Sequential(nn.Conv2d(n_in, 3, 3, 1, 1, bias=False), nn.Sigmoid())

    def forward(self, latents: torch.Tensor, skips: Skips) -> torch.Tensor:
        drawn = self.begin(latents).contiguous(memory_format=torch.channels_last)
        for block, larger, skip in zip(self.blocks, self._larger, reversed(skips), strict=True):
            if larger > 1:
                drawn = nn.functional.interpolate(drawn, scale_factor=larger, mode="nearest")
            drawn = block(drawn) + skip
        frames: torch.Tensor = self.output(drawn)
        return frames
