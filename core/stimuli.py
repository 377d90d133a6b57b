"""Stimuli: the frozen values that a candidate is shown.

Three kinds exist. A :class:`FrameClip` is what the eye gets, a :class:`SelfMotion` what the body knows of its
own movement, and a :class:`Condition` the values of an experiment's variables, where there is neither. A still
image is a clip of one frame. Each has an identifier, a rate and a content hash.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from .arrays import plain_array
from .errors import InvalidArgumentError
from .hashing import canonical_json, sha256_of_array, sha256_of_bytes

if TYPE_CHECKING:
    import pandas as pd  # a candidate in its sandbox sees stimuli and no table, and need not wait for it

__all__ = ["Condition", "FrameClip", "SelfMotion", "Stimulus", "StimulusKind", "StimulusSet"]

StimulusKind: TypeAlias = Literal["frames", "self_motion", "conditions"]


@dataclass(frozen=True, eq=False)
class FrameClip:
    """A video clip, or a still image as a clip of one frame.

    Parameters
    ----------
    identifier : str
        Unique within its set.
    frames : array of shape (time, height, width, 3), dtype uint8
        sRGB frames; made read-only.
    rate_hz : float
        Frames per second.
    degrees_per_pixel : float
        Visual angle of one pixel, in degrees.
    context_frames : int or None, default=None
        Number of first frames that show what is to be simulated (for Mental-Pong: the frames before the
        ball goes behind the occluder). A candidate that predicts takes these as its context and rolls the
        rest out. None where the distinction has no meaning.

    Raises
    ------
    InvalidArgumentError
        If a parameter is out of the range above.
    """

    identifier: str
    frames: npt.NDArray[np.uint8]
    rate_hz: float
    degrees_per_pixel: float
    context_frames: int | None = None

    kind: ClassVar[StimulusKind] = "frames"

    def __post_init__(self) -> None:
        _check_positive("rate_hz", self.rate_hz)
        _check_positive("degrees_per_pixel", self.degrees_per_pixel)
        frames = plain_array("The 'frames' parameter", self.frames)
        shape, dtype = frames.shape, frames.dtype
        if dtype != np.uint8 or len(shape) != 4 or shape[3] != 3 or 0 in shape:
            raise InvalidArgumentError(
                "The 'frames' parameter",
                got=f"{dtype} of shape {shape}",
                needed="uint8 of shape (time, height, width, 3), none of them 0",
            )
        if self.context_frames is not None and not 0 < self.context_frames <= shape[0]:
            raise InvalidArgumentError(
                "The 'context_frames' parameter", got=self.context_frames, needed=f"in 1..{shape[0]} or None"
            )
        object.__setattr__(self, "frames", _read_only(frames))

    def __repr__(self) -> str:
        time, height, width, _ = self.frames.shape
        return f"FrameClip({self.identifier!r}, {time} frames of {height} x {width} at {self.rate_hz:g} Hz)"

    @property
    def n_steps(self) -> int:
        """Number of frames."""
        return len(self.frames)

    @property
    def times_ms(self) -> npt.NDArray[np.float64]:
        """Onset of each frame in ms after the first, of shape (time,)."""
        return np.arange(self.n_steps, dtype=np.float64) * (1000.0 / self.rate_hz)

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of all that a candidate can see of this clip, its name excepted."""
        facts = [self.kind, self.rate_hz, self.degrees_per_pixel, self.context_frames]
        return sha256_of_bytes(canonical_json([*facts, sha256_of_array(self.frames)]))


