"""Stimuli that were not shown equally often: the first presentations of each, as many as a card asks for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
import xarray as xr
from pydantic import Field

from ..core.errors import InvalidDataError
from ..core.labelled import coordinate

__all__ = ["Repetitions", "counted", "equally_many", "first_repetitions"]

#: As many repetitions of each stimulus as the one that has fewest, or a number.
Repetitions: TypeAlias = Literal["smallest"] | Annotated[int, Field(ge=1, le=100_000)]

_ON_A_CARD = (
    "Write 'repetitions: smallest' beside 'fields' on the card to keep the first of each, as many as all have, or "
    "'repetitions: N' to keep N and leave out stimuli with fewer."
)


def counted(names: Sequence[str]) -> list[int]:
    """Number of earlier occurrences of each name."""
    seen: dict[str, int] = {}
    counts = []
    for name in names:
        counts.append(seen.get(name, 0))
        seen[name] = counts[-1] + 1
    return counts


def equally_many(names: Sequence[str], subject: str, *, hint: str) -> None:
    """Refuse names of which some occur more often than others.

    Raises
    ------
    InvalidDataError
        With how often they occur, and the hint.
    """
    times = Counter(names)
    fewest, most = min(times.values()), max(times.values())
    if fewest == most:
        return
    raise InvalidDataError(
        subject,
        got=f"{len(names)} presentations of {len(times)} stimuli, {fewest} to {most} of each",
        needed="of equally many presentations of each stimulus",
        hint=hint,
    )


def first_repetitions(
    recording: xr.DataArray, wanted: Repetitions | None, subject: str = "The recording"
) -> xr.DataArray:
    """Keep the first presentations of each stimulus, equally many of each.

    Parameters
    ----------
    recording : assembly of dims (presentation, neuroid[, time_bin])
        A recording. Presentations of which nothing was recorded count as not shown, if a number is wanted.
    wanted : {"smallest"}, int or None
        Number of repetitions to keep. Stimuli with fewer are left out; None takes the recording as it is, with
        equally many presentations of each stimulus.
    subject : str, default="The recording"
        Name of the recording, for messages.

    Returns
    -------
    even : assembly of the same dims
        Repetitions of each stimulus numbered from 0 in their order. The attributes ``n_presentations_left_out``,
        ``n_stimuli_left_out`` and, where there are any, ``stimuli_left_out`` say what is not in it.

    Raises
    ------
    InvalidDataError
        If presentations are unequal in number and no number is wanted, or no stimulus has enough.
    """
    stimulus = coordinate(recording, "stimulus_id").tolist()
    if wanted is None:
        equally_many(stimulus, subject, hint=_ON_A_CARD)
        return recording
    in_order = np.argsort(coordinate(recording, "repetition"), kind="stable").tolist()
    recorded = np.isfinite(recording.values).reshape(len(stimulus), -1).any(axis=1)
    shown = [k for k in in_order if recorded[k]]
    numbers = dict(zip(shown, counted([stimulus[k] for k in shown]), strict=True))
    times = Counter(stimulus[k] for k in shown)
    n = min(times.values(), default=0) if wanted == "smallest" else wanted
    kept = sorted(k for k in shown if numbers[k] < n <= times[stimulus[k]])
    if not kept:
        most = f"at most {max(times.values(), default=0)} repetitions of a stimulus"
        raise InvalidDataError(subject, got=most, needed=f"of {n} repetitions of some stimulus")
    even = recording.isel(presentation=kept)
    even = even.assign_coords(repetition=("presentation", [numbers[k] for k in kept]))
    even.attrs |= _left_out({name: times[name] for name in stimulus}, n, len(shown) - len(kept))
    return even


def _left_out(times: Mapping[str, int], n: int, n_presentations: int) -> dict[str, Any]:
    fewer = {name: count for name, count in times.items() if count < n}
    facts: dict[str, Any] = {"n_presentations_left_out": n_presentations, "n_stimuli_left_out": len(fewer)}
    if fewer:
        facts["stimuli_left_out"] = "; ".join(_alike(fewer, count, n) for count in sorted({*fewer.values()}))
    return facts


def _alike(times: Mapping[str, int], count: int, n: int) -> str:
    names = [name for name, one in times.items() if one == count]
    return f"{len(names)} with {count} of {n} repetitions, such as {names[0]}"
