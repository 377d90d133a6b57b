"""``innerscore demo``: every built-in candidate on every embedded benchmark, then the board."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import JsonOption
from .output import emit_json, say, write

__all__ = ["demo"]


def demo(
    html: Annotated[Path, typer.Option("--html", help="Folder for the board's static page.")] = Path("demo"),
    json: JsonOption = False,
) -> None:
    """Score the built-in candidates, print the board and write it as a page.

    What was scored before is not run again. A benchmark whose data cannot be had is left out, and said.
    """
    from .. import benchmarks, candidates
    from ..core.settings import load_settings
    from ..leaderboard.export import export_board
    from ..leaderboard.tables import board_json
    from .contents import site_writer
    from .running import limit_threads, run_pairs
    from .stored import open_store, stored_board
    from .tables import print_board, result_line

    settings = load_settings()
    limit_threads(settings)
    names = list(candidates.registry(settings).entries())
    missing = {}
    for result in run_pairs(names, list(benchmarks.registry(settings).entries()), settings, seed=0):
        if result.record is None:
            missing[result.benchmark] = str(result.error)
        elif not result.reused and result.record.status != "not applicable":
            say(f"  {result_line(result)}")
    store = open_store(settings)
    board = stored_board(store, settings)
    page = export_board(board, store, html, site=site_writer(store, settings))
    if json:
        emit_json({**board_json(board), "page": str(page.resolve()), "missing": missing})
        return
    print_board(board)
    for name, reason in missing.items():
        say(f"left out {name}: {reason}")
    write(f"the board as a page: {page.resolve()}")
