"""Records made by hand, for tests of what reads records."""

import numpy as np

from innerscore.core.hashing import sha256_of_bytes
from innerscore.core.records import (
    TARGETS_FILE,
    BenchmarkRef,
    CandidateRef,
    Cost,
    DataRef,
    Environment,
    EstimateRecord,
    Failure,
    Resampling,
    ResultRecord,
    RunInputs,
    ScoreRecord,
)
from innerscore.core.resamples import RESAMPLES_FILE, Resamples, resamples_to_npy
from innerscore.leaderboard.store import Entry

HASH = "0" * 64


def csv_of(value):
    return f"neuroid_id,normalised\nn,{value}\n".encode()


def estimate(value, low=None, high=None):
    """An estimate whose interval ends 0.1 below and above it, where nothing else is said."""
    if value is not None and low is None:
        low, high = value - 0.1, value + 0.1
    return EstimateRecord(value=value, low=low, high=high, level=0.95, unit="conditions")


def make_inputs(
    candidate,
    benchmark,
    version=1,
    data=HASH,
    seed=0,
    *,
    bundle=(1, HASH),
    stimuli=HASH,
    card=HASH,
    code=HASH,
    dataset="Kriegeskorte2008",
    metric="m",
):
    return RunInputs(
        candidate=CandidateRef(identifier=candidate, version=bundle[0], bundle_sha256=bundle[1]),
        benchmark=BenchmarkRef(
            identifier=benchmark, version=version, card_sha256=card, metric=metric, parameters={}
        ),
        data=DataRef(dataset=dataset, version=1, simulated=benchmark.startswith("Simulated"), sha256=data),
        stimuli_sha256=stimuli,
        code_sha256=code,
        seed=seed,
    )


def make_record(
    candidate="c",
    benchmark="Bee.x",
    value=0.5,
    version=1,
    data=HASH,
    seed=0,
    **changes,
):
    """A record of a value; `changes` are of its inputs, as :func:`make_inputs` takes them, or of its fields."""
    other_inputs = {
        name: changes.pop(name) for name in ("bundle", "stimuli", "card", "code") if name in changes
    }
    score = ScoreRecord(
        raw=estimate(None if value is None else value / 2),
        ceiling=estimate(0.5),
        normalised=estimate(value),
        above_ceiling=value is not None and value > 1,
        layer="l",
        layer_scores={},
        facts={},
        n_targets=1,
        targets_sha256=sha256_of_bytes(csv_of(value)),
    )
    content = {
        "inputs": make_inputs(candidate, benchmark, version, data, seed, **other_inputs),
        "status": "value",
        "score": score,
        "environment": Environment(
            innerscore="0", python="3", platform="p", packages={}, device="cpu", threads=1, sandboxed=False
        ),
        "cost": Cost(seconds=1.0, activation_seconds=0.5, peak_memory_mb=10.0),
        "created": "2026-01-01T00:00:00+00:00",
    }
    return ResultRecord(**(content | changes))


def failed(candidate="c", benchmark="Bee.x", reason="broken", make=make_record, **changes):
    failure = Failure(stage="activations", kind="CandidateError", reason=reason)
    return make(candidate, benchmark, status="failed", score=None, failure=failure, **changes)


def not_applicable(candidate="c", benchmark="Bee.x", **changes):
    return make_record(candidate, benchmark, status="not applicable", score=None, **changes)


def with_resamples(record, values, n_units=20, kind="bootstrap"):
    """The record with the file of its resamples, (n_resamples, 3), and its per-target file."""
    npy = resamples_to_npy(Resamples(kind, n_units, np.asarray(values, dtype=np.float32)))
    named = {"files": {RESAMPLES_FILE: sha256_of_bytes(npy)}}
    named["resampling"] = Resampling(kind=kind, n_units=n_units)
    changed = record.model_copy(update={"score": record.score.model_copy(update=named)})
    return Entry(changed, {TARGETS_FILE: csv_of(record.score.normalised.value), RESAMPLES_FILE: npy})


def one_page(folder):
    """A site of one page, for tests that are not about pages."""
    (folder / "index.html").write_text("<!doctype html>")
