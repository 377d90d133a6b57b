"""Running a study again: findings on the recordings by an analysis, on candidates from their records."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from ..core.records import ResultRecord, ScoreRecord
from ..data_registry import Dataset
from ..figures import Figure, Point, scatter
from .analyses import analysis_of
from .analyses.interface import Say
from .candidates import Scores, score_findings, scores_by_candidate, shared_variance
from .findings import Report, Row, laid_beside
from .pictures import beside
from .published import Study

__all__ = ["reproduce"]

#: Picture of the findings of a unit that have printed numbers, and its axis.
_PICTURES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "": ("correlations", "r, or share of variance"),
        "deg": ("errors-deg", "mean absolute error, deg"),
        "ms": ("intervals-ms", "bias, or offset, ms"),
    }
)


def reproduce(
    study: Study,
    dataset: Dataset,
    records: Sequence[ResultRecord],
    *,
    notes: Sequence[str] = (),
    say: Say,
) -> Report:
    """Compute a study's findings and compare them with the printed numbers.

    Parameters
    ----------
    study : Study
        Study to run.
    dataset : Dataset
        The recorded data set, or the simulated one that stands in for it.
    records : sequence of ResultRecord
        Runs of candidates on the study's benchmarks.
    notes : sequence of str
        Notes on what was left out before, and why.
    say : callable
        Called with what is being done.

    Returns
    -------
    report : Report

    Raises
    ------
    InvalidCardError
        If the study names an analysis that there is not.
    """
    scores = scores_by_candidate(records)
    name = dataset.card.identifier
    analysed = analysis_of(study)(dataset, say)
    findings, figures = [*analysed.findings], {**analysed.figures}
    prefix = study.prefix[name]
    for pair in study.together:
        first, second = (f"{prefix}{suffix}" for suffix in pair)
        findings += shared_variance(scores, first, second, f"together.{pair[0]}.{pair[1]}")
        figures[f"{pair[0]}-and-{pair[1]}"] = _together(scores, first, second)
    findings += score_findings(scores, study, name)
    rows = laid_beside(findings, study, simulated=dataset.card.simulated)
    pictures = {**_beside_printed(rows), **figures}
    return Report(study, name, dataset.card.simulated, rows, pictures, (*notes, *analysed.notes))


def _together(scores: Scores, first: str, second: str) -> Figure:
    both = sorted(set(scores.get(first, {})) & set(scores.get(second, {})))
    points = [Point(name, _raw(scores[first][name]), _raw(scores[second][name])) for name in both]
    return scatter(points, f"{first} and {second}", (first, second), key=f"{first}-{second}", diagonal=False)


def _raw(score: ScoreRecord) -> float:
    return math.nan if score.raw.value is None else score.raw.value


def _beside_printed(rows: Sequence[Row]) -> dict[str, Figure]:
    """One picture for each unit in which there are printed numbers."""
    printed = [row for row in rows if row.printed is not None]
    found = {}
    for unit, (name, axis) in _PICTURES.items():
        chosen = [row for row in printed if row.finding.unit == unit]
        if chosen:
            found[name] = beside(chosen, f"Found here and printed: {name}", axis, key=name)
    return found
