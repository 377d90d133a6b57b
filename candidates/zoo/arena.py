"""Refusal of arenas that a candidate's room does not hold."""

from __future__ import annotations

from ...core.errors import CandidateError
from ...core.stimuli import SelfMotion

__all__ = ["check_arena"]


def check_arena(stimulus: SelfMotion, side_m: float, *, because: str) -> None:
    """Refuse a walk through an arena that is larger than a candidate's room.

    Parameters
    ----------
    stimulus : SelfMotion
        Walk to be shown.
    side_m : float
        Side of the square room, in m.
    because : str
        Clause on the room for the message, as in "which the fields cover".

    Raises
    ------
    CandidateError
        If a side of the arena is longer than the room.
    """
    if max(stimulus.arena_m) > side_m:
        raise CandidateError(
            f"The arena of '{stimulus.identifier}'",
            got=f"{stimulus.arena_m} m",
            needed=f"of at most {side_m} m a side, {because}",
        )
