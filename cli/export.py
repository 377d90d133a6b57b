"""``innerscore export``: the board as files that need no server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import JsonOption
from .output import emit_json, write

__all__ = ["export"]


def export(
    folder: Annotated[Path, typer.Argument(help="Folder to write; made if it does not exist.")],
    own: Annotated[
        list[str] | None, typer.Option("--own", help="Candidate to mark as your own, repeatable.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Write the board as a site, tables, every record with its files, a store and the hashes of all of it.

    An earlier export that is there is replaced as a whole, or stays as it is.
    """
    from ..core.settings import load_settings
    from ..leaderboard.export import export_board
    from .contents import site_writer
    from .stored import open_store, stored_board

    settings = load_settings()
    store = open_store(settings)
    site = site_writer(store, settings, own or ())
    page = export_board(stored_board(store, settings), store, folder, site=site)
    if json:
        emit_json({"page": str(page)})
    else:
        write(f"wrote {page}")
