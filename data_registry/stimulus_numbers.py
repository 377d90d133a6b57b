"""Stimuli that a recording names by number: counted from 0, or from 1 as MATLAB does."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, TypeAlias

from ..core.errors import InvalidDataError

__all__ = ["StimulusBase", "shown_names"]

StimulusBase: TypeAlias = Literal[0, 1]

_WRITE = (
    "Write 'stimulus_base: 1' beside 'fields' on the card if the first stimulus is number 1, "
    "'stimulus_base: 0' if it is number 0."
)


def shown_names(
    shown: Sequence[str], names: Sequence[str] | None, base: StimulusBase | None, subject: str
) -> list[str]:
    """Name the stimulus of each presentation.

    Parameters
    ----------
    shown : sequence of str
        Its name or number.
    names : sequence of str or None
        Names of the stimuli in their order; None where they are numbered from 0.
    base : {0, 1} or None
        Number of the first stimulus; None where names are given, or numbers from 0.
    subject : str
        Name of the field, for messages.

    Raises
    ------
    InvalidDataError
        If numbers may be counted from 1 and `base` does not say so, or do not fit it.
    """
    numbered = all(one.isdecimal() for one in shown)
    if base is None:
        if numbered:
            _refuse_unknown_base(shown, names, subject)
        return list(shown)
    last = math.inf if names is None else base + len(names) - 1
    wrong = [one for one in shown if not one.isdecimal() or not base <= int(one) <= last]
    if wrong:
        upto = "on" if names is None else f"to {last}"
        raise InvalidDataError(
            subject,
            got=f"'{wrong[0]}'",
            needed=f"of whole numbers from {base} {upto}, as 'stimulus_base: {base}' says",
        )
    positions = [int(one) - base for one in shown]
    return [str(position) if names is None else names[position] for position in positions]


def _refuse_unknown_base(shown: Sequence[str], names: Sequence[str] | None, subject: str) -> None:
    """Refuse numbers without a 0, and numbers of stimuli that have other names."""
    if "0" in shown if names is None else {*shown} & {*names}:
        return
    numbers = [int(one) for one in shown]
    got = f"numbers from {min(numbers)} to {max(numbers)}"
    if names is not None:
        raise InvalidDataError(subject, got=got, needed="of names that are in 'stimulus_id'", hint=_WRITE)
    hint = f"Stimulus 0 was never shown, is it counted from 1? {_WRITE}"
    raise InvalidDataError(subject, got=got, needed="counted from 0, or with 'stimulus_base'", hint=hint)
