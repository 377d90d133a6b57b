"""Trust in the ranking: the results of the board's own tests and of ``innerscore recovery``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ...core.recovery_report import Control, Recovery, RecoveryReport, read_report
from ...figures import Figure, Whisker, whiskers
from ...figures.matrix import matrix
from .content import PageContent
from .kinds import is_control
from .snapshot import Snapshot
from .telling import separation

__all__ = ["RecoveryReport", "read_report", "trust_page"]


@dataclass(frozen=True)
class Recovered:
    """A benchmark's model recovery at each reliability of the data; None where it was not studied."""

    benchmark: str
    by_reliability: tuple[Recovery | None, ...]


@dataclass(frozen=True)
class Finding:
    """The answer of a recovery study in numbers.

    Parameters
    ----------
    n_brains : int
        Simulated brains, over all benchmarks and reliabilities.
    n_benchmarks, n_always : int
        Benchmarks, and those on which the true model was in the best tie group in every draw at `reliability` and
        above.
    reliability : float
        The middle one of those studied.
    """

    n_brains: int
    n_benchmarks: int
    n_always: int
    reliability: float


def trust_page(snapshot: Snapshot) -> PageContent:
    """The page with what is known, or with the statement that nothing is known yet."""
    trust = snapshot.contents.trust
    report = None if trust is None else read_report(trust)
    separations = [
        separation(section, column) for section in snapshot.board.sections for column in section.columns
    ]
    recovery = () if report is None else report.recovery
    levels = sorted({one.reliability for one in recovery})
    values = {
        "report": report,
        "levels": levels,
        "recovered": _recovered(recovery, levels),
        "finding": _finding(recovery, levels),
        "separations": sorted(
            (one for one in separations if one.n_candidates),
            key=lambda one: (one.column.simulated, -one.share),
        ),
        "alpha": snapshot.board.alpha,
        "known": set(snapshot.benchmarks.values()),
    }
    return PageContent("trust.html", "How far to trust the ranking", values, _figures(report))


def _recovered(recovery: Sequence[Recovery], levels: Sequence[float]) -> list[Recovered]:
    """Benchmarks with their recovery by reliability, those on which it is highest first."""
    by_name: dict[str, dict[float, Recovery]] = {}
    for one in recovery:
        by_name.setdefault(one.benchmark, {})[one.reliability] = one
    found = [Recovered(name, tuple(map(some.get, levels))) for name, some in by_name.items()]
    return sorted(found, key=lambda one: -sum(_in_front(cell) for cell in one.by_reliability if cell))


def _in_front(one: Recovery) -> float:
    return one.share_first if one.share_in_front is None else one.share_in_front


def _finding(recovery: Sequence[Recovery], levels: Sequence[float]) -> Finding | None:
    if not recovery:
        return None
    reliability = levels[len(levels) // 2]
    worst: dict[str, float] = {}
    for one in recovery:
        if one.reliability >= reliability:
            worst[one.benchmark] = min(worst.get(one.benchmark, 1.0), _in_front(one))
    n_brains = sum(one.draws * len(one.candidates) for one in recovery)
    return Finding(n_brains, len(worst), sum(share == 1.0 for share in worst.values()), reliability)


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
