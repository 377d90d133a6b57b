"""Frames of drawn clips as tensors."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

__all__ = ["pictures", "scaled"]


def pictures(frames: npt.NDArray[np.uint8], device: str) -> torch.Tensor:
    """Bytes (n_clips, n_frames, 3, size, size) of frames (n_clips, n_frames, size, size, 3)."""
    return torch.from_numpy(frames.transpose(0, 1, 4, 2, 3)).to(device)


def scaled(frames: torch.Tensor) -> torch.Tensor:
    """Bytes as numbers in [0, 1]."""
    return frames.float() / 255
