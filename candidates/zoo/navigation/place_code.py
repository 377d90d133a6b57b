"""Place cells as targets: normalised Gaussians over a box, or differences of two."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from ....core.seeds import generator

__all__ = ["PlaceCode", "uniform_centres"]

_DECODED_CELLS = 3


class PlaceCode(nn.Module):
    r"""Place cells at fixed centres.

    With :math:`s` the width and :math:`d_i` the distance to a cell's centre (Banino et al. 2018),

    .. math:: p_i(s) = \mathrm{softmax}_i(-d_i^2 / (2 s^2)).

    With a surround (Sorscher et al. 2019), :math:`p(s) - p(\sqrt 2 s)` is lifted by its least value over
    cells and divided by its sum.

    Parameters
    ----------
    centres : tensor of shape (n_cells, 2)
        In m; part of the module's state.
    width_m : float
    surround : bool
    """

    centres: torch.Tensor

    def __init__(self, centres: torch.Tensor, *, width_m: float, surround: bool) -> None:
        super().__init__()
        self.register_buffer("centres", centres)
        self._variance, self._surround = width_m**2, surround

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return len(self.centres)

    def forward(self, positions: torch.Tensor) -> torch.Tensor:
        """Activity (..., n_cells) of sum 1 at positions (..., 2) in m."""
        squared = torch.cdist(positions.flatten(0, -2), self.centres).square()
        activity = self._softmax(squared, 1.0)
        if self._surround:
            activity = activity - self._softmax(squared, 2.0)
            activity = activity - activity.amin(dim=-1, keepdim=True)
            activity = activity / activity.sum(dim=-1, keepdim=True)
        return activity.reshape(*positions.shape[:-1], self.n_cells)

    def decoded(self, activity: torch.Tensor) -> torch.Tensor:
        """Mean centre (..., 2) of the three most active cells, in m, as published."""
        return self.centres[activity.topk(_DECODED_CELLS, dim=-1).indices].mean(dim=-2)

    def _softmax(self, squared: torch.Tensor, ratio: float) -> torch.Tensor:
        return torch.softmax(squared / (-2 * ratio * self._variance), dim=-1)


def uniform_centres(n_cells: int, box_m: float, *, seed: int) -> torch.Tensor:
    """Centres drawn uniformly over a square box, (n_cells, 2) in m."""
    centres = generator(seed, "navigation", "place-cells").uniform(0, box_m, (n_cells, 2))
    return torch.from_numpy(centres.astype(np.float32))
