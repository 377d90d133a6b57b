"""Removing the bundles of submissions that came to nothing, and those without one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from .bundle_store import BundleStore
from .queue import Queue

__all__ = ["Pruned", "prune"]


@dataclass(frozen=True)
class Pruned:
    """The number of bundles that were removed, and their bytes."""

    bundles: int
    n_bytes: int


def prune(queue: Queue, bundles: BundleStore, *, days: float) -> Pruned:
    """Remove bundles all of whose submissions failed or were withdrawn long ago; the submissions stay.

    Parameters
    ----------
    queue, bundles : Queue, BundleStore
        Queue and bundles of the board.
    days : float
        Time in days since the end of the submissions, and since the bundle was last sent.
    """
    before = datetime.now(UTC) - timedelta(days=days)
    needed = queue.needed_bundles(before)
    sizes = [bundles.remove(one) for one in bundles.older_than(before) if one not in needed]
    return Pruned(len(sizes), sum(sizes))
