"""``innerscore board``: the leaderboard as a table."""

from __future__ import annotations

from .options import JsonOption
from .output import emit_json

__all__ = ["board"]


def board(json: JsonOption = False) -> None:
    """Print the board: value of the ceiling with interval, or the state of the cell."""
    from ..core.settings import load_settings
    from ..leaderboard.store import Store
    from ..leaderboard.tables import board_json
    from .stored import stored_board
    from .tables import print_board

    settings = load_settings()
    arranged = stored_board(Store(settings.store), settings)
    if json:
        emit_json(board_json(arranged))
    else:
        print_board(arranged)
