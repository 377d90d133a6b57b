"""The first screen: one topic at a time, which of its models is best, on whose brain, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..board import Column, Section
from .answers import answers
from .content import PageContent
from .kinds import is_control
from .lines import Line, fold, in_order
from .names import slug
from .panel import Head, cells_html, head_of
from .snapshot import Snapshot
from .text import date
from .topics import Topic

__all__ = ["panel_values", "system_page"]

_MOST_CELLS, _LEAST_LINES, _MOST_LINES, _MOST_HEADS = 1500, 30, 150, 30


def system_page(topic: Topic, snapshot: Snapshot) -> PageContent:
    """A topic's panels, one for each of its sections, below the answers that they hold."""
    values = {
        "topic": topic,
        "tabs": [(one, _address(one, snapshot)) for one in snapshot.topics.values()],
        "answers": topic.answers,
        "datasets": snapshot.contents.datasets,
        "panels": [panel_values(section, snapshot, topic.name) for section in topic.sections],
        "empty": not any(section.tried for section in snapshot.board.sections),
        "taken": date(snapshot.taken),
        "alpha": snapshot.board.alpha,
    }
    return PageContent("system.html", topic.name, values)


def _address(topic: Topic, snapshot: Snapshot) -> str:
    """A topic's page: the first one is the site's first page."""
    return "index.html" if topic.slug == next(iter(snapshot.topics)) else f"systems/{topic.slug}.html"


def panel_values(section: Section, snapshot: Snapshot, name: str) -> dict[str, Any]:
    """Values for the table of a section; `name` stands for it where its system has no part after a slash."""
    lines = fold(section.tried)
    heads = _heads(section, lines)
    most = min(max(_MOST_CELLS // len(heads), _LEAST_LINES), _MOST_LINES)
    shown = in_order(lines, heads[0].place)[:most]
    return {
        "section": section,
        "name": section.system.partition(" / ")[2] or name,
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
    return [head_of(section, column, labels[column], lines) for column in ordered[:_MOST_HEADS]]


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
        "cells": cells_html(line, heads),
        "members": [(row, cells_html(Line(row.candidate, (row,)), heads)) for row in line.members]
        if line.is_folded
        else [],
    }
