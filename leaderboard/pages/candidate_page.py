"""A candidate's page: its card, its scores, how its layers were chosen, and every record of it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from ...core.records import ResultRecord, ScoreRecord
from ...figures import Figure, LayerPanel, Whisker, layer_curves, whiskers
from ..board import Cell, Column, Row, Section
from ..cells import Bundle
from ..comparison import paired
from ..inserting import HERE, IMPORTED
from ..ranking import Difference
from ..schema import TOLD
from .attached import attached_figures
from .content import PageContent, as_float, ends
from .drawing import drawn
from .kinds import floor_of
from .names import slug
from .panel import value_html
from .snapshot import Records, Snapshot

__all__ = ["candidate_page", "command_of"]


def candidate_page(name: str, snapshot: Snapshot, source: Records) -> PageContent:
    """All that is known of a candidate."""
    records = source.records(candidate=name)
    superseded = {record.supersedes for record in records}
    current = [record for record in records if record.record_sha256 not in superseded]
    origins = source.origins(records)
    cells = _cells(name, snapshot)
    figures = _figures(name, cells) | attached_figures(current, source) | _losses(name, snapshot)
    return PageContent(
        "candidate.html",
        name,
        {
            "name": name,
            "card": snapshot.contents.candidates.get(name),
            "own": name in snapshot.contents.own,
            "sections": _sections(name, snapshot),
            "values": _values(name, snapshot),
            "bundle": next((row.bundle for _, row in snapshot.rows.get(name, [])), None),
            "earlier": _earlier(name, snapshot, source),
            "alpha": snapshot.board.alpha,
            "records": [
                _record_values(one, superseded, origins.get(one.record_sha256, ""))
                for one in reversed(records)
            ],
            "neighbours": _neighbours(name, snapshot),
            "withheld": source.withheld(one.score.targets_sha256 for one in records if one.score),
        },
        figures,
    )


@dataclass(frozen=True)
class Change:
    """A column's value of an earlier bundle, and how much the present one exceeds it, if they can be compared."""

    bundle: Bundle
    column: Column
    cell: Cell
    difference: Difference | None


def _earlier(name: str, snapshot: Snapshot, source: Records) -> list[Change]:
    """Scores of earlier bundles, newest first, each with the score of the present one."""
    rows = snapshot.rows.get(name, [])
    found = [
        (one.bundle, column, old, _present(section, row, column))
        for section, row in rows
        for one in row.earlier
        for column, old in one.cells
    ]
    records = [cell.record for _, _, *both in found for cell in both if cell is not None and cell.record]
    resamples = source.resamples(records)
    order = {one.bundle: place for _, row in rows for place, one in enumerate(row.earlier)}
    return [
        Change(bundle, column, old, None if new is None else paired(new, old, resamples))
        for bundle, column, old, new in sorted(found, key=lambda one: order[one[0]])
    ]


def _present(section: Section, row: Row, column: Column) -> Cell | None:
    """The present bundle's cell of a column, if both of them can be set against each other there."""
    return row.cells[section.columns.index(column)] if column in section.columns else None


def command_of(record: ResultRecord) -> str:
    """The command that runs the same again."""
    inputs = record.inputs
    words = ["innerscore", "score", inputs.candidate.identifier, "--benchmark", inputs.benchmark.identifier]
    return shlex.join([*words, "--seed", str(inputs.seed), "--rerun"])


def _cells(name: str, snapshot: Snapshot) -> list[tuple[Column, Cell]]:
    return [
        (column, cell)
        for section, row in snapshot.rows.get(name, [])
        for column, cell in zip(section.columns, row.cells, strict=True)
    ]


def _sections(name: str, snapshot: Snapshot) -> list[dict[str, Any]]:
    """For each system its row: the cells where something ran, and the other columns by state."""
    found = []
    for section, row in snapshot.rows.get(name, []):
        cells = list(zip(section.columns, row.cells, strict=True))
        tried = [(column, cell) for column, cell in cells if cell.state in ("value", "failed")]
        others: dict[str, list[Column]] = {}
        for column, cell in cells:
            if cell.state not in ("value", "failed"):
                others.setdefault(cell.state, []).append(column)
        found.append({"section": section, "row": row, "tried": tried, "others": others})
    return found


def _values(name: str, snapshot: Snapshot) -> list[tuple[Column, Markup]]:
    """Its scores as bars, those on recorded data first."""
    found = [
        (column, value_html(cell, None if floor is None else floor[1]))
        for section, row in snapshot.rows.get(name, [])
        for column, cell in zip(section.columns, row.cells, strict=True)
        if cell.has_value
        for floor in (floor_of(section, column),)
    ]
    return sorted(found, key=lambda one: one[0].simulated)


def _figures(name: str, cells: Sequence[tuple[Column, Cell]]) -> dict[str, Figure]:
    items = [_whisker(column, score) for column, score in _scores(cells)]
    figures = {}
    if items:
        figures["scores"] = drawn(
            whiskers, items, f"Scores of {name}", "ceiling-normalised score", key="scores"
        )
    panels = [_panel(column, score) for column, score in _scores(cells) if len(score.layer_scores) > 1]
    if panels:
        figures["layers"] = drawn(layer_curves, panels, f"Layers of {name}", key="layers")
    return figures


def _losses(name: str, snapshot: Snapshot) -> dict[str, Figure]:
    losses = snapshot.contents.losses(name)
    return {} if losses is None else {"losses": losses}


def _scores(cells: Sequence[tuple[Column, Cell]]) -> list[tuple[Column, ScoreRecord]]:
    return [(column, cell.record.score) for column, cell in cells if cell.record and cell.record.score]


def _whisker(column: Column, score: ScoreRecord) -> Whisker:
    return Whisker(column.benchmark, *ends(score.normalised), faint=column.simulated)


def _panel(column: Column, score: ScoreRecord) -> LayerPanel:
    values = {layer: as_float(value) for layer, value in score.layer_scores.items()}
    return LayerPanel(column.benchmark, values, score.layer)


def _record_values(record: ResultRecord, superseded: set[str | None], origin: str) -> dict[str, Any]:
    benchmark = record.inputs.benchmark.identifier
    return {
        "record": record,
        "superseded": record.record_sha256 in superseded,
        "command": command_of(record),
        "origin": origin_words(origin),
        "told": origin.startswith(TOLD),
        "benchmark_slug": slug(benchmark),
    }


def origin_words(origin: str) -> str:
    """Where the board has a record from, in words."""
    if origin.startswith(TOLD):
        return "sent to this board by the holder of a token; the board did not compute it"
    return {HERE: "computed by this board", IMPORTED: "imported from another board"}.get(origin, "not noted")


def _neighbours(name: str, snapshot: Snapshot) -> list[str]:
    """The candidates next to it in its chain, with which one would compare it."""
    chain = next((names for names in snapshot.chains if name in names), [])
    place = chain.index(name) if chain else 0
    return [*chain[max(place - 1, 0) : place], *chain[place + 1 : place + 2]]
