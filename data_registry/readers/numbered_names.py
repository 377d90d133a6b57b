"""The order in which people count: spikes_2 before spikes_10."""

from __future__ import annotations

import re

__all__ = ["as_counted"]


def as_counted(name: str) -> list[tuple[int, str]]:
    """A key for sorting names with numbers in them."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"([0-9]+)", name)]
