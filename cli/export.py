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

    An earlier export that is there is replaced as a whole, or stays as it is. Private data sets of your own, and
    all that came of them, are left out.
    """
    from ..core.settings import load_settings
    from ..data_registry.sharing import withheld_datasets
    from ..leaderboard.export import export_board
    from .contents import site_writer
    from .stored import open_store, shareable_store, stored_board

    settings = load_settings()
    withheld = withheld_datasets(settings)
    with shareable_store(open_store(settings), withheld) as store:
        site = site_writer(store, settings, own or (), withheld=withheld)
        board = stored_board(store, settings, withheld=withheld)
        page = export_board(board, store, folder, site=site)
    if json:
        emit_json({"page": str(page), "withheld": sorted(withheld)})
        return
    write(f"wrote {page}")
    if withheld:
        write(f"left out, as their licences do not allow it: {', '.join(sorted(withheld))}")
