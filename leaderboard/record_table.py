"""Records as rows of a table: all that a record says, one column a value."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..core.hashing import canonical_json
from ..core.records import ResultRecord, ScoreRecord

__all__ = ["RECORD_COLUMNS", "record_rows", "score_columns"]

_PARTS = ("raw", "ceiling", "normalised")
_SCORE = (
    *(f"{part}{end}" for part in _PARTS for end in ("", "_low", "_high")),
    "interval_level",
    "interval_unit",
    "above_ceiling",
    "layer",
    "n_targets",
    "targets_sha256",
)
RECORD_COLUMNS = (
    "record_sha256",
    "supersedes",
    "created",
    "candidate",
    "candidate_version",
    "benchmark",
    "benchmark_version",
    "metric",
    "parameters",
    "dataset",
    "dataset_version",
    "simulated",
    "seed",
    "status",
    *_SCORE,
    "failure_stage",
    "failure_kind",
    "failure_reason",
    "innerscore",
    "python",
    "platform",
    "device",
    "sandboxed",
    "seconds",
    "activation_seconds",
    "peak_memory_mb",
    "run_sha256",
    "values_sha256",
    "bundle_sha256",
    "card_sha256",
    "data_sha256",
    "stimuli_sha256",
    "code_sha256",
)


def record_rows(records: Iterable[ResultRecord]) -> list[dict[str, Any]]:
    """One mapping a record, None where something does not apply."""
    return [dict.fromkeys(RECORD_COLUMNS) | _row(record) for record in records]


def _row(record: ResultRecord) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(record, name) for name in ("record_sha256", "run_sha256")}
    row |= {name: getattr(record, name) for name in ("values_sha256", "supersedes", "created", "status")}
    row |= _inputs(record) | record.cost.model_dump()
    row |= {name: getattr(record.environment, name) for name in ("innerscore", "python", "platform")}
    row |= {name: getattr(record.environment, name) for name in ("device", "sandboxed")}
    if record.failure is not None:
        row |= {f"failure_{name}": value for name, value in record.failure.model_dump().items()}
    return row | ({} if record.score is None else _score(record.score))


def _inputs(record: ResultRecord) -> dict[str, Any]:
    inputs = record.inputs
    return {
        "candidate": inputs.candidate.identifier,
        "candidate_version": inputs.candidate.version,
        "bundle_sha256": inputs.candidate.bundle_sha256,
        "benchmark": inputs.benchmark.identifier,
        "benchmark_version": inputs.benchmark.version,
        "card_sha256": inputs.benchmark.card_sha256,
        "metric": inputs.benchmark.metric,
        "parameters": canonical_json(inputs.benchmark.model_dump(mode="json")["parameters"]).decode(),
        "dataset": inputs.data.dataset,
        "dataset_version": inputs.data.version,
        "simulated": inputs.data.simulated,
        "data_sha256": inputs.data.sha256,
        "stimuli_sha256": inputs.stimuli_sha256,
        "code_sha256": inputs.code_sha256,
        "seed": inputs.seed,
    }


def score_columns(score: ScoreRecord) -> dict[str, Any]:
    """The parts of a score with their intervals, whether it is above its ceiling, and its layer."""
    row: dict[str, Any] = {name: getattr(score, name) for name in ("above_ceiling", "layer")}
    for part in _PARTS:
        estimate = getattr(score, part)
        row |= {part: estimate.value, f"{part}_low": estimate.low, f"{part}_high": estimate.high}
    return row | {"interval_level": score.normalised.level, "interval_unit": score.normalised.unit}


def _score(score: ScoreRecord) -> dict[str, Any]:
    return score_columns(score) | {"n_targets": score.n_targets, "targets_sha256": score.targets_sha256}
