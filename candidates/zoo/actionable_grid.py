r"""A code of place on which every movement acts by one matrix, as apart from place to place as it can be.

Dorrell, Latham, Behrens & Whittington (2023). If translations by :math:`\delta` act linearly,
:math:`g(x + \delta) = T(\delta) g(x)`, a bounded code is a sum of harmonics,

.. math:: g_d(x) = a_{d0} + \sum_m a_{dm} \cos(\omega_m \cdot x) + b_{dm} \sin(\omega_m \cdot x),

whose frequencies and coefficients are learned, so that it is separate, not negative and of one size everywhere.
Path integration is exact by its form.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ...core.stimuli import SelfMotion
from ..weights import ready

__all__ = ["UNIT_M", "ActionableGrid", "TranslationCode"]

# Length of the code's own unit, the spread of the places that it was made to tell apart: with it, two of its
# lattice vectors go into a box of 1 m.
UNIT_M = 0.15
_MIDDLE_M = (0.5, 0.5)


class TranslationCode(nn.Module):
    """Sums of harmonics of place.

    Parameters
    ----------
    units : int
        Number of neurons; there are half as many frequencies.
    """

    def __init__(self, units: int) -> None:
        super().__init__()
        n_frequencies = (units - 1) // 2
        self.coefficients = nn.Parameter(torch.randn(units, 2 * n_frequencies + 1))
        self.frequencies = nn.Parameter(2 * torch.rand(n_frequencies, 2))

    def forward(self, places: torch.Tensor) -> torch.Tensor:
        """Activity (n, units) at places (n, 2), in units of the code."""
        angles = places @ self.frequencies.T
        harmonics = torch.cat([torch.ones_like(places[:, :1]), angles.cos(), angles.sin()], dim=1)
        activity: torch.Tensor = harmonics @ self.coefficients.T
        return activity


class ActionableGrid:
    """The learned code at the true position, its origin in the middle of a box of 1 m.

    Parameters
    ----------
    weights : mapping of str to tensor
        The code's state.
    units : int
        Number of its neurons.

    Raises
    ------
    InvalidDataError
        If the weights are of another number.
    """

    def __init__(self, *, weights: Mapping[str, torch.Tensor], units: int) -> None:
        subject = f"The weights of a code of {units} neurons"
        self._code = ready(TranslationCode(units), weights, subject=subject, device="cpu").double()

    def activations(self, stimulus: SelfMotion) -> Mapping[str, npt.NDArray[np.float32]]:
        """One layer: ``code`` (time, units)."""
        places = torch.from_numpy((stimulus.positions - np.array(_MIDDLE_M)) / UNIT_M)
        with torch.inference_mode():
            return {"code": self._code(places).float().numpy()}
