"""A benchmark's page and a data set's: what is measured, on what, how far it can go, and who did how well."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from ...core.records import ScoreRecord
from ...core.recovery_report import Recovery, read_report
from ...figures import Figure, Whisker, histogram, whiskers
from ..board import Cell, Column, Section
from .answers import answer_of
from .attached_pictures import neural_pictures
from .content import PageContent, ends, targets_of
from .contents import BoardContents
from .drawing import drawn
from .kinds import is_control
from .lines import Line, in_order
from .names import slug
from .panel import cells_html, head_of
from .snapshot import Records, Snapshot
from .telling import separation, smallest_apart

__all__ = ["benchmark_page", "benchmarks_page", "dataset_page", "newest"]


def benchmark_page(name: str, snapshot: Snapshot, source: Records) -> PageContent:
    """All that is known of a benchmark: its newest column in full, the others as its history."""
    contents = snapshot.contents
    columns = snapshot.columns[name]
    section, column = newest(columns)
    scored = scored_on(section, column)
    card = contents.benchmarks.get(name)
    return PageContent(
        "benchmark.html",
        card.title if card else name,
        {
            "name": name,
            "card": card,
            "column": column,
            "metric": contents.metrics.get(column.metric),
            "dataset": contents.datasets.get(column.dataset),
            "dataset_slug": slug(column.dataset) if column.dataset else "",
            "ceiling": section.ceiling(column),
            "scored": scored,
            "answer_of": answer_of(section, column),
            "datasets": contents.datasets,
            "lines": _lines(section, column, contents.own),
            "separation": separation(section, column),
            "smallest": smallest_apart(section, column, snapshot.board.alpha),
            "recovery": _recovery(name, column, contents),
            "states": _states(section, column),
            "versions": [_version_values(*one) for one in columns],
            "clip": f"{slug(name)}-stimuli",
        },
        _figures(name, scored, source),
    )


def benchmarks_page(snapshot: Snapshot) -> PageContent:
    """All benchmarks by system, and all data sets."""
    systems: dict[str, list[dict[str, Any]]] = {}
    for name, columns in snapshot.columns.items():
        section, column = newest(columns)
        values = {"name": name, "slug": slug(name), "column": column, "ceiling": section.ceiling(column)}
        systems.setdefault(section.system, []).append(values | {"n": len(scored_on(section, column))})
    datasets = [(s, n, snapshot.contents.datasets.get(n)) for s, n in snapshot.datasets.items()]
    return PageContent("benchmarks.html", "Benchmarks and data", {"systems": systems, "datasets": datasets})


def dataset_page(name: str, snapshot: Snapshot, source: Records) -> PageContent:
    """A data set's card, what its neurons look like, and the benchmarks that rest on it."""
    resting = [
        (benchmark, newest(columns)[1])
        for benchmark, columns in snapshot.columns.items()
        if newest(columns)[1].dataset == name
    ]
    card = snapshot.contents.datasets.get(name)
    values = {"name": name, "card": card, "benchmarks": resting}
    figures = _maps(name, snapshot) | neural_pictures(name, snapshot, source)
    return PageContent("dataset.html", card.title if card else name, values, figures)


def _maps(name: str, snapshot: Snapshot) -> dict[str, Figure]:
    """The gallery of a data set's rate maps, if any benchmark on it is over space."""
    cards = snapshot.contents.benchmarks.values()
    over_space = any(card.dataset == name and card.alignment == "space" for card in cards)
    gallery = snapshot.contents.gallery(name) if over_space else None
    return {} if gallery is None else {"maps": gallery}


def newest(columns: Sequence[tuple[Section, Column]]) -> tuple[Section, Column]:
    """The column of the highest version; of several states of the data the one with the most values."""
    return max(columns, key=lambda one: (one[1].version, len(scored_on(*one))))


def scored_on(section: Section, column: Column) -> list[tuple[str, Cell]]:
    """Candidates with a value on a column, best first."""
    index = section.columns.index(column)
    having = [(row.candidate, row.cells[index]) for row in section.rows if row.cells[index].normalised]
    return sorted(having, key=lambda one: (one[1].value != one[1].value, -one[1].value, one[0]))


def _lines(section: Section, column: Column, own: Collection[str]) -> list[dict[str, Any]]:
    """Lines of the dot plot, best first: each candidate by itself, so that no seed is folded away."""
    index = section.columns.index(column)
    lines = [Line(row.candidate, (row,)) for row in section.rows if row.cells[index].normalised]
    head = head_of(section, column, column.benchmark, lines)
    return [
        {
            "name": line.name,
            "cells": cells_html(line, [head]),
            "score": score_of(line.cell(index)),
            "control": is_control(line.members[0].model_class),
            "own": line.name in own,
        }
        for line in in_order(lines, index)
    ]


def score_of(cell: Cell) -> ScoreRecord | None:
    """The score behind a cell."""
    return None if cell.record is None else cell.record.score


def _recovery(name: str, column: Column, contents: BoardContents) -> list[Recovery]:
    """What the model recovery study found on a benchmark, or on its simulated twin: least reliable data first."""
    if contents.trust is None:
        return []
    found = [
        one
        for one in read_report(contents.trust).recovery
        if _is_or_stands_for(one.benchmark, name, column, contents)
    ]
    return sorted(found, key=lambda one: one.reliability)


def _is_or_stands_for(studied: str, name: str, column: Column, contents: BoardContents) -> bool:
    if studied == name:
        return True
    card = contents.benchmarks.get(studied)
    measure = studied.partition(".")[2]
    return card is not None and card.system == column.system and name.endswith(f"-{measure}")


def _states(section: Section, column: Column) -> dict[str, list[str]]:
    """Names of the candidates by each state other than a value."""
    index = section.columns.index(column)
    found: dict[str, list[str]] = {}
    for row in section.rows:
        if row.cells[index].state != "value":
            found.setdefault(row.cells[index].state, []).append(row.candidate)
    return found


def _version_values(section: Section, column: Column) -> dict[str, Any]:
    index = section.columns.index(column)
    records = [row.cells[index].record for row in section.rows]
    created = sorted(record.created for record in records if record is not None)
    return {
        "column": column,
        "n": sum(record is not None for record in records),
        "ceiling": section.ceiling(column),
        "first": created[0] if created else "",
        "last": created[-1] if created else "",
    }


def _figures(name: str, scored: Sequence[tuple[str, Cell]], source: Records) -> dict[str, Figure]:
    items = [Whisker(who, *ends(cell.normalised)) for who, cell in scored if cell.normalised]
    if not items:
        return {}
    values = [item.value for item in items]
    axis = "ceiling-normalised score"
    figures = {
        "scores": drawn(whiskers, items, f"Scores on {name}", axis, key="scores"),
        "distribution": drawn(
            histogram, values, f"Scores on {name}", axis, key="distribution", unit="candidates"
        ),
    }
    return figures | _per_target(scored[0], source)


def _per_target(leader: tuple[str, Cell], source: Records) -> dict[str, Figure]:
    """Histograms over targets: the leading candidate's values, and the ceilings, which are the recording's."""
    who, cell = leader
    if cell.record is None:
        return {}
    targets = targets_of([cell.record], source).get(cell.record.record_sha256, {})
    if not targets:
        return {}
    scores = [parts.get("normalised", float("nan")) for parts in targets.values()]
    ceilings = [parts.get("ceiling", float("nan")) for parts in targets.values()]
    return {
        "targets": drawn(histogram, scores, f"{who}: each target", "ceiling-normalised score", key="targets"),
        "reliability": drawn(histogram, ceilings, "Ceiling of each target", "ceiling", key="reliability"),
    }
