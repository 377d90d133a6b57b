"""The board as plain files: a page that works from ``file://``, JSON, CSV, records and per-target values."""

from __future__ import annotations

import json
from pathlib import Path

from ..core.files import write_bytes
from .board import Board
from .page import board_page
from .store import Store
from .tables import board_csv, board_json

__all__ = ["export_board"]


def export_board(board: Board, store: Store, folder: Path) -> Path:
    """Write everything.

    Parameters
    ----------
    board : Board
        What to show.
    store : Store
        Whose records and files to write beside it.
    folder : pathlib.Path
        Target; ``index.html``, ``board.json``, ``board.csv``, ``records/<hash>.json`` and
        ``targets/<hash>.csv``. Files of the same name are replaced.

    Returns
    -------
    page : pathlib.Path
        The written ``index.html``.
    """
    for record in store.records():
        write_bytes(folder / "records" / f"{record.record_sha256}.json", record.to_json())
        if record.score is not None:
            name = record.score.targets_sha256
            write_bytes(folder / "targets" / f"{name}.csv", store.attachment(name))
    text = json.dumps(board_json(board), indent=1, ensure_ascii=False, allow_nan=False)
    write_bytes(folder / "board.json", text.encode())
    write_bytes(folder / "board.csv", board_csv(board).encode())
    page = folder / "index.html"
    write_bytes(page, board_page(board).encode())
    return page
