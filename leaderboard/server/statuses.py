"""The status of HTTP that an error of ours is answered with."""

from __future__ import annotations

from ...core.errors import InnerscoreError, InvalidInputError, StoreError, UnknownNameError
from ..queue import QuotaError

__all__ = ["status_of"]

# The first kind that fits counts, so the narrower ones come first.
_STATUSES: tuple[tuple[type[InnerscoreError], int], ...] = (
    (UnknownNameError, 404),
    (QuotaError, 429),
    (InvalidInputError, 422),
    (StoreError, 409),
)


def status_of(error: InnerscoreError) -> int:
    """The status of an error."""
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)
