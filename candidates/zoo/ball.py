"""Two controls for Mental-Pong that see nothing but the frames: one stops at the occluder, one goes on.

The ball is what is brighter than the clip's darkest view of a pixel; its centre is the centre of brightness.
Both controls track it while it is whole. Behind the occluder one keeps its last state, the other carries it
on in a straight line, folded at the walls.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...core.errors import CandidateError
from ...core.stimuli import FrameClip

__all__ = ["BallSimulated", "BallVisible"]

Array = npt.NDArray[np.float64]

_WHOLE = 0.95  # share of the ball's usual brightness above which all of it is in view
_FIT_FRAMES = 12  # velocity is taken from this many last frames before the ball is hidden


class BallVisible:
    """Position and velocity while the ball is seen, frozen from then on: no inner simulation."""

    def activations(self, stimulus: FrameClip) -> dict[str, Array]:
        """One layer: ``kinematics`` (time, 4) of x, y in deg and dx, dy in deg/s."""
        track = _track(stimulus)
        return {"kinematics": np.concatenate([track.seen, _repeated(track.seen[-1], track.n_hidden)])}


class BallSimulated:
    """Position and velocity, carried on behind the occluder with bounces off the walls."""

    def activations(self, stimulus: FrameClip) -> dict[str, Array]:
        """One layer: ``kinematics`` (time, 4) of x, y in deg and dx, dy in deg/s."""
        track = _track(stimulus)
        return {"kinematics": np.concatenate([track.seen, _carried_on(track)])}


@dataclass(frozen=True, eq=False)
class _Track:
    """The ball while whole: `seen` (time, 4) in deg and deg/s; how long it is hidden after that."""

    seen: Array
    n_hidden: int
    frame_s: float
    wall_deg: float


def _track(clip: FrameClip) -> _Track:
    grey = clip.frames[..., 0].astype(np.float64)
    light = grey - grey.min(axis=0)
    mass = light.sum(axis=(1, 2))
    n_seen = _whole_frames(clip, mass)
    height, width = grey.shape[1:]
    x = (light.sum(axis=1) @ (np.arange(width) + 0.5))[:n_seen] / mass[:n_seen] - width / 2
    y = height / 2 - (light.sum(axis=2) @ (np.arange(height) + 0.5))[:n_seen] / mass[:n_seen]
    position = np.stack([x, y], axis=-1) * clip.degrees_per_pixel
    velocity = np.diff(position, axis=0, prepend=position[:1]) * clip.rate_hz
    radius = np.sqrt(np.median(mass[:n_seen]) / (255 * np.pi))
    wall = (height / 2 - radius) * clip.degrees_per_pixel
    seen = np.concatenate([position, velocity], axis=1)
    return _Track(seen, clip.n_steps - n_seen, 1 / clip.rate_hz, wall)


def _whole_frames(clip: FrameClip, mass: Array) -> int:
    """Number of frames up to the last one in which all of the ball is in view."""
    usual = np.median(mass[: clip.context_frames])
    whole = mass >= _WHOLE * usual
    if usual <= 0 or not whole[:3].all():
        raise CandidateError(
            f"The clip '{clip.identifier}'",
            got="no bright object that moves from the first frames on",
            needed="a ball on a dark ground for this control to track",
        )
    return int(np.flatnonzero(whole)[-1]) + 1


def _carried_on(track: _Track) -> Array:
    """The hidden part: a straight line from the last seen state, folded at the walls."""
    steps = np.arange(1, track.n_hidden + 1)[:, None] * track.frame_s
    position, velocity = track.seen[-1, :2], _last_velocity(track.seen[:, 2:])
    line = position + steps * velocity
    phase = np.mod(line[:, 1] + track.wall_deg, 4 * track.wall_deg)
    turned = phase > 2 * track.wall_deg
    y = np.where(turned, 3 * track.wall_deg - phase, phase - track.wall_deg)
    dy = np.where(turned, -velocity[1], velocity[1])
    return np.stack([line[:, 0], y, np.full(len(y), velocity[0]), dy], axis=-1)


def _last_velocity(velocity: Array) -> Array:
    """Mean velocity over the last frames, as far back as the ball moved in the same vertical direction."""
    recent = velocity[-_FIT_FRAMES:]
    same = np.sign(recent[:, 1]) == np.sign(recent[-1, 1])
    since_turn = len(same) - int(np.argmin(same[::-1])) if not same.all() else 0
    straight: Array = recent[since_turn:].mean(axis=0)
    return straight


def _repeated(state: Array, n: int) -> Array:
    return np.broadcast_to(state, (n, len(state)))
