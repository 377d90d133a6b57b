"""A suite's page: its benchmarks, one mean win rate over them, and the scores behind it."""

from __future__ import annotations

from ...core.cards import SuiteCard
from ..board import Row, Section
from ..suites import missing_from, suite_board
from .content import PageContent
from .kinds import is_control
from .names import slug
from .snapshot import Records, Snapshot
from .system_page import panel_values
from .text import date

__all__ = ["suite_page", "suites_page"]


def suites_page(snapshot: Snapshot) -> PageContent:
    """All suites, each with the number of its benchmarks that have a score here."""
    suites = [
        (slug(name), card, sum(one in snapshot.columns for one in card.benchmarks))
        for name, card in snapshot.contents.suites.items()
    ]
    return PageContent("suites.html", "Suites", {"suites": suites})


def suite_page(card: SuiteCard, snapshot: Snapshot, source: Records) -> PageContent:
    """The suite's candidates by their mean win rate, and its scores as on the first screen."""
    contents = snapshot.contents
    shown = [
        cell.record
        for section in snapshot.board.sections
        for row in section.rows
        for cell in row.cells
        if cell.record is not None
    ]
    board = suite_board(card, shown, contents.candidates, contents.benchmarks, source.resamples)
    section = next(iter(board.sections), None)
    return PageContent(
        "suite.html",
        card.label,
        {
            "card": card,
            "panels": [] if section is None else [panel_values(section, snapshot, "Scores")],
            "ranked": [] if section is None else _ranked(section),
            "missing": missing_from(card, board),
            "n_partly": 0 if section is None else sum(not row.is_full for row in section.tried),
            "simulated": section is not None and section.simulated,
            "alpha": board.alpha,
            "taken": date(snapshot.taken),
        },
    )


def _ranked(section: Section) -> list[tuple[Row, bool]]:
    """Rows with a mean win rate, best first, each with whether it is a control."""
    return [(row, is_control(row.model_class)) for row in section.rows if row.standing is not None]
