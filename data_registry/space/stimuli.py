"""Tracked sessions as self-motion stimuli."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...core.errors import InvalidDataError
from ...core.stimuli import SelfMotion, StimulusSet
from ...tasks.self_motion import headings, motion_from_path, resampled_path
from .sessions import TrackedSession

__all__ = ["session_stimuli"]

Array = npt.NDArray[np.float64]

_SHORTEST_WALK_S = 5.0


def session_stimuli(
    identifier: str, sessions: Sequence[TrackedSession], *, rate_hz: float = 10.0
) -> StimulusSet:
    """The walks of all sessions, one stimulus each; a session with gaps gives one for each stretch between them.

    Parameters
    ----------
    identifier : str
        Name of the set.
    sessions : sequence of TrackedSession
        The sessions.
    rate_hz : float, default=10
        Steps per second, by linear interpolation.

    Returns
    -------
    stimuli : StimulusSet
        Head direction is the measured one where it is known throughout the walk, and else the direction of
        movement; the table's ``head_direction`` tells which. Stretches under 5 s are left out.

    Raises
    ------
    InvalidDataError
        If no stretch is long enough.
    """
    walks = [(session, walk) for session in sessions for walk in _walks(session, rate_hz)]
    if not walks:
        raise InvalidDataError(
            f"The data set '{identifier}'", got="no stretch of 5 s without a gap", needed="with one or more"
        )
    table = pd.DataFrame(
        {
            "stimulus_id": [walk.identifier for _, (walk, _) in walks],
            "animal": [session.animal for session, _ in walks],
            "session": [session.identifier for session, _ in walks],
            "head_direction": ["measured" if measured else "movement" for _, (_, measured) in walks],
        }
    )
    return StimulusSet(identifier, tuple(walk for _, (walk, _) in walks), table)


def _walks(session: TrackedSession, rate_hz: float) -> list[tuple[SelfMotion, bool]]:
    """The walks between gaps, and whether their head direction was measured."""
    gaps = np.flatnonzero(np.diff(session.times_s) > session.max_gap_s) + 1
    stretches = np.split(np.arange(len(session.times_s)), gaps)
    long = [rows for rows in stretches if np.ptp(session.times_s[rows]) >= _SHORTEST_WALK_S]
    endings = [""] if len(long) == 1 else [f"-{k}" for k in range(1, len(long) + 1)]
    return [
        _walk(session.identifier + ending, session, rows, rate_hz)
        for ending, rows in zip(endings, long, strict=True)
    ]


def _walk(
    name: str, session: TrackedSession, rows: npt.NDArray[np.int_], rate_hz: float
) -> tuple[SelfMotion, bool]:
    times, positions = session.times_s[rows], session.positions_m[rows]
    path = resampled_path(times, positions, rate_hz=rate_hz)
    motion = motion_from_path(name, path, rate_hz=rate_hz, arena_m=session.arena_m)
    direction = None if session.head_direction is None else session.head_direction[rows]
    if direction is None or not np.isfinite(direction).all():
        return motion, False
    unit = np.stack([np.cos(direction), np.sin(direction)], axis=1)
    cosine, sine = resampled_path(times, unit, rate_hz=rate_hz)[1:].T
    return replace(motion, head_direction=headings(np.stack([cosine, sine], axis=-1))), True
