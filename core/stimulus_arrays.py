"""A stimulus as named arrays, the form in which it goes into a file, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .stimuli import Condition, FrameClip, SelfMotion, Stimulus

__all__ = ["stimulus_arrays", "stimulus_of_arrays"]

_DERIVED = ("times_ms",)
_VARIABLE = "variable_"


def stimulus_arrays(stimulus: Stimulus) -> dict[str, Any]:
    """Arrays that a candidate sees, and the times of their steps in ms; entries that are None are left out."""
    common = {"rate_hz": stimulus.rate_hz, "times_ms": stimulus.times_ms}
    own: dict[str, Any]
    if isinstance(stimulus, FrameClip):
        own = {
            "frames": stimulus.frames,
            "degrees_per_pixel": stimulus.degrees_per_pixel,
            "context_frames": stimulus.context_frames,
        }
    elif isinstance(stimulus, Condition):
        variables = {f"{_VARIABLE}{name}": value for name, value in stimulus.variables.items()}
        own = {"n_steps": stimulus.n_steps, **variables}
    else:
        own = {
            "velocity": stimulus.velocity,
            "start_position": stimulus.start_position,
            "arena_m": stimulus.arena_m,
            "head_direction": stimulus.head_direction,
        }
    return {name: value for name, value in {**common, **own}.items() if value is not None}


def stimulus_of_arrays(identifier: str, arrays: Mapping[str, Any]) -> Stimulus:
    """The stimulus that :func:`stimulus_arrays` turned into arrays, with the same content hash.

    Raises
    ------
    InvalidArgumentError
        If an array is not as a stimulus demands.
    """
    facts = {
        name: value.item() if value.ndim == 0 else value
        for name, value in arrays.items()
        if name not in _DERIVED
    }
    if "frames" in facts:
        return FrameClip(identifier, **facts)
    if "n_steps" in facts:
        names = [name for name in facts if name.startswith(_VARIABLE)]
        variables = {name.removeprefix(_VARIABLE): facts.pop(name) for name in names}
        return Condition(identifier, variables, **facts)
    width, height = (float(side) for side in facts.pop("arena_m"))
    return SelfMotion(identifier, arena_m=(width, height), **facts)
