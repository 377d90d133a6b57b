"""The board as rows for tables, CSV and JSON: one form for all, so that they cannot disagree."""

from __future__ import annotations

import csv
import io
from typing import Any

from .board import Board, Cell, Column, Row

__all__ = ["board_csv", "board_json", "board_rows"]

_COLUMNS = (
    "system",
    "candidate",
    "model_class",
    "benchmark",
    "benchmark_version",
    "data_sha256",
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


def board_json(board: Board) -> dict[str, Any]:
    """The cells, with the version of this form."""
    return {"schema_version": 1, "cells": board_rows(board)}


def board_csv(board: Board) -> str:
    """The cells as CSV; text that a spreadsheet would take for a formula is quoted by an apostrophe."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, fieldnames=_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _no_formula(value) for name, value in row.items()} for row in board_rows(board))
    return buffer.getvalue()


def _place(system: str, row: Row, column: Column) -> dict[str, Any]:
    return {
        "system": system,
        "candidate": row.candidate,
        "model_class": row.model_class,
        "benchmark": column.benchmark,
        "benchmark_version": column.version,
        "data_sha256": column.data_sha256 or None,
        "simulated": column.simulated,
    }


def _content(cell: Cell) -> dict[str, Any]:
    content: dict[str, Any] = {"state": cell.state, "note": cell.note}
    if cell.record is None:
        return content
    content |= {"seed": cell.record.inputs.seed, "record_sha256": cell.record.record_sha256}
    if cell.record.score is None:
        return content
    score = cell.record.score
    for name in ("raw", "ceiling", "normalised"):
        estimate = getattr(score, name)
        content |= {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
    return content | {
        "interval_level": score.normalised.level,
        "interval_unit": score.normalised.unit,
        "above_ceiling": score.above_ceiling,
        "layer": score.layer,
    }


def _no_formula(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@"} else value
