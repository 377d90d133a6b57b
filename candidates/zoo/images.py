"""Candidates that look at one frame at a time without learning: pixels and a bank of Gabor energies."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ...core.stimuli import FrameClip
from ..torch_adapter import resized_frames

__all__ = ["GaborEnergy", "Pixels", "gabor_bank"]

_PIXEL_SIZE = 32


class Pixels:
    """The frames themselves, averaged to 32 x 32 RGB pixels in [0, 1]."""

    def activations(self, stimulus: FrameClip) -> dict[str, npt.NDArray[np.float32]]:
        """One layer: ``rgb`` (time, 3072)."""
        return {"rgb": resized_frames(stimulus, size=_PIXEL_SIZE).flatten(1).numpy()}


class GaborEnergy:
    """A V1-like pyramid: quadrature pairs of Gabor filters, squared, summed, square-rooted, pooled.

    Luminance at 64, 32 and 16 pixels; at each scale 4 orientations of wavelength 4 pixels, envelope of half a
    wavelength; energies are averaged over an 8 x 8 grid. The energy of a quadrature pair is that of Adelson &
    Bergen (1985).
    """

    _SIZES, _GRID = (64, 32, 16), 8
    _WAVELENGTH, _ORIENTATIONS = 4.0, 4

    def activations(self, stimulus: FrameClip) -> dict[str, npt.NDArray[np.float32]]:
        """One layer: ``energy`` (time, 768)."""
        luminance = resized_frames(stimulus, size=self._SIZES[0]).mean(dim=1, keepdim=True)
        scales = [self._energy(nn.functional.adaptive_avg_pool2d(luminance, size)) for size in self._SIZES]
        return {"energy": torch.cat(scales, dim=1).numpy()}

    def _energy(self, luminance: torch.Tensor) -> torch.Tensor:
        padding, stride = self._filters.shape[-1] // 2, max(1, luminance.shape[-1] // 32)
        padded = nn.functional.pad(luminance, (padding,) * 4, mode="replicate")
        even, odd = nn.functional.conv2d(padded, self._filters, stride=stride).chunk(2, dim=1)
        return nn.functional.adaptive_avg_pool2d(torch.sqrt(even**2 + odd**2), self._GRID).flatten(1)

    @cached_property
    def _filters(self) -> torch.Tensor:
        return gabor_bank(self._WAVELENGTH, self._ORIENTATIONS)


def gabor_bank(wavelength: float, n_orientations: int) -> torch.Tensor:
    """Even filters, then odd ones, without mean and of unit norm: (2 x n_orientations, 1, side, side)."""
    half = int(np.ceil(1.25 * wavelength))
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    filters = []
    for phase in (0.0, np.pi / 2):
        for angle in np.arange(n_orientations) * np.pi / n_orientations:
            along = x * np.cos(angle) + y * np.sin(angle)
            envelope = np.exp(-(x**2 + y**2) / (2 * (wavelength / 2) ** 2))
            wave = envelope * np.cos(2 * np.pi * along / wavelength - phase)
            wave -= envelope * wave.sum() / envelope.sum()
            filters.append(wave / np.linalg.norm(wave))
    return torch.tensor(np.stack(filters)[:, None], dtype=torch.float32)
