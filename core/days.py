"""Days as people write them."""

from __future__ import annotations

from datetime import date

from .errors import InvalidInputError

__all__ = ["read_day"]


def read_day(text: str) -> date:
    """Read a day in the form 2026-11-30.

    Raises
    ------
    InvalidInputError
        If it is none.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInputError("The day", got=repr(text[:40]), needed="a date such as 2026-11-30") from error
