"""Downloads of a view: its cells as CSV, JSON and Parquet, and what to cite for them as BibTeX."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ...core.csv_text import csv_text
from ..parquet import parquet_bytes
from ..tables import board_rows
from .board_page import BoardTable
from .contents import BoardContents
from .snapshot import Snapshot
from .view import View, show

__all__ = ["DOWNLOADS", "all_citations", "board_script", "download"]

DOWNLOADS = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
    "bib": "application/x-bibtex; charset=utf-8",
}


def download(kind: str, board: BoardTable, view: View) -> bytes:
    """The cells that a view shows, its rows in their order.

    Parameters
    ----------
    kind : {"csv", "json", "parquet", "bib"}
    board : BoardTable
    view : View
    """
    rows = view_rows(board, view)
    if kind == "bib":
        return citations_of(rows, board.snapshot.contents).encode()
    if kind == "json":
        return json.dumps({"schema_version": 1, "cells": rows}, ensure_ascii=False, allow_nan=False).encode()
    columns = list(rows[0]) if rows else []
    if kind == "parquet":
        return parquet_bytes(columns, rows)
    return csv_text(columns, (list(row.values()) for row in rows)).encode()


_KEY = (
    "candidate",
    "benchmark",
    "benchmark_version",
    "data_sha256",
    "stimuli_sha256",
    "benchmark_card_sha256",
)


def view_rows(board: BoardTable, view: View) -> list[dict[str, Any]]:
    """The view's cells, one mapping each."""
    shown = show(board.table, board.snapshot.contents, view)
    columns = [
        tuple(None if part == "" else part for part in heading.column.key)
        for heading in board.table.headings
        if heading.column is not None and heading.key not in shown.hidden_headings
    ]
    cells = {tuple(row[name] for name in _KEY): row for row in board.flat}
    return [cells[row.candidate, *column] for row in shown.visible for column in columns]


def citations_of(rows: Iterable[Mapping[str, Any]], contents: BoardContents) -> str:
    """The works to cite for some cells: each card's BibTeX once."""
    names = {name: dict.fromkeys(row[name] for row in rows) for name in ("candidate", "benchmark")}
    benchmarks = [contents.benchmarks[name] for name in names["benchmark"] if name in contents.benchmarks]
    cards = [
        *(contents.candidates[name] for name in names["candidate"] if name in contents.candidates),
        *benchmarks,
        *(contents.datasets[card.dataset] for card in benchmarks if card.dataset in contents.datasets),
    ]
    return "\n\n".join(dict.fromkeys(card.citation.strip() for card in cards)) + "\n"


def all_citations(snapshot: Snapshot) -> dict[str, dict[str, str]]:
    """BibTeX by candidate and by benchmark, the latter with its data set's."""
    contents = snapshot.contents
    benchmarks = {
        name: citations_of([{"candidate": None, "benchmark": name}], contents) for name in contents.benchmarks
    }
    candidates = {name: card.citation.strip() for name, card in contents.candidates.items()}
    return {"candidates": candidates, "benchmarks": benchmarks}


def board_script(snapshot: Snapshot) -> bytes:
    """All cells and citations as a script, which a page opened from a folder may load where JSON may not be."""
    rows = board_rows(snapshot.board)
    columns = list(rows[0]) if rows else []
    content = {
        "columns": columns,
        "cells": [list(row.values()) for row in rows],
        "citations": all_citations(snapshot),
    }
    return f"window.innerscoreBoard = {json.dumps(content, ensure_ascii=True, allow_nan=False)};\n".encode()
