"""The board's page: the table's cells as HTML, put together anew for each view from parts made once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from markupsafe import Markup

from ..board import Cell, Column, Quantity
from ..ranking import RankInterval
from ..tables import board_rows
from .names import slug
from .snapshot import QUANTITIES, Snapshot
from .text import date, interval, number, rank
from .tree import Heading, Summary, Table, make_table
from .view import COLUMN_FACETS, ROW_FACETS, RowFacets, Shown, View, column_facets, show

__all__ = ["BoardTable", "board_values"]

_MOST_LINKED_CELLS = (
    4000  # beyond it the row's and the column's headings lead there, and the page stays small
)
_NAMES: Mapping[Quantity, str] = {
    "normalised": "ceiling-normalised score",
    "raw": "raw value",
    "ceiling": "ceiling",
}
_FILES: Mapping[Quantity, str] = {"normalised": "table.html", "raw": "raw.html", "ceiling": "ceiling.html"}


@dataclass(frozen=True, eq=False)
class BoardTable:
    """The table of one quantity, with the inner HTML of its cells.

    Parameters
    ----------
    snapshot : Snapshot
    quantity : {"normalised", "raw", "ceiling"}
    """

    snapshot: Snapshot
    quantity: Quantity

    @cached_property
    def table(self) -> Table:
        """Headings and rows."""
        return make_table(self.snapshot.boards[self.quantity])

    @cached_property
    def flat(self) -> list[dict[str, Any]]:
        """The board's cells as plain mappings, for files and programs; made once, not to be changed."""
        return board_rows(self.snapshot.boards[self.quantity])

    @cached_property
    def cells(self) -> dict[str, tuple[str, ...]]:
        """The inner HTML of each candidate's cells, in the order of the headings."""
        n_cells = len(self.table.rows) * len(self.table.headings)
        linked = n_cells <= _MOST_LINKED_CELLS
        return {
            row.candidate: tuple(
                _inner_html(part, row.candidate, heading.column if linked else None)
                for heading, part in zip(self.table.headings, row.parts, strict=True)
            )
            for row in self.table.rows
        }

    @cached_property
    def facets(self) -> RowFacets:
        """The values of the candidates' facets."""
        return RowFacets(self.snapshot.contents, tuple(row.candidate for row in self.table.rows))

    @cached_property
    def heads(self) -> dict[str, str]:
        """The heading of each candidate's row."""
        return {
            row.candidate: _row_head(row.candidate, row.title, self.facets.of(row.candidate))
            for row in self.table.rows
        }

    def body(self, shown: Shown, view: View) -> Markup:
        """The rows under a view. End tags that HTML lets one omit are omitted, which saves two hundredths."""
        classes = [_cell_class(heading, shown, view) for heading in self.table.headings]
        parts = []
        for row in shown.rows:
            hidden = " hidden" if row.candidate in shown.hidden_rows else ""
            cells = "".join(
                f"<td{kind}>{inner}" for kind, inner in zip(classes, self.cells[row.candidate], strict=True)
            )
            parts.append(f"<tr{hidden}>{self.heads[row.candidate]}{cells}\n")
        return Markup("".join(parts))  # noqa: S704  (every part above is escaped where it is made)


def board_values(board: BoardTable, view: View) -> dict[str, Any]:
    """Values for the template of the board's page."""
    contents = board.snapshot.contents
    shown = show(board.table, contents, view)
    headings = board.table.headings
    return {
        "headings": [_heading_values(heading, board, shown, view) for heading in headings],
        "body": board.body(shown, view),
        "n_shown": len(shown.visible),
        "n_rows": len(board.table.rows),
        "facets": _facets(board, view),
        "view": view,
        "quantities": [(name, _NAMES[name], _FILES[name]) for name in QUANTITIES],
        "quantity": board.quantity,
        "quantity_name": _NAMES[board.quantity],
        "empty": not any(
            cell.record for s in board.snapshot.board.sections for r in s.rows for cell in r.cells
        ),
        "taken": date(board.snapshot.taken),
        "day": board.snapshot.day,
        "alpha": board.snapshot.board.alpha,
    }


def _heading_values(heading: Heading, board: BoardTable, shown: Shown, view: View) -> dict[str, Any]:
    facets = column_facets(heading, board.snapshot.contents)
    sorted_by = view.sort == heading.key
    direction = "ascending" if view.ascending else "descending"
    return {
        "heading": heading,
        "attributes": _attributes(
            {"key": heading.key, "parents": " ".join(map(_squeezed, heading.parents)), **facets}
        ),
        "kind": _cell_class(heading, shown, view),
        "sorted": direction if sorted_by else "none",
        "sort_value": f"+{heading.key}" if sorted_by and not view.ascending else heading.key,
        "opened": heading.key in view.opened,
        "ceiling": None if heading.column is None else _ceiling(heading.column, board.snapshot),
        "address": None if heading.column is None else f"benchmarks/{slug(heading.column.benchmark)}.html",
    }


