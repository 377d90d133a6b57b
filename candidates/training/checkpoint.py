"""A training that can be left and gone on with: module, best weights, optimiser and history in one file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ...core.errors import InvalidDataError
from ..weights import load_into, read_metadata, read_weights, write_weights
from .history import Epoch

__all__ = ["Progress", "load_checkpoint", "save_checkpoint"]


@dataclass
class Progress:
    """The progress of a training; the loop changes it from epoch to epoch.

    Parameters
    ----------
    module : torch.nn.Module
        The module in its present state.
    optimiser : torch.optim.Optimizer
        The optimiser, with its own state.
    best : dict of str to tensor
        The module's state after the best epoch so far.
    history : tuple of Epoch
        All epochs.
    seconds : float
        Time spent so far, over all sittings.
    """

    module: nn.Module
    optimiser: torch.optim.Optimizer
    best: dict[str, torch.Tensor]
    history: tuple[Epoch, ...] = ()
    seconds: float = 0.0


def save_checkpoint(path: Path, progress: Progress, identity: dict[str, Any]) -> None:
    """Write all that a training needs to go on; `identity` says which training it is."""
    parts = {
        "module": progress.module.state_dict(),
        "best": progress.best,
        "optimiser": _flat(progress.optimiser.state_dict()["state"]),
    }
    tensors = {f"{part}/{name}": tensor for part, named in parts.items() for name, tensor in named.items()}
    metadata = {
        "identity": json.dumps(identity, sort_keys=True),
        "history": json.dumps([asdict(epoch) for epoch in progress.history]),
        "seconds": json.dumps(progress.seconds),
    }
    write_weights(path, tensors, metadata=metadata)


def load_checkpoint(path: Path, progress: Progress, identity: dict[str, Any]) -> None:
    """Bring a fresh training to where a checkpoint was.

    Raises
    ------
    InvalidDataError
        If the file is damaged, of another training or of another architecture.
    """
    subject = f"The checkpoint {path}"
    history, seconds = _read_progress(path, subject, identity)
    parts: dict[str, dict[str, torch.Tensor]] = {"module": {}, "best": {}, "optimiser": {}}
    for name, tensor in read_weights(path).items():
        part, _, rest = name.partition("/")
        parts.setdefault(part, {})[rest] = tensor
    state = _nested(parts["optimiser"])
    _check_optimiser(progress.optimiser, state, subject)
    load_into(progress.module, parts["best"], subject=subject)
    load_into(progress.module, parts["module"], subject=subject)
    progress.optimiser.load_state_dict({**progress.optimiser.state_dict(), "state": state})
    progress.best, progress.history, progress.seconds = parts["best"], history, seconds


def _read_progress(path: Path, subject: str, identity: dict[str, Any]) -> tuple[tuple[Epoch, ...], float]:
    metadata = read_metadata(path)
    try:
        found = json.loads(metadata["identity"])
        history = tuple(Epoch(**epoch) for epoch in json.loads(metadata["history"]))
        seconds = float(json.loads(metadata["seconds"]))
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidDataError(
            subject, got=f"{type(error).__name__}: {error}", needed="one that this version wrote"
        ) from error
    if found != identity:
        differing = sorted(
            key for key in found.keys() | identity.keys() if found.get(key) != identity.get(key)
        )
        raise InvalidDataError(
            subject,
            got=f"another {', '.join(differing)}: {[found.get(key) for key in differing]}",
            needed=f"of this training: {[identity.get(key) for key in differing]}",
            hint="Train in another folder, or use --restart to begin anew.",
        )
    return history, seconds


def _check_optimiser(
    optimiser: torch.optim.Optimizer, state: dict[int, dict[str, torch.Tensor]], subject: str
) -> None:
    """Refuse moments of other parameters: torch itself would notice only at the next step, or never."""
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    needed = {k: {tuple(parameter.shape), ()} for k, parameter in enumerate(parameters)}
    found = {k: {tuple(tensor.shape) for tensor in named.values()} for k, named in state.items()}
    if found != needed:
        raise InvalidDataError(subject, got=f"optimiser state {found}", needed=f"of shapes {needed}")


def _flat(state: dict[int, dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    return {f"{index}/{name}": value for index, named in state.items() for name, value in named.items()}


def _nested(tensors: dict[str, torch.Tensor]) -> dict[int, dict[str, torch.Tensor]]:
    state: dict[int, dict[str, torch.Tensor]] = {}
    for key, value in tensors.items():
        index, _, name = key.partition("/")
        state.setdefault(int(index) if index.isdigit() else -1, {})[name] = value
    return state
