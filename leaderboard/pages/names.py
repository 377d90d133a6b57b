"""Names in addresses: a name that is safe in a file's name is used as it is, for any other its hash."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from ...core.hashing import sha256_of_bytes

__all__ = ["JOINT", "named", "slug"]

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
JOINT = "+"  # between names in an address; no safe name has it


@lru_cache(maxsize=10_000)
def slug(name: str) -> str:
    """The form of a name in an address or a file's name.

    Records may come from anywhere and a name in them may be any text; cards' names are always safe.
    """
    if _SAFE.fullmatch(name) and not name.endswith("."):
        return name
    return f"name-{sha256_of_bytes(name.encode('utf-8', 'surrogatepass'))[:40]}"  # four fit a file's name


def named(names: Iterable[str]) -> dict[str, str]:
    """The names by their slugs."""
    return {slug(name): name for name in names}
