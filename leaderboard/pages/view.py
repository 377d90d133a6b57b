"""A view of the board: what is searched, filtered, sorted and opened; every view is a query string.

The same rules hold in ``static/board.js``, which changes the view in place; a server without it applies them here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ..board import Cell
from .contents import BoardContents
from .text import DIGITS
from .tree import Heading, Summary, Table, TableRow
from .vocabulary import vocabulary

__all__ = ["COLUMN_FACETS", "ROW_FACETS", "RowFacets", "Shown", "View", "column_facets", "read_view", "show"]

ROW_FACETS = {
    "class": "Model class",
    "trained": "Trained on",
    "supervision": "Supervision",
    "own": "Own results",
}
COLUMN_FACETS = {"region": "Region", "species": "Species", "data": "Data"}


@dataclass(frozen=True)
class View:
    """The reader's request.

    Parameters
    ----------
    search : str
        Part of a candidate's name or title.
    sort : str
        Key of a heading, or "candidate"; empty for the board's own order.
    ascending : bool
        Whether the smallest come first.
    facets : mapping of str to frozenset of str
        Accepted values by facet; a facet that is absent accepts all.
    opened : frozenset of str
        Keys of headings whose parts are shown.
    """

    search: str = ""
    sort: str = ""
    ascending: bool = False
    facets: Mapping[str, frozenset[str]] = field(default_factory=dict)
    opened: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Shown:
    """The part of a table that a view shows: rows in order, and the rows and headings that a filter hides."""

    rows: tuple[TableRow, ...]
    hidden_rows: frozenset[str]
    hidden_headings: frozenset[str]

    @property
    def visible(self) -> tuple[TableRow, ...]:
        """The rows that pass the filters."""
        return tuple(row for row in self.rows if row.candidate not in self.hidden_rows)


def read_view(query: Iterable[tuple[str, str]]) -> View:
    """The view of a query string's pairs; what is unknown is passed over."""
    given: dict[str, set[str]] = {}
    for name, value in query:
        given.setdefault(name, set()).add(value)
    sort = next(iter(sorted(given.get("sort", {""}))))
    return View(
        search=next(iter(sorted(given.get("q", {""})))).strip().casefold(),
        sort=sort.removeprefix("+"),
        ascending=sort.startswith("+"),
        facets={name: frozenset(given[name]) for name in (*ROW_FACETS, *COLUMN_FACETS) if name in given},
        opened=frozenset(given.get("open", ())),
    )


@dataclass(frozen=True, eq=False)
class RowFacets:
    """The values of candidates' facets: what their cards say, in the few words of a vocabulary.

    Parameters
    ----------
    contents : BoardContents
    names : tuple of str
        The candidates of the board.
    """

    contents: BoardContents
    names: tuple[str, ...]

    @cached_property
    def _words(self) -> dict[str, Mapping[str, str]]:
        cards = [self.contents.candidates[name] for name in self.names if name in self.contents.candidates]
        return {
            "class": vocabulary(card.model_class for card in cards),
            "trained": vocabulary(card.trained_on for card in cards),
            "supervision": vocabulary(card.supervision for card in cards),
        }

    def of(self, name: str) -> dict[str, str]:
        """A candidate's value of each facet; empty where it has no card."""
        card = self.contents.candidates.get(name)
        own = "own" if name in self.contents.own else ""
        if card is None:
            return {"class": "", "trained": "", "supervision": "", "own": own}
        return {
            "class": self._words["class"][card.model_class],
            "trained": self._words["trained"][card.trained_on],
            "supervision": self._words["supervision"][card.supervision],
            "own": own,
        }


def column_facets(heading: Heading, contents: BoardContents) -> dict[str, str]:
    """A metric's value of each facet; empty for a win rate."""
    column = heading.column
    if column is None:
        return dict.fromkeys(COLUMN_FACETS, "")
    dataset = contents.datasets.get(column.dataset)
    return {
        "region": column.region,
        "species": dataset.species if dataset else "",
        "data": "simulated" if column.simulated else "recorded",
    }


def show(table: Table, contents: BoardContents, view: View) -> Shown:
    """Apply a view."""
    facets = RowFacets(contents, tuple(row.candidate for row in table.rows))
    hidden = frozenset(row.candidate for row in table.rows if not _row_passes(row, facets, view))
    return Shown(_in_order(table, view), hidden, _hidden_headings(table.headings, contents, view))


def _row_passes(row: TableRow, facets: RowFacets, view: View) -> bool:
    if view.search not in f"{row.candidate} {row.title}".casefold():
        return False
    return _accepted(facets.of(row.candidate), view)


def _accepted(values: Mapping[str, str], view: View) -> bool:
    return all(value in view.facets[name] for name, value in values.items() if name in view.facets)


def _hidden_headings(headings: Sequence[Heading], contents: BoardContents, view: View) -> frozenset[str]:
    """Metrics that a filter leaves out, and win rates that rest on any of them."""
    left_out = {
        heading.leaves[0]
        for heading in headings
        if heading.column is not None and not _accepted(column_facets(heading, contents), view)
    }
    return frozenset(heading.key for heading in headings if left_out.intersection(heading.leaves))


def _in_order(table: Table, view: View) -> tuple[TableRow, ...]:
    if view.sort == "candidate":
        return tuple(sorted(table.rows, key=lambda row: row.candidate, reverse=not view.ascending))
    place = next((n for n, heading in enumerate(table.headings) if heading.key == view.sort), None)
    if place is None:
        return table.rows
    return tuple(sorted(table.rows, key=lambda row: _sort_key(row.parts[place], view.ascending)))


def _sort_key(part: Cell | Summary, ascending: bool) -> tuple[bool, float]:
    """A sort key: the value as printed, so that a reader sees the order; those without one come last either way."""
    value = part.value if isinstance(part, Summary) else part.shown_value
    if math.isnan(value):
        return True, 0.0
    return False, round(value, DIGITS) * (1 if ascending else -1)
