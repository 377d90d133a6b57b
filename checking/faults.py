"""A fault: where it is, what it is, what to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ..core.cards import Card, meant_key, read_card
from ..core.errors import InnerscoreError, InvalidCardError

__all__ = ["Fault", "card_faults", "entry_file", "fault_of"]


@dataclass(frozen=True)
class Fault:
    """Something that has to be put right.

    Parameters
    ----------
    file : str
        File with the fault.
    reason : str
        Description of the fault.
    fix : str
        Advice on putting it right.
    """

    file: str
    reason: str
    fix: str


def fault_of(error: InnerscoreError, file: Path) -> Fault:
    """The fault that an error tells of."""
    fix = f"It must be {error.needed}. {error.hint}".strip()
    return Fault(str(file), f"{error.subject}: {error.got}", fix)


def card_faults(path: Path, card_type: type[Card]) -> list[Fault]:
    """One fault for each key of a card that is missing, unknown or illegal."""
    try:
        read_card(path, card_type)
    except InvalidCardError as error:
        cause = error.__cause__
        if not isinstance(cause, ValidationError):
            return [fault_of(error, path)]
        return [
            Fault(
                str(path),
                f"key '{'.'.join(map(str, detail['loc'])) or 'card'}': {detail['msg']}",
                _fix(detail, card_type),
            )
            for detail in cause.errors()
        ]
    return []


def entry_file(path: Path, entry: str) -> Path:
    """The code that a card's entry names, where it is a file in the card's folder; else the card."""
    where = entry.partition(":")[0]
    return path.parent / where if where.endswith(".py") else path


def _fix(detail: ErrorDetails, card_type: type[Card]) -> str:
    if detail["type"] == "missing":
        return "Add it; 'innerscore info NAME' shows a whole card."
    if detail["type"] == "extra_forbidden":
        asked = meant_key(str(detail["loc"][-1]), card_type)
        return asked or "Take it out, or write it as the card's other keys are written."
    return f"Give a legal value; {detail['input']!r} is none."