@dataclass(frozen=True, eq=False)
class SelfMotion:
    """A walk through an arena, as the walker's own movement.

    Parameters
    ----------
    identifier : str
        Unique within its set.
    velocity : array of shape (time, 2)
        Velocity in m/s. ``velocity[t]`` is the movement that ends at step t: the position at step t is
        ``start_position + sum(velocity[:t + 1]) / rate_hz``.
    rate_hz : float
        Steps per second.
    start_position : array of shape (2,)
        Position before the first step, in m, with the arena's lower left corner at (0, 0).
    arena_m : tuple of float
        Width and height of the arena in m.
    head_direction : array of shape (time,) or None, default=None
        Head direction in radians, anticlockwise from the x axis.

    Raises
    ------
    InvalidArgumentError
        If a parameter is not finite or of another shape.
    """

    identifier: str
    velocity: npt.NDArray[np.float64]
    rate_hz: float
    start_position: npt.NDArray[np.float64]
    arena_m: tuple[float, float]
    head_direction: npt.NDArray[np.float64] | None = None

    kind: ClassVar[StimulusKind] = "self_motion"

    def __post_init__(self) -> None:
        _check_positive("rate_hz", self.rate_hz)
        for side in self.arena_m:
            _check_positive("arena_m", side)
        steps = len(self.velocity)
        _check_path("velocity", self.velocity, (steps, 2))
        _check_path("start_position", self.start_position, (2,))
        object.__setattr__(self, "velocity", _read_only(np.asarray(self.velocity, dtype=np.float64)))
        object.__setattr__(
            self, "start_position", _read_only(np.asarray(self.start_position, dtype=np.float64))
        )
        if self.head_direction is not None:
            _check_path("head_direction", self.head_direction, (steps,))
            object.__setattr__(
                self, "head_direction", _read_only(np.asarray(self.head_direction, dtype=np.float64))
            )

    def __repr__(self) -> str:
        return f"SelfMotion({self.identifier!r}, {self.n_steps} steps at {self.rate_hz:g} Hz)"

    @property
    def n_steps(self) -> int:
        """Number of steps."""
        return len(self.velocity)

    @property
    def times_ms(self) -> npt.NDArray[np.float64]:
        """Time of each step in ms after the first, of shape (time,)."""
        return np.arange(self.n_steps, dtype=np.float64) * (1000.0 / self.rate_hz)

    @property
    def positions(self) -> npt.NDArray[np.float64]:
        """The velocity integrated from the start, in m, of shape (time, 2)."""
        return self.start_position + np.cumsum(self.velocity, axis=0) / self.rate_hz

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of all that a candidate can see of this walk, its name excepted."""
        arrays = [self.velocity, self.start_position]
        arrays += [] if self.head_direction is None else [self.head_direction]
        facts = [self.kind, self.rate_hz, list(self.arena_m)]
        return sha256_of_bytes(canonical_json([*facts, *map(sha256_of_array, arrays)]))


@dataclass(frozen=True, eq=False)
class Condition:
    """A condition of an experiment, as the values of its variables.

    Parameters
    ----------
    identifier : str
        Unique within its set.
    variables : mapping of str to float or str
        Values by name, such as an interval and an effector; made read-only.
    rate_hz : float
        Steps per second.
    n_steps : int, default=1
        Number of steps from the beginning of the condition; activations have as many.

    Raises
    ------
    InvalidArgumentError
        If a parameter is not finite, or there is no variable or no step.
    """

    identifier: str
    variables: Mapping[str, float | str]
    rate_hz: float
    n_steps: int = 1

    kind: ClassVar[StimulusKind] = "conditions"

    def __post_init__(self) -> None:
        _check_positive("rate_hz", self.rate_hz)
        _check_positive("n_steps", self.n_steps)
        wrong = {
            name: value
            for name, value in self.variables.items()
            if not isinstance(value, str) and not np.isfinite(value)
        }
        if wrong or not self.variables:
            raise InvalidArgumentError(
                f"The 'variables' parameter of '{self.identifier}'",
                got=wrong or "none",
                needed="of one variable or more, each a text or a finite number",
            )
        object.__setattr__(self, "variables", MappingProxyType(dict(self.variables)))

    def __repr__(self) -> str:
        steps = f"{self.n_steps} steps at {self.rate_hz:g} Hz"
        return f"Condition({self.identifier!r}, {dict(self.variables)}, {steps})"

    @property
    def times_ms(self) -> npt.NDArray[np.float64]:
        """Time of each step in ms after the first, of shape (time,)."""
        return np.arange(self.n_steps, dtype=np.float64) * (1000.0 / self.rate_hz)

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of all that a candidate can see of this condition, its name excepted."""
        return sha256_of_bytes(
            canonical_json([self.kind, self.rate_hz, self.n_steps, sorted(self.variables.items())])
        )


Stimulus: TypeAlias = FrameClip | SelfMotion | Condition


@dataclass(frozen=True, eq=False)
class StimulusSet:
    """An ordered collection of stimuli of one kind, with a table of facts about each.

    Parameters
    ----------
    identifier : str
        Name of the set.
    stimuli : tuple of Stimulus
        At least one; identifiers unique.
    table : pandas.DataFrame
        One row a stimulus, in their order, with a column ``stimulus_id``. Candidates never see it.
    """

    identifier: str
    stimuli: tuple[Stimulus, ...]
    table: pd.DataFrame

    def __post_init__(self) -> None:
        names = [stimulus.identifier for stimulus in self.stimuli]
        if not names or len(set(names)) != len(names) or len({s.kind for s in self.stimuli}) != 1:
            raise InvalidArgumentError(
                "The 'stimuli' parameter",
                got=f"{len(names)} stimuli, {len(set(names))} distinct names",
                needed="non-empty, of one kind, with distinct identifiers",
            )
        if "stimulus_id" not in self.table or list(self.table["stimulus_id"]) != names:
            raise InvalidArgumentError(
                "The 'table' parameter",
                got=f"columns {list(self.table)} and {len(self.table)} rows",
                needed="one row a stimulus in their order, with their identifiers in 'stimulus_id'",
            )

    def __len__(self) -> int:
        return len(self.stimuli)

    def __iter__(self) -> Iterator[Stimulus]:
        return iter(self.stimuli)

    @property
    def kind(self) -> StimulusKind:
        """The kind that all stimuli of the set share."""
        return self.stimuli[0].kind

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 over identifiers and contents, in order."""
        return sha256_of_bytes(canonical_json([[s.identifier, s.content_hash] for s in self.stimuli]))


def _check_positive(name: str, value: float) -> None:
    if not (np.isfinite(value) and value > 0):
        raise InvalidArgumentError(f"The '{name}' parameter", got=value, needed="finite and above 0")


def _check_path(name: str, value: npt.NDArray[np.float64], shape: tuple[int, ...]) -> None:
    array = plain_array(f"The '{name}' parameter", value)
    if array.shape != shape or array.size == 0 or not np.isfinite(array).all():
        bad = f"shape {array.shape}" if array.shape != shape else "NaN, infinity or nothing"
        raise InvalidArgumentError(f"The '{name}' parameter", got=bad, needed=f"finite, of shape {shape}")


def _read_only(array: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view
