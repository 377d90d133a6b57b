"""Mental-Pong to be played: the page, and the script that gives it the rules and the models' errors."""

from __future__ import annotations

import json
from typing import Any

from .content import PageContent
from .kinds import is_control
from .snapshot import Snapshot

__all__ = ["game_script", "play_page"]

_ERROR = "model_endpoint_error_deg"  # the fact of a score of endpoints


def play_page(snapshot: Snapshot) -> PageContent:
    """The page; without a game among the board's contents it says that there is none."""
    return PageContent("play.html", "Play Mental-Pong", {"game": snapshot.contents.game})


def game_script(snapshot: Snapshot) -> bytes:
    """The game with the models' errors, as a script: a page opened from a folder may not fetch."""
    game = snapshot.contents.game
    values = None if game is None else {**game, "models": _models(snapshot, game)}
    return f"window.innerscorePong = {json.dumps(values)};\n".encode()


def _models(snapshot: Snapshot, game: Any) -> list[dict[str, Any]]:
    """Mean distance of each candidate's endpoint to the ball's, the smallest first.

    It depends on no player, so that one record of a candidate says it.
    """
    errors: dict[str, dict[str, Any]] = {}
    for section in snapshot.board.sections:
        for row in section.rows:
            for column, cell in zip(section.columns, row.cells, strict=True):
                score = None if cell.record is None else cell.record.score
                error = None if score is None else score.facts.get(_ERROR)
                if column.benchmark in game["benchmarks"] and isinstance(error, int | float):
                    control = is_control(row.model_class)
                    errors[row.candidate] = {
                        "name": row.candidate, "error_deg": round(float(error), 3), "control": control
                    }  # fmt: skip
    return sorted(errors.values(), key=lambda one: (one["error_deg"], one["name"]))
