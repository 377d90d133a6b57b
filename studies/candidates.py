"""Findings of a study on candidates: their scores on its benchmarks, from records, and correlations of scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..core.records import ResultRecord, ScoreRecord
from .findings import Finding
from .published import Study

__all__ = ["score_findings", "scores_by_candidate", "shared_variance"]

Scores = Mapping[str, Mapping[str, ScoreRecord]]


def scores_by_candidate(records: Sequence[ResultRecord]) -> dict[str, dict[str, ScoreRecord]]:
    """Scores by benchmark and candidate; runs that gave none are left out."""
    found: dict[str, dict[str, ScoreRecord]] = {}
    for record in records:
        if record.score is not None:
            inputs = record.inputs
            found.setdefault(inputs.benchmark.identifier, {})[inputs.candidate.identifier] = record.score
    return found


def score_findings(scores: Scores, study: Study, dataset: str) -> list[Finding]:
    """Each candidate's normalised score on each of the study's benchmarks, half its interval as the spread."""
    return [
        Finding(
            key=f"score.{suffix}.{candidate}",
            what=f"{candidate} on {name} (share of ceiling)",
            value=_number(score.normalised.value),
            spread=(_number(score.normalised.high) - _number(score.normalised.low)) / 2,
            spread_is="half the 95 % interval",
        )
        for name, suffix in _names(study, dataset).items()
        for candidate, score in sorted(scores.get(name, {}).items())
    ]


def shared_variance(scores: Scores, first: str, second: str, key: str) -> list[Finding]:
    """Squared correlation over candidates of raw scores on two benchmarks; nothing for fewer than four."""
    both = sorted(set(scores.get(first, {})) & set(scores.get(second, {})))
    values = np.array(
        [[_number(scores[name][candidate].raw.value) for name in (first, second)] for candidate in both]
    )
    if len(both) < 4 or not np.isfinite(values).all():
        return []
    what = f"r² of {first.split('.')[1]} and {second.split('.')[1]}, {len(both)} candidates"
    return [Finding(key, what, float(np.corrcoef(values.T)[0, 1] ** 2))]


def _names(study: Study, dataset: str) -> dict[str, str]:
    """The study's benchmarks by full name, with the part after the data set's prefix."""
    own = {f"{study.prefix[dataset]}{suffix}": suffix for suffix in study.benchmarks}
    return {**own, **{name: name for name in study.further_benchmarks}}


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
