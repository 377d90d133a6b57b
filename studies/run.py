"""Running a study again: findings on neurons from the recording, on candidates from their records."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import xarray as xr

from ..benchmarks.alignment import brain_samples
from ..core.labelled import coordinate
from ..core.records import ResultRecord, ScoreRecord
from ..data_registry import Dataset
from ..figures import Figure, Point, scatter
from ..tasks.mental_pong import STILL_MS
from .candidates import Scores, score_findings, scores_by_candidate, shared_variance
from .findings import Finding, Report, Row, laid_beside
from .neurons import Samples, endpoint_over_time, generalisation, position_decoding, variance_explained
from .pictures import beside, over_time
from .published import Study

__all__ = ["reproduce"]

Say = Callable[[str], None]


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
    """
    scores = scores_by_candidate(records)
    name = dataset.card.identifier
    findings, figures = _neurons(dataset, study, say) if study.analyses_neurons else ([], {})
    prefix = study.prefix[name]
    for pair in study.together:
        first, second = (f"{prefix}{suffix}" for suffix in pair)
        findings += shared_variance(scores, first, second, f"together.{pair[0]}.{pair[1]}")
        figures[f"{pair[0]}-and-{pair[1]}"] = _together(scores, first, second)
    findings += score_findings(scores, study, name)
    rows = laid_beside(findings, study, simulated=dataset.card.simulated)
    pictures = {**_beside_printed(rows), **figures}
    return Report(study, name, dataset.card.simulated, rows, pictures, tuple(notes))


def _neurons(dataset: Dataset, study: Study, say: Say) -> tuple[list[Finding], dict[str, Figure]]:
    recording = dataset.recording("DMFC")
    samples = brain_samples(recording, epoch="whole")
    everyone = Samples.of(samples, onset_ms=STILL_MS)
    findings: list[Finding] = []
    for whose, chosen in {"pooled": everyone, **_by_animal(samples)}.items():
        say(f"position and components of {whose} neurons")
        findings += position_decoding(chosen, whose) + variance_explained(chosen, whose)
    say("other training conditions")
    findings += generalisation(everyone)
    say("endpoint over time")
    rise, curve = endpoint_over_time(everyone)
    axes = ("ms since motion onset", "r of decoded and true endpoint")
    picture = over_time(curve, "Endpoint decoded from neurons", axes, key=f"{study.identifier}-endpoint")
    return findings + rise, {"endpoint-over-time": picture}


def _by_animal(samples: xr.DataArray) -> dict[str, Samples]:
    animals = dict.fromkeys(coordinate(samples, "animal").astype(str))
    return {animal: Samples.of(samples, onset_ms=STILL_MS, animal=animal) for animal in animals}


def _together(scores: Scores, first: str, second: str) -> Figure:
    both = sorted(set(scores.get(first, {})) & set(scores.get(second, {})))
    points = [Point(name, _raw(scores[first][name]), _raw(scores[second][name])) for name in both]
    return scatter(points, f"{first} and {second}", (first, second), key=f"{first}-{second}", diagonal=False)


def _raw(score: ScoreRecord) -> float:
    return math.nan if score.raw.value is None else score.raw.value


def _beside_printed(rows: Sequence[Row]) -> dict[str, Figure]:
    """One picture for each unit in which there are printed numbers."""
    axes = {"correlations": "r, or share of variance", "errors-deg": "mean absolute error, deg"}
    printed = [row for row in rows if row.printed is not None]
    found = {}
    for name, axis in axes.items():
        chosen = [row for row in printed if (".mae." in row.finding.key) == (name == "errors-deg")]
        if chosen:
            found[name] = beside(chosen, f"Found here and printed: {name}", axis, key=name)
    return found
