"""The store of the settings, and the board as it is stored, with everything that is registered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.settings import Settings
from ..leaderboard.store import Store
from .output import say

if TYPE_CHECKING:
    from ..leaderboard.board import Board, Quantity

__all__ = ["open_store", "stored_board"]


def open_store(settings: Settings) -> Store:
    """Open the store, and say so if it had to be migrated."""
    store = Store(settings.store)
    if store.migrated_from is not None:
        say(f"the store was migrated to this version; as it was, it is kept in {store.migrated_from}")
    return store


def stored_board(store: Store, settings: Settings, quantity: Quantity = "normalised") -> Board:
    """Arrange a store's records with the registered candidates and benchmarks."""
    # Whoever only opens the store need not wait for these and what they import.
    from .. import benchmarks, candidates
    from ..leaderboard.board import make_board

    return make_board(
        store.latest(),
        {name: entry.card for name, entry in candidates.registry(settings).entries().items()},
        {name: entry.card for name, entry in benchmarks.registry(settings).entries().items()},
        resamples=store.resamples,
        quantity=quantity,
    )
