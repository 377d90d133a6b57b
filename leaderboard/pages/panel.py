"""Cells of the board as HTML: value, interval, rank and bar, and the brackets of tie groups at their left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ..board import Cell, Column, Section
from .bars import bar
from .kinds import floor_of
from .lines import Bracket, Line, brackets, in_order
from .text import interval, number, rank

__all__ = ["Head", "cells_html", "head_of", "value_html"]

_NO_BRACKETS: tuple[Bracket, ...] = ()


@dataclass(frozen=True)
class Head:
    """A column of a panel: its place in the section, its text, and its order of the lines."""

    place: int
    column: Column
    label: str
    floor: Cell | None
    order: dict[str, int]
    brackets: dict[str, tuple[Bracket, ...]]


def head_of(section: Section, column: Column, label: str, lines: Sequence[Line]) -> Head:
    """A column as the head of a panel of these lines."""
    place = section.columns.index(column)
    ordered = in_order(lines, place)
    floor = floor_of(section, column)
    return Head(
        place,
        column,
        label,
        None if floor is None else floor[1],
        {line.name: position for position, line in enumerate(ordered)},
        {line.name: some for line, some in zip(ordered, brackets(ordered, place), strict=True)},
    )


def cells_html(line: Line, heads: Sequence[Head]) -> Markup:
    """The cells of a line, in the order of the columns; the first is that which is sorted by."""
    return Markup().join(_cell(line, position, head) for position, head in enumerate(heads))


def _cell(line: Line, position: int, head: Head) -> Markup:
    """A cell with its text and its bar; ``data-o`` is its line's place in the order of the column."""
    cell = line.cell(head.place)
    kind = f"p{position} s" if position == 0 else f"p{position}"
    order = head.order.get(line.name)
    place = Markup(' data-o="{}"').format(order) if order is not None and cell.has_value else Markup()
    lanes = Markup().join(map(_bracket, head.brackets.get(line.name, _NO_BRACKETS)))
    return Markup('<td class="{}"{}>{}{}{}{}</td>').format(
        kind, place, lanes, _cell_text(cell), _seeds(line, head.place), bar(cell, head.floor)
    )


def value_html(cell: Cell, floor: Cell | None) -> Markup:
    """A single cell, which stands in no order."""
    return Markup('<td class="p0 s">{}{}</td>').format(_cell_text(cell), bar(cell, floor))


def _bracket(one: Bracket) -> Markup:
    ends = f"{' t' if one.first else ''}{' e' if one.last else ''}"
    return Markup('<u class="l{}{}"></u>').format(one.lane, ends)


def _cell_text(cell: Cell) -> Markup:
    if not cell.has_value:
        return _state(cell)
    found = "" if cell.estimate is None else interval(cell.estimate)
    standing = rank(cell.rank_low, cell.rank_high)
    text = Markup("<b>{}</b>").format(number(cell.value))
    text += Markup(" <small>{}</small>").format(found) if found else Markup()
    text += Markup(" <i>#{}</i>").format(standing) if standing else Markup()
    return text + (Markup(" <em>{}</em>").format(cell.above_text) if cell.above_ceiling else Markup())


def _seeds(line: Line, place: int) -> Markup:
    """The lowest and the highest value of a model's seeds."""
    ends = line.ends(place) if line.is_folded else None
    return Markup() if ends is None else Markup(" <small>seeds {} to {}</small>").format(*map(number, ends))


def _state(cell: Cell) -> Markup:
    if cell.state == "failed":
        return Markup('<span class="failed">failed</span>')
    shown = {"value": "undefined", "not applicable": "n/a"}.get(cell.state, cell.state)
    return Markup('<span class="state">{}</span>').format(shown)
