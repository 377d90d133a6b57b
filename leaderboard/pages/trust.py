"""How far the ranking can be trusted: what the board's own tests say, and what ``innerscore validate`` found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from ...core.errors import InvalidInputError
from ..board import Column, Section
from ..figures import Figure
from ..figures.matrix import matrix
from .content import PageContent
from .snapshot import Snapshot

__all__ = ["TrustReport", "read_report", "trust_page"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Recovery(_Model):
    """Brains simulated from each candidate in turn: how often each was ranked first.

    Attributes
    ----------
    benchmark : str
    reliability : float
        Of the simulated neurons.
    draws : int
        Simulated brains a generating candidate.
    candidates : tuple of str
    first : tuple of tuple of int
        Row: the generating candidate; column: how often that candidate was first.
    alone : tuple of int
        How often the generating candidate was alone in the best tie group.
    """

    benchmark: str
    reliability: float
    draws: int
    candidates: tuple[str, ...]
    first: tuple[tuple[int, ...], ...]
    alone: tuple[int, ...] = ()


class Calibration(_Model):
    """How often intervals of a nominal level covered the score that unlimited data would give."""

    benchmark: str
    level: float
    covered: float
    n: int


class Control(_Model):
    """A control's score beside the models': shuffled time, shuffled conditions, an untrained network."""

    benchmark: str
    control: str
    value: float
    low: float | None = None
    high: float | None = None


class Nuisance(_Model):
    """The share of a benchmark's score that a simple variable explains alone."""

    benchmark: str
    variable: str
    share: float


class TrustReport(_Model):
    """The report of ``innerscore validate``, as far as a page shows it; further keys are passed over."""

    created: str = ""
    recovery: tuple[Recovery, ...] = ()
    calibration: tuple[Calibration, ...] = ()
    controls: tuple[Control, ...] = ()
    nuisance: tuple[Nuisance, ...] = ()


@dataclass(frozen=True)
class Separation:
    """How many pairs of candidates a column's tests tell apart."""

    column: Column
    n_candidates: int
    n_tested: int
    n_pairs: int
    n_apart: int


def read_report(content: Mapping[str, Any]) -> TrustReport:
    """Check a report.

    Raises
    ------
    InvalidInputError
        If a part of it is not of the form above.
    """
    try:
        return TrustReport.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidInputError(
            f"The validity report's '{'.'.join(map(str, first['loc']))}'",
            got=repr(first["input"])[:80],
            needed="as 'innerscore validate --json' writes it",
            hint=first["msg"],
        ) from error


def trust_page(snapshot: Snapshot) -> PageContent:
    """What is known, and where nothing is known yet, that."""
    trust = snapshot.contents.trust
    report = None if trust is None else read_report(trust)
    separations = [
        separation(section, column) for section in snapshot.board.sections for column in section.columns
    ]
    values = {
        "report": report,
        "separations": [one for one in separations if one.n_candidates],
        "alpha": snapshot.board.alpha,
    }
    return PageContent("trust.html", "How far to trust the ranking", values, _figures(report))


def separation(section: Section, column: Column) -> Separation:
    """Count the pairs that share no tie group."""
    index = section.columns.index(column)
    standings = [row.cells[index].standing for row in section.rows]
    groups = [one.tie_groups for one in standings if one is not None]
    n = len(groups)
    member = np.zeros((n, 1 + max((max(some) for some in groups), default=0)))
    for place, some in enumerate(groups):
        member[place, list(some)] = 1
    apart = int((member @ member.T == 0).sum()) // 2
    return Separation(column, n, sum(s.tested for s in standings if s), n * (n - 1) // 2, apart)


def _figures(report: TrustReport | None) -> dict[str, Figure]:
    recoveries = () if report is None else report.recovery
    return {
        f"recovery-{number}": matrix(
            one.first,
            one.candidates,
            f"{one.benchmark}, reliability {one.reliability:g}: who was first",
            ("generating candidate", "ranked first"),
            key=f"recovery-{number}",
        )
        for number, one in enumerate(recoveries)
    }
