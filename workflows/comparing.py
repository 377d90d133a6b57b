"""Candidates of the settings' board side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..core.errors import InvalidInputError, UnknownNameError
from ..core.registry import closest_names
from ..core.settings import Settings
from .stored import open_store, stored_board

if TYPE_CHECKING:
    from ..leaderboard.board import Board
    from ..leaderboard.comparison import Line

__all__ = ["compare_stored"]


def compare_stored(names: Sequence[str], settings: Settings, benchmarks: Sequence[str] = ()) -> list[Line]:
    """Compare candidates on the benchmarks where at least two of them have a stored score.

    Parameters and errors are those of :func:`innerscore.compare`.

    Returns
    -------
    lines : list of Line
        One a column of the board, those on recorded data first.
    """
    from .. import benchmarks as registered_benchmarks
    from ..leaderboard.choosing import columns_named
    from ..leaderboard.comparison import compared, records_on

    chosen = list(dict.fromkeys(names))
    if len(chosen) < 2:
        raise InvalidInputError("The candidates to compare", got=", ".join(chosen), needed="two or more")
    store = open_store(settings)
    board = stored_board(store, settings)
    _check_candidates(chosen, board)
    columns_named(board, benchmarks, registered_benchmarks.registry(settings).entries())
    lines = [
        line
        for line in compared(chosen, board, store.resamples(records_on(chosen, board)))
        if not benchmarks or line.column.benchmark in benchmarks
    ]
    if not lines:
        raise InvalidInputError(
            f"The candidates {', '.join(chosen)}",
            got="no benchmark on which two of them have a score",
            needed="scores on the same benchmark and the same data",
            hint=f"Run 'innerscore score {' '.join(chosen)} --benchmark BENCHMARK' first.",
        )
    return lines


def _check_candidates(names: Sequence[str], board: Board) -> None:
    known = {row.candidate for section in board.sections for row in section.rows}
    for name in names:
        if name not in known:
            raise UnknownNameError("candidate", name, closest_names(name, known))
