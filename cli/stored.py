"""The board as it is stored, with everything that is registered."""

from __future__ import annotations

from .. import benchmarks, candidates
from ..core.settings import Settings
from ..leaderboard.board import Board, make_board
from ..leaderboard.store import Store

__all__ = ["stored_board"]


def stored_board(store: Store, settings: Settings) -> Board:
    """Arrange a store's records with the registered candidates and benchmarks."""
    return make_board(
        store.records(),
        {name: entry.card for name, entry in candidates.registry(settings).entries().items()},
        {name: entry.card for name, entry in benchmarks.registry(settings).entries().items()},
    )
