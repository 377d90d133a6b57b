"""The result of rolling out a pixel-wise predictor, in the same form for every network."""

from __future__ import annotations

from dataclasses import dataclass

import torch

__all__ = ["Imagined"]


@dataclass(frozen=True, eq=False)
class Imagined:
    """A context and what was imagined after it, step by step.

    Parameters
    ----------
    encoder : tensor of shape (n_steps, batch, n_latent)
        Latents of the true frames of the context, then of the predicted frames.
    dynamics : tensor of shape (n_steps, batch, n_latent)
        Latents that the frame predictor gives, as each network defines them in the context.
    frames : tensor of shape (n_steps, batch, 3, size, size)
        Frames, in the context as each network defines them, then predicted.
    """

    encoder: torch.Tensor
    dynamics: torch.Tensor
    frames: torch.Tensor
