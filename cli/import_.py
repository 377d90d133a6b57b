"""``innerscore import``: the records of other boards."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import JsonOption
from .output import emit_json, write

__all__ = ["import_boards"]


def import_boards(
    sources: Annotated[
        list[str],
        typer.Argument(help="Folders of exports, paths or URLs of stores; each wholly or not at all."),
    ],
    json: JsonOption = False,
) -> None:
    """Add the records of other boards, byte for byte, with their files.

    Each board is checked whole first. What is here already is passed over; a run that was done on both boards
    is kept twice.
    """
    from ..core.settings import load_settings
    from ..leaderboard.importing import import_board
    from .stored import open_store

    store = open_store(load_settings())
    results = []
    for source in sources:
        done = import_board(store, source)
        results.append({"source": source, "added": done.added, "known": done.known})
        if not json:
            write(f"{source}: {done.added} records added, {done.known} were here already")
    if json:
        emit_json({"imported": results})
