"""The three losses of a conformal code: place fields, the movement's transformation, and isometry."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ...zoo.conformal_grid import NODES, ROOM_M, ConformalNetwork, scales
from .code_task import CodeTask

__all__ = ["ConformalTask"]

_FIELD_M, _STEP_M, _N_STEPS = 0.1, 0.02, 6
_N_PAIRS, _N_FIELDS, _N_WALKS = 800, 200, 50
# Longest movement of the isometry, as a distance in the code.
_REACH = 1.25
_FIELDS, _TRANSFORMATION, _ISOMETRY = 5.0, 5.0, 1.0


class ConformalTask(CodeTask):
    """Places, pairs of places and walks over the room, uniform; what leaves the room is left out."""

    module: ConformalNetwork

    def __init__(
        self, module: ConformalNetwork, spacings_m: Sequence[float], *, name: str, seed: int, device: str
    ) -> None:
        super().__init__(module, name=name, seed=seed, device=device)
        self._scales = scales(spacings_m).to(device)

    def terms(self, draw: torch.Generator) -> dict[str, torch.Tensor]:
        """The three losses, weighted."""
        return {
            "fields": _FIELDS * self.fields(draw),
            "transformation": _TRANSFORMATION * self.transformation(draw),
            "isometry": _ISOMETRY * self.isometry(draw),
        }

    def fields(self, draw: torch.Generator) -> torch.Tensor:
        """Mean squared error of <v(x), u(x')> as a Gaussian place field of 0.1 m, x' at the table's nodes.

        The vectors u are kept longer by the square root of their number of units, since updates of all units at
        once are too large for them otherwise.
        """
        places = self._uniform(draw, _N_FIELDS, 2)
        node = torch.randint(NODES**2, (_N_FIELDS,), generator=draw).to(self._device)
        centres = torch.stack([node // NODES, node % NODES], dim=1) * (ROOM_M / (NODES - 1))
        wanted = torch.exp(-torch.cdist(places, centres).square() / (2 * _FIELD_M**2))
        code, readout = self.module.code(places).flatten(1), self.module.place[node]
        found = code @ readout.T / readout.shape[1] ** 0.5
        error: torch.Tensor = (found - wanted).square().mean()
        return error

    def transformation(self, draw: torch.Generator) -> torch.Tensor:
        """Mean squared distance of F, applied up to 6 times, from the table's code, over steps in the room."""
        start = self._uniform(draw, _N_WALKS, 2)
        steps = _STEP_M * torch.randn(_N_WALKS, _N_STEPS, 2, generator=draw).to(self._device)
        places = torch.cat([start[:, None], start[:, None] + steps.cumsum(dim=1)], dim=1)
        inside = ((places >= 0) & (places <= ROOM_M)).all(dim=-1).cummin(dim=1).values[:, 1:]
        wanted = self.module.code(places.flatten(0, 1)).reshape(_N_WALKS, _N_STEPS + 1, len(self._scales), -1)
        code, errors = wanted[:, 0], []
        for step in range(_N_STEPS):
            code = self.module.moved(code, steps[:, step])
            errors.append((code - wanted[:, step + 1]).square().sum(dim=-1).mean(dim=-1))
        return (torch.stack(errors, dim=1) * inside).sum() / inside.sum()

    def isometry(self, draw: torch.Generator) -> torch.Tensor:
        """Mean over blocks k of (|v_k(x + d) - v_k(x)| - s_k |d|)^2, d uniform over a disc of 1.25 / s_k."""
        n_blocks = len(self._scales)
        places = self._uniform(draw, _N_PAIRS, n_blocks, 2)
        radius, turn = torch.rand(2, _N_PAIRS, n_blocks, generator=draw).to(self._device)
        length = radius.sqrt() * _REACH / self._scales
        angle = 2 * torch.pi * turn
        ends = places + length[..., None] * torch.stack([angle.cos(), angle.sin()], dim=-1)
        inside = ((ends >= 0) & (ends <= ROOM_M)).all(dim=-1)
        between = (self.module.code(ends) - self.module.code(places)).norm(dim=-1)
        error: torch.Tensor = ((between - self._scales * length).square() * inside).sum() / inside.sum()
        return error

    def code_at(self, places: torch.Tensor) -> torch.Tensor:
        """The table's code in the middle of the room."""
        middle: torch.Tensor = self.module.code(places + (ROOM_M - 1.0) / 2)
        return middle.flatten(1)

    def _uniform(self, draw: torch.Generator, *shape: int) -> torch.Tensor:
        return (ROOM_M * torch.rand(*shape, generator=draw)).to(self._device)