def _squeezed(key: str) -> str:
    """A key without spaces, to stand in a list separated by them."""
    return key.replace(" ", "\N{NO-BREAK SPACE}")


def _ceiling(column: Column, snapshot: Snapshot) -> str:
    section = next(section for section, known in snapshot.columns[column.benchmark] if known == column)
    ceiling = section.ceiling(column)
    return "" if ceiling is None or ceiling.value is None else f"{number(ceiling.value)} {interval(ceiling)}"


def _cell_class(heading: Heading, shown: Shown, view: View) -> Markup:
    """The class attribute of a heading's cells: below another one, opened, left out by a filter, a win rate."""
    names = ["m"] if heading.column is None else []
    if heading.parents:
        names.append("k o" if set(heading.parents) <= view.opened else "k")
    if heading.key in shown.hidden_headings:
        names.append("x")
    return Markup(' class="{}"').format(" ".join(names)) if names else Markup()


def _row_head(name: str, title: str, facets: Mapping[str, str]) -> str:
    own = Markup(' <span class="own">own</span>') if facets["own"] else ""
    return Markup('<th scope="row"{}><a href="candidates/{}.html">{}</a>{}<small>{}</small></th>').format(
        _attributes(facets), slug(name), name, own, "" if title == name else title
    )


def _attributes(values: Mapping[str, str]) -> Markup:
    return Markup().join(
        Markup(' data-{}="{}"').format(name, value) for name, value in values.items() if value
    )


def _inner_html(part: Cell | Summary, candidate: str, column: Column | None) -> str:
    if isinstance(part, Summary):
        return _summary_html(part)
    shown = _cell_text(part)
    if column is not None and part.record is not None:
        anchor = f"candidates/{slug(candidate)}.html#{slug(column.benchmark)}"
        shown = Markup('<a href="{}">{}</a>').format(anchor, shown)
    if part.state == "failed":
        return Markup('<span class="failed">{}</span>').format(shown)
    if part.impossible:
        return Markup('<span class="state" title="{}">{}</span>').format(part.note, shown)
    if math.isnan(part.shown_value):
        return Markup('<span class="state">{}</span>').format(shown)
    return f"{shown}{_interval_html(part)}{_rank_html(part.standing)}{_marks_html(part)}"


def _cell_text(cell: Cell) -> str:
    if not math.isnan(cell.shown_value):
        return number(cell.shown_value)
    return {"value": "undefined", "not applicable": "n/a"}.get(cell.state, cell.state)


def _interval_html(cell: Cell) -> str:
    found = "" if cell.estimate is None else interval(cell.estimate)
    return f"<small>{found}</small>" if found else ""


def _rank_html(standing: RankInterval | None) -> str:
    return "" if standing is None else f"<i>#{rank(standing.rank_low, standing.rank_high)}</i>"


def _marks_html(cell: Cell) -> str:
    above = f"<em>{cell.above_text}</em>" if cell.above_ceiling and cell.quantity != "ceiling" else ""
    return f"{above}<em>earlier code</em>" if cell.earlier_code else above


def _summary_html(summary: Summary) -> str:
    if summary.state == "value":
        return f"{number(summary.value)}{_rank_html(summary.standing)}"
    if summary.coverage:
        return f'<span class="state">{summary.coverage} of {summary.of}</span>'
    shown = {"not applicable": "n/a", "partly": f"0 of {summary.of}"}
    kind = "failed" if summary.state == "failed" else "state"
    return f'<span class="{kind}">{shown.get(summary.state, summary.state)}</span>'


def _facets(board: BoardTable, view: View) -> list[dict[str, Any]]:
    """Each facet's values with how many rows or metrics have them; facets without a choice are left out."""
    contents = board.snapshot.contents
    rows = [board.facets.of(row.candidate) for row in board.table.rows]
    columns = [column_facets(h, contents) for h in board.table.headings if h.column is not None]
    found = []
    for labels, things in ((ROW_FACETS, rows), (COLUMN_FACETS, columns)):
        for name, label in labels.items():
            values = sorted({thing[name] for thing in things} - {""})
            counted = [(v, sum(t[name] == v for t in things), v in view.facets.get(name, ())) for v in values]
            if len(values) > 1 or (name == "own" and values):
                found.append({"name": name, "label": label, "values": counted})
    return found
