"""CSV that a spreadsheet can open without running anything: text that begins like a formula is quoted."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

__all__ = ["csv_text", "no_formula"]

# Spreadsheets pass over white space and invisible characters, and take wide signs for the plain ones. The same
# is in board.js.
_FORMULA = re.compile(r"[\t\r]|[\s\x00-\x1f\u200b-\u200f\u2060\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]")


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table as CSV; None is an empty cell, numbers keep all their digits."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(map(no_formula, columns))
    writer.writerows([no_formula(value) for value in row] for row in rows)
    return buffer.getvalue()


def no_formula(value: object) -> object:
    """The value; text that a spreadsheet would take for a formula gets an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value
