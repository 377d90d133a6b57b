"""The board as rows for tables, CSV and JSON: one form for all, so that they cannot disagree."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

from ..core.csv_text import csv_text
from .board import Board, Cell, Column, Row
from .record_table import score_columns

__all__ = ["board_csv", "board_json", "board_rows"]

_COLUMNS = (
    "system",
    "candidate",
    "candidate_version",
    "bundle_sha256",
    "model_class",
    "win_rate",
    "benchmark",
    "benchmark_version",
    "benchmark_card_sha256",
    "data_sha256",
    "stimuli_sha256",
    "in_win_rate",
    "simulated",
    "state",
    "normalised",
    "normalised_low",
    "normalised_high",
    "raw",
    "raw_low",
    "raw_high",
    "ceiling",
    "ceiling_low",
    "ceiling_high",
    "interval_level",
    "interval_unit",
    "above_ceiling",
    "rank_low",
    "rank_high",
    "tie_group",
    "layer",
    "seed",
    "record_sha256",
    "note",
)


def board_rows(board: Board) -> list[dict[str, Any]]:
    """One mapping a cell, None where something does not apply."""
    return [
        dict.fromkeys(_COLUMNS) | _place(section.system, row, column) | _content(cell)
        for section in board.sections
        for row in section.rows
        for column, cell in zip(section.columns, row.cells, strict=True)
    ]


def board_json(board: Board, benchmarks: Collection[str] | None = None) -> dict[str, Any]:
    """The cells, all or those of some benchmarks, with the version of this form."""
    cells = board_rows(board)
    chosen = cells if benchmarks is None else [cell for cell in cells if cell["benchmark"] in benchmarks]
    return {"schema_version": 1, "cells": chosen}


def board_csv(board: Board) -> str:
    """The cells as CSV; text that a spreadsheet would take for a formula is quoted by an apostrophe."""
    return csv_text(_COLUMNS, ([row.get(name) for name in _COLUMNS] for row in board_rows(board)))


def _place(system: str, row: Row, column: Column) -> dict[str, Any]:
    return {
        "system": system,
        "candidate": row.candidate,
        "candidate_version": row.bundle.version if row.bundle else None,
        "bundle_sha256": row.bundle.sha256 if row.bundle else None,
        "model_class": row.model_class,
        "win_rate": None if math.isnan(row.win_rate) else row.win_rate,
        "benchmark": column.benchmark,
        "benchmark_version": column.version,
        "benchmark_card_sha256": column.card_sha256 or None,
        "data_sha256": column.data_sha256 or None,
        "stimuli_sha256": column.stimuli_sha256 or None,
        "in_win_rate": column.counted,
        "simulated": column.simulated,
    }


def _content(cell: Cell) -> dict[str, Any]:
    content: dict[str, Any] = {"state": cell.state, "note": cell.note}
    if cell.standing is not None:  # groups are numbered from 1 for the best
        content |= {"rank_low": cell.rank_low, "rank_high": cell.rank_high}
        content |= {"tie_group": cell.standing.tie_group + 1}
    if cell.record is None:
        return content
    content |= {"seed": cell.record.inputs.seed, "record_sha256": cell.record.record_sha256}
    if cell.record.score is None:
        return content
    return content | score_columns(cell.record.score)
