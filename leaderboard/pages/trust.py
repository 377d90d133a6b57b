"""Trust in the ranking: the results of the board's own tests and of ``innerscore recovery``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...core.recovery_report import Control, RecoveryReport, read_report
from ...figures import Figure, Whisker, whiskers
from ...figures.matrix import matrix
from ..board import Column, Section
from .content import PageContent
from .snapshot import Snapshot

__all__ = ["RecoveryReport", "read_report", "trust_page"]

_CONTROLS = {"shuffled", "control", "baseline", "untrained network"}


@dataclass(frozen=True)
class Separation:
    """The number of pairs of candidates that are significantly different in a column."""

    column: Column
    n_candidates: int
    n_tested: int
    n_pairs: int
    n_apart: int


def trust_page(snapshot: Snapshot) -> PageContent:
    """The page with what is known, or with the statement that nothing is known yet."""
    trust = snapshot.contents.trust
    report = None if trust is None else read_report(trust)
    separations = [
        separation(section, column) for section in snapshot.board.sections for column in section.columns
    ]
    figures = _figures(report)
    values = {
        "report": report,
        "separations": [one for one in separations if one.n_candidates],
        "alpha": snapshot.board.alpha,
        "known": set(snapshot.benchmarks.values()),
    }
    return PageContent("trust.html", "How far to trust the ranking", values, figures)


def separation(section: Section, column: Column) -> Separation:
    """Count the pairs that share no tie group."""
    index = section.columns.index(column)
    rank_intervals = [row.cells[index].standing for row in section.rows]
    groups = [one.tie_groups for one in rank_intervals if one is not None]
    n = len(groups)
    member = np.zeros((n, 1 + max((max(some) for some in groups), default=0)))
    for place, some in enumerate(groups):
        member[place, list(some)] = 1
    apart = int((member @ member.T == 0).sum()) // 2
    return Separation(column, n, sum(s.tested for s in rank_intervals if s), n * (n - 1) // 2, apart)


def _figures(report: RecoveryReport | None) -> dict[str, Figure]:
    if report is None:
        return {}
    matrices = {
        f"recovery-{number}": matrix(
            one.first,
            one.candidates,
            f"{one.benchmark}, reliability {one.reliability:g}: who was first",
            ("generating candidate", "ranked first"),
            key=f"recovery-{number}",
        )
        for number, one in enumerate(report.recovery)
    }
    named = dict.fromkeys(one.benchmark for one in report.controls)
    return matrices | {
        f"controls-{number}": _controls([one for one in report.controls if one.benchmark == name], number)
        for number, name in enumerate(named)
    }


def _controls(rows: Sequence[Control], number: int) -> Figure:
    """Models and controls of a benchmark, best first; what is no model is drawn faint."""
    items = [
        Whisker(
            one.control,
            one.value,
            math.nan if one.low is None else one.low,
            math.nan if one.high is None else one.high,
            faint=one.kind in _CONTROLS,
        )
        for one in sorted(rows, key=lambda one: -one.value)
    ]
    title = f"{rows[0].benchmark}: models and controls"
    return whiskers(items, title, "ceiling-normalised score", key=f"controls-{number}")
