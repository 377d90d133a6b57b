"""Names of animals: scores are means over animals and intervals resample them, so none is taken for another."""

from __future__ import annotations

from ..core.errors import InvalidDataError

__all__ = ["is_name", "named_animal"]

_NO_NAMES = {"", "-", "?", "unknown", "none", "nan", "na", "n/a", "null", "todo", "tbd", "not stated"}


def is_name(name: object) -> bool:
    """Whether it names an animal: None, an empty text and words for a missing value do not."""
    return name is not None and str(name).strip().lower() not in _NO_NAMES


def named_animal(name: object, subject: str, *, hint: str) -> str:
    """The name of an animal, if it is one.

    Parameters
    ----------
    name : object
        Name as found; None where there is none.
    subject : str
        File or field that it is from, for the message.
    hint : str
        Advice on where to name it.

    Raises
    ------
    InvalidDataError
        If it is missing or stands for a missing one: animals of no name would be merged into one.
    """
    if not is_name(name):
        raise InvalidDataError(
            subject,
            got="none" if name is None else f"'{name}'",
            needed="the animal's name: animals without one would be taken for the same",
            hint=hint,
        )
    return str(name).strip()
