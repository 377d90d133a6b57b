"""Words of messages that follow from numbers."""

from __future__ import annotations

__all__ = ["number_of"]


def number_of(n: int, noun: str, plural: str = "") -> str:
    """A number and its noun, such as ``1 fault`` and ``2 faults``.

    Parameters
    ----------
    n : int
        The number.
    noun : str
        The noun for one.
    plural : str
        The noun for others; by default with an ``s``.
    """
    return f"{n} {noun if n == 1 else plural or f'{noun}s'}"
