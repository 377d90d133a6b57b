"""The first screen: one topic at a time, which of its models is best, on whose brain, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from ..board import Cell, Column, Section
from .answers import answers
from .bars import bar
from .content import PageContent
from .kinds import floor_of, is_control
from .lines import Bracket, Line, brackets, fold, in_order
from .names import slug
from .snapshot import Snapshot
from .text import date, interval, number, rank
from .topics import Topic

__all__ = ["system_page"]

_MOST_CELLS, _LEAST_LINES, _MOST_LINES, _MOST_HEADS = 1500, 30, 150, 30
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


def system_page(topic: Topic, snapshot: Snapshot) -> PageContent:
    """A topic's panels, one for each of its sections, below the answers that they hold."""
    values = {
        "topic": topic,
        "tabs": [(one, _address(one, snapshot)) for one in snapshot.topics.values()],
        "answers": topic.answers,
        "datasets": snapshot.contents.datasets,
        "panels": [_panel(section, snapshot) for section in topic.sections],
        "empty": not any(section.tried for section in snapshot.board.sections),
        "taken": date(snapshot.taken),
        "alpha": snapshot.board.alpha,
    }
    return PageContent("system.html", topic.name, values)


def _address(topic: Topic, snapshot: Snapshot) -> str:
    """A topic's page: the first one is the site's first page."""
    return "index.html" if topic.slug == next(iter(snapshot.topics)) else f"systems/{topic.slug}.html"


def _panel(section: Section, snapshot: Snapshot) -> dict[str, Any]:
    lines = fold(section.tried)
    heads = _heads(section, lines)
    most = min(max(_MOST_CELLS // len(heads), _LEAST_LINES), _MOST_LINES)
    shown = in_order(lines, heads[0].place)[:most]
    return {
        "section": section,
        "place": section.system.partition(" / ")[2],
        "heads": heads,
        "lines": [_line_values(line, heads, snapshot) for line in shown],
        "n_left_out": len(lines) - len(shown),
        "has_controls": any(is_control(row.model_class) for row in section.tried),
        "others": [column for column in section.columns if column not in {head.column for head in heads}],
        "id": f"{'simulated' if section.simulated else 'recorded'}-{slug(section.system)}",
    }


def _heads(section: Section, lines: Sequence[Line]) -> list[Head]:
    """The section's columns, that of its first answer first."""
    counted = [column for column in section.columns if column.counted]
    first = [answer.column for answer in answers(section)[:1]]
    labels = dict(zip(counted, _labels(counted), strict=True))
    ordered = [*first, *(column for column in counted if column not in first)]
    return [_head(section, column, labels[column], lines) for column in ordered[:_MOST_HEADS]]


def _head(section: Section, column: Column, label: str, lines: Sequence[Line]) -> Head:
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


def _labels(columns: Sequence[Column]) -> list[str]:
    """Benchmarks' names without data set and region, where no two become one name by that."""
    names = [column.benchmark for column in columns]
    short = [name.partition(".")[2] or name for name in names]
    if len(set(short)) < len(short):
        return names
    regions = {name.partition("-")[0] for name in short}
    is_common = len(regions) == 1 and all("-" in name for name in short)
    return [name.partition("-")[2] for name in short] if is_common else short


def _line_values(line: Line, heads: Sequence[Head], snapshot: Snapshot) -> dict[str, Any]:
    return {
        "line": line,
        "control": is_control(line.members[0].model_class),
        "own": any(row.candidate in snapshot.contents.own for row in line.members),
        "cells": Markup().join(_cells(line, heads)),
        "members": [(row, Markup().join(_cells(Line(row.candidate, (row,)), heads))) for row in line.members]
        if line.is_folded
        else [],
    }


def _cells(line: Line, heads: Sequence[Head]) -> Iterator[Markup]:
    return (_cell(line, position, head) for position, head in enumerate(heads))


def _cell(line: Line, position: int, head: Head) -> Markup:
    """A cell with its text and its bar; ``data-o`` is its line's place in the order of the column."""
    cell = line.cell(head.place)
    kind = f"p{position} s" if position == 0 else f"p{position}"
    order = head.order.get(line.name)
    place = Markup(' data-o="{}"').format(order) if order is not None and cell.has_value else Markup()
    lanes = Markup().join(map(_bracket, head.brackets.get(line.name, _NO_BRACKETS)))
    return Markup('<td class="{}"{}>{}{}{}</td>').format(
        kind, place, lanes, _cell_text(cell, line, head.place), bar(cell, head.floor)
    )


def _bracket(one: Bracket) -> Markup:
    ends = f"{' t' if one.first else ''}{' e' if one.last else ''}"
    return Markup('<u class="l{}{}"></u>').format(one.lane, ends)


def _cell_text(cell: Cell, line: Line, place: int) -> Markup:
    if not cell.has_value:
        return _state(cell)
    found = "" if cell.estimate is None else interval(cell.estimate)
    standing = rank(cell.rank_low, cell.rank_high)
    text = Markup("<b>{}</b>").format(number(cell.value))
    text += Markup(" <small>{}</small>").format(found) if found else Markup()
    text += Markup(" <i>#{}</i>").format(standing) if standing else Markup()
    text += Markup(" <em>{}</em>").format(cell.above_text) if cell.above_ceiling else Markup()
    ends = line.ends(place) if line.is_folded else None
    if ends is not None:
        text += Markup(" <small>seeds {} to {}</small>").format(*map(number, ends))
    return text


def _state(cell: Cell) -> Markup:
    if cell.state == "failed":
        return Markup('<span class="failed">failed</span>')
    shown = {"value": "undefined", "not applicable": "n/a"}.get(cell.state, cell.state)
    return Markup('<span class="state">{}</span>').format(shown)
