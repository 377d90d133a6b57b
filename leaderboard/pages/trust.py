"""Trust in the ranking: the results of the board's own tests and of ``innerscore recovery``."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ...core.recovery_report import Control, RecoveryReport, read_report
from ...figures import Figure, Whisker, whiskers
from ...figures.matrix import matrix
from .content import PageContent
from .kinds import is_control
from .snapshot import Snapshot
from .telling import separation

__all__ = ["RecoveryReport", "read_report", "trust_page"]


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
            faint=is_control(one.kind),
        )
        for one in sorted(rows, key=lambda one: -one.value)
    ]
    title = f"{rows[0].benchmark}: models and controls"
    return whiskers(items, title, "ceiling-normalised score", key=f"controls-{number}")
