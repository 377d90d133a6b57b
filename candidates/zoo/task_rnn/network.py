"""The network: components of the frames into one recurrent layer, read out linearly."""

from __future__ import annotations

import torch
from torch import nn

from ....core.errors import InvalidArgumentError
from .inputs import N_COMPONENTS, Components
from .outputs import N_OUTPUTS

__all__ = ["CELLS", "PongNetwork"]

CELLS = ("gru", "lstm")


class PongNetwork(nn.Module):
    """GRU or LSTM with a zero initial state and a linear readout.

    Parameters
    ----------
    cell : {"gru", "lstm"}
        Kind of recurrent layer.
    units : int
        Its size.
    components : Components
        Made once from frames; not trained further.
    """

    def __init__(self, cell: str, units: int, components: Components) -> None:
        super().__init__()
        if cell not in CELLS:
            raise InvalidArgumentError("The 'cell' parameter", got=repr(cell), needed=f"one of {CELLS}")
        layer = nn.GRU if cell == "gru" else nn.LSTM
        self.components = components
        self.recurrent = layer(N_COMPONENTS, units, batch_first=True)
        self.readout = nn.Linear(units, N_OUTPUTS)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Outputs (n_trials, n_steps, N_OUTPUTS), in deg, for components (n_trials, n_steps, N_COMPONENTS)."""
        answers: torch.Tensor = self.readout(self.recurrent(inputs)[0])
        return answers

    def states(self, inputs: torch.Tensor) -> dict[str, torch.Tensor]:
        """State after each step of one trial: ``hidden`` and, for an LSTM, ``cell``, each (n_steps, units)."""
        state, kept = None, []
        for step in torch.split(inputs[None], 1, dim=1):
            state = self.recurrent(step, state)[1]
            kept.append([part[0, 0] for part in (state if isinstance(state, tuple) else (state,))])
        return {
            name: torch.stack(parts)
            for name, parts in zip(("hidden", "cell"), zip(*kept, strict=True), strict=False)
        }
