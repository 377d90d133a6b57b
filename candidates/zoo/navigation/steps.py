"""Walks at any rate as input to a model of fixed steps.

A model makes a whole step every `step_s`, with the displacement of that time. What it says when a step of the
stimulus ends comes from one more step, from the last whole one, with the displacement since then. So a state
never knows what is still to come, and nothing is interpolated. Between whole steps the state that goes on is
not that of the step cut short.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch

from ....core.stimuli import SelfMotion
from .walks import Motion, motion_of

__all__ = ["Layers", "SpaceModel", "State", "Stepped", "show", "stepped"]

Array = npt.NDArray[np.float64]
State = tuple[torch.Tensor, ...]
Layers = dict[str, npt.NDArray[np.float32]]

_STILL_M = 1e-6
_AT_ONCE = 2048


class SpaceModel(Protocol):
    """A model that is told of its own movement step by step."""

    def begin(self, start: torch.Tensor, heading: torch.Tensor) -> State:
        """State at start positions (n, 2) in m with headings (n,) in radians; tensors of n rows."""

    def step(self, state: State, motion: Motion) -> State:
        """State after one step of motion over (n,)."""

    def layers(self, state: State) -> dict[str, torch.Tensor]:
        """Activity of its parts in a state, each (n, units)."""


@dataclass(frozen=True, eq=False)
class Stepped:
    """A stimulus as steps of a model.

    Attributes
    ----------
    heading : float
        Direction of the first movement, in radians.
    places : tensor of shape (n_whole + 1, 2)
        Positions at which whole steps begin and end, in m.
    whole : Motion over (n_whole,)
        Steps of full length.
    last : Motion over (n_steps,)
        Movement, for each step of the stimulus, since the last whole step before its end.
    n_before : int array of shape (n_steps,)
        Whole steps before that.
    """

    heading: float
    places: torch.Tensor
    whole: Motion
    last: Motion
    n_before: npt.NDArray[np.int_]


def stepped(stimulus: SelfMotion, step_s: float) -> Stepped:
    """Cut a walk into steps of `step_s` seconds, within which the velocity is averaged."""
    path = np.concatenate([stimulus.start_position[None], stimulus.positions])
    n_before = np.ceil(np.arange(1, len(path)) / (stimulus.rate_hz * step_s) - 1e-9).astype(int) - 1
    at = np.arange(n_before[-1] + 1) * (step_s * stimulus.rate_hz)
    corners = np.stack([np.interp(at, np.arange(len(path)), axis) for axis in path.T], axis=1)
    whole, last = np.diff(corners, axis=0), path[1:] - corners[n_before]
    first = _first_heading(np.concatenate([whole, last]))
    headings = _held(whole, first)
    before = np.concatenate([[first], headings])[n_before]
    angles = np.where(_moves(last), _angle(last), before)
    return Stepped(
        float(first),
        torch.from_numpy(corners),
        motion_of(whole, headings, np.array([first])),
        motion_of(last[:, None], angles[:, None], before[:, None])[:, 0],
        n_before,
    )


def show(
    model: SpaceModel,
    stimuli: Sequence[SelfMotion],
    step_s: float,
    device: str,
    *,
    restart_steps: int | None = None,
) -> list[Layers]:
    """A model's layers at each step of several walks, run together in double precision.

    Parameters
    ----------
    model : SpaceModel
    stimuli : sequence of SelfMotion
    step_s : float
        Length of the model's steps.
    device : str
    restart_steps : int, optional
        Number of whole steps after which, each time, the model restarts at the true place; never by default.

    Returns
    -------
    activations : list of dict of str to array of shape (time, units), float32
    """
    walks = [stepped(stimulus, step_s) for stimulus in stimuli]
    with torch.inference_mode():
        states = _whole_states(model, walks, device, restart_steps)
        return [
            _shown(model, tuple(part[:, row] for part in states), walk, device)
            for row, walk in enumerate(walks)
        ]


def _whole_states(
    model: SpaceModel, walks: list[Stepped], device: str, restart_steps: int | None = None
) -> State:
    """States after 0, 1, 2, ... whole steps, each part (n, n_walks, units); walks that are over stand still."""
    longest = max(len(walk.whole.turn) for walk in walks)
    displacement, heading, turn = (
        _padded([getattr(walk.whole, name) for walk in walks], longest).to(device)
        for name in ("displacement", "heading", "turn")
    )
    places = _padded([walk.places for walk in walks], longest + 1).to(device)
    first = torch.tensor([walk.heading for walk in walks], dtype=torch.float64, device=device)
    kept = [model.begin(places[0], first)]
    for step in range(longest):
        state = model.step(kept[-1], Motion(displacement[step], heading[step], turn[step]))
        if restart_steps is not None and (step + 1) % restart_steps == 0:
            state = model.begin(places[step + 1], heading[step])
        kept.append(state)
    return tuple(torch.stack(part) for part in zip(*kept, strict=True))


def _padded(parts: list[torch.Tensor], length: int) -> torch.Tensor:
    """Tensors (n, ...) stacked to (length, n_walks, ...), zeros after their ends."""
    whole = parts[0].new_zeros((length, len(parts), *parts[0].shape[1:]))
    for row, part in enumerate(parts):
        whole[: len(part), row] = part
    return whole


def _shown(model: SpaceModel, states: State, walk: Stepped, device: str) -> Layers:
    """Layers after each step of one stimulus."""
    rows, parts = torch.as_tensor(walk.n_before, device=device), []
    for some in torch.split(torch.arange(len(rows), device=device), _AT_ONCE):
        state = tuple(part[rows[some]] for part in states)
        parts.append(model.layers(model.step(state, walk.last.to(device)[some])))
    return {name: torch.cat([part[name] for part in parts]).float().cpu().numpy() for name in parts[0]}


def _moves(displacement: Array) -> npt.NDArray[np.bool_]:
    return np.asarray(np.linalg.norm(displacement, axis=-1) > _STILL_M)


def _angle(displacement: Array) -> Array:
    return np.asarray(np.arctan2(displacement[..., 1], displacement[..., 0]))


def _first_heading(displacement: Array) -> float:
    """Direction of the first movement; 0 for a walker that never moves."""
    moving = displacement[_moves(displacement)]
    return float(_angle(moving[0])) if len(moving) else 0.0


def _held(displacement: Array, first: float) -> Array:
    """Direction of each step, that of the step before where there is no movement."""
    seen = np.maximum.accumulate(np.where(_moves(displacement), np.arange(len(displacement)), -1))
    return np.where(seen >= 0, _angle(displacement)[seen], first)
