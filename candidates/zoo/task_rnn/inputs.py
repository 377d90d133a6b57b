"""Inputs of the networks: frames at the task's steps, as pixels or Gabor energies, in 100 principal components.

Published networks saw frames of 100 x 100; ours are averaged to 32 x 32, since 100 components keep only
coarser detail. The bank of Gabor filters was not published; ours is stated here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from ....core.errors import InvalidArgumentError
from ....core.stimuli import FrameClip
from ....tasks.mental_pong import STEP_MS
from ...torch_adapter import resized_frames
from ..images import gabor_bank

__all__ = [
    "FRAME_SIZE",
    "INPUTS",
    "N_COMPONENTS",
    "Components",
    "features_of",
    "fit_components",
    "step_frames",
]

FRAME_SIZE = 32
N_COMPONENTS = 100
INPUTS = ("pixel_pca", "gabor_pca")

_WAVELENGTH, _N_ORIENTATIONS, _GRID = 4.0, 4, 8
_PERIOD, _TEMPORAL_SD, _N_LAGS = 8.0, 2.0, 9


@dataclass(frozen=True, eq=False)
class Steps:
    """A clip cut into the task's steps.

    Parameters
    ----------
    frames : tensor of shape (n_steps, FRAME_SIZE, FRAME_SIZE)
        Luminance in [0, 1] that is on the screen at each step.
    of_frame : tensor of shape (n_frames,)
        The last step that falls before each frame of the clip ends.
    """

    frames: torch.Tensor
    of_frame: torch.Tensor


def step_frames(clip: FrameClip) -> Steps:
    """Cut a clip into steps of 1000/24 ms: a step sees the frame that is on the screen when it begins.

    At 60 Hz every step sees each second or third frame; a still image that stays for 1 s is seen 24 times.
    """
    step_rate = 1000.0 / STEP_MS
    last = np.ceil(np.arange(1, clip.n_steps + 1) * step_rate / clip.rate_hz - 1e-6).astype(int) - 1
    # A clip faster than the steps ends within one: its first frame is always seen.
    last = np.maximum(last, 0)
    seen = np.floor(np.arange(last[-1] + 1) * clip.rate_hz / step_rate + 1e-6).astype(int)
    grey = resized_frames(clip, size=FRAME_SIZE).mean(dim=1)
    return Steps(grey[torch.as_tensor(seen)], torch.as_tensor(last))


def features_of(frames: torch.Tensor, inputs: str) -> torch.Tensor:
    """Features before the reduction to principal components.

    Parameters
    ----------
    frames : tensor of shape (n_steps, FRAME_SIZE, FRAME_SIZE)
        Luminance in [0, 1] of one trial.
    inputs : {"pixel_pca", "gabor_pca"}
        Pixels, or the energies of :func:`_motion_energy`.

    Returns
    -------
    features : tensor of shape (n_steps, n_features)
    """
    if inputs not in INPUTS:
        raise InvalidArgumentError("The 'inputs' parameter", got=repr(inputs), needed=f"one of {INPUTS}")
    return frames.flatten(1) if inputs == "pixel_pca" else _motion_energy(frames)


def _motion_energy(frames: torch.Tensor) -> torch.Tensor:
    """Energies of a space-time quadrature Gabor bank, averaged over a grid (Adelson & Bergen 1985).

    4 orientations of wavelength 4 pixels (2.5 deg), each moving in 2 directions with a period of 8 steps
    (3 Hz), over the present and 8 past steps; before the first step the first frame stood still.
    """
    padding = round(1.25 * _WAVELENGTH)
    padded = nn.functional.pad(frames[:, None], (padding,) * 4, mode="replicate")
    spatial = nn.functional.conv2d(padded, gabor_bank(_WAVELENGTH, _N_ORIENTATIONS))
    even, odd = (_through_time(part) for part in spatial.chunk(2, dim=1))
    onwards = (even[0] - odd[1]) ** 2 + (odd[0] + even[1]) ** 2
    backwards = (even[0] + odd[1]) ** 2 + (odd[0] - even[1]) ** 2
    energy = torch.cat([onwards, backwards], dim=1).sqrt()
    return nn.functional.adaptive_avg_pool2d(energy, _GRID).flatten(1)


def _through_time(responses: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Responses of the even and the odd temporal filter, each of the shape of `responses`."""
    lags = torch.arange(_N_LAGS, dtype=torch.float32) - _N_LAGS // 2
    envelope = torch.exp(-(lags**2) / (2 * _TEMPORAL_SD**2))
    phase = 2 * np.pi * lags / _PERIOD
    past = torch.cat([responses[:1].expand(_N_LAGS - 1, *responses.shape[1:]), responses])
    windows = past.unfold(0, _N_LAGS, 1)
    return windows @ (envelope * torch.cos(phase)), windows @ (envelope * torch.sin(phase))


class Components(nn.Module):
    """Principal components: ``(features - mean) @ axes.T``, in units in which their mean variance is 1.

    One scale serves all components, so that their ratios stay as they are; the published scale is not known.
    """

    mean: torch.Tensor
    axes: torch.Tensor

    def __init__(self, mean: torch.Tensor, axes: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("axes", axes)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Components of features (..., n_features): (..., N_COMPONENTS)."""
        return (features - self.mean) @ self.axes.T


def fit_components(features: torch.Tensor) -> Components:
    """Fit components to features of shape (n_samples, n_features), in double precision.

    Signs are fixed by each axis's largest entry, so that the fit is the same wherever it is made.
    """
    mean = features.mean(dim=0, dtype=torch.float64)
    centred = features - mean.float()
    covariance = (centred.T @ centred).double() / len(features)
    variances, vectors = torch.linalg.eigh(covariance)
    top = vectors[:, -N_COMPONENTS:].flip(1).T
    signs = torch.sign(top.gather(1, top.abs().argmax(dim=1, keepdim=True)))
    scale = variances[-N_COMPONENTS:].mean().rsqrt()
    return Components(mean.float(), (top * signs * scale).float())
