import json
import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from innerscore.core.errors import InvalidRecordError
from innerscore.core.hashing import canonical_json
from innerscore.core.records import (
    BenchmarkRef,
    CandidateRef,
    Cost,
    DataRef,
    Environment,
    ResultRecord,
    RunInputs,
    read_record,
    score_record,
)
from innerscore.core.scores import Estimate, ScoreParts, pack_score, unpack_score

HASH = "0" * 64


def parts(value=0.5):
    table = pd.DataFrame({"neuroid_id": ["n"], "raw": [value]})
    return ScoreParts(
        raw=Estimate(value / 2, 0.1, 0.4, 0.95, "conditions"),
        ceiling=Estimate(0.5),
        normalised=Estimate(value, 0.2, 0.8, 0.95, "conditions"),
        targets=table,
        facts={"n": 1},
    )


def record(seed=0, seconds=1.0, value=0.5, **changes):
    content = {
        "inputs": RunInputs(
            candidate=CandidateRef(identifier="c", version=1, bundle_sha256=HASH),
            benchmark=BenchmarkRef(
                identifier="B.x", version=1, card_sha256=HASH, metric="m", parameters={"a": 1}
            ),
            data=DataRef(dataset="B", version=1, simulated=True, sha256=HASH),
            stimuli_sha256=HASH,
            code_sha256=HASH,
            seed=seed,
        ),
        "status": "value",
        "score": score_record(parts(value), HASH),
        "environment": Environment(
            innerscore="0", python="3", platform="p", packages={}, device="cpu", threads=1, sandboxed=False
        ),
        "cost": Cost(seconds=seconds, activation_seconds=0.0, peak_memory_mb=1.0),
        "created": "2026-01-01T00:00:00+00:00",
    }
    return ResultRecord(**(content | changes))


def test_json_and_back_is_the_same_record():
    before = record()
    assert read_record(before.to_json(), expected_sha256=before.record_sha256) == before


def test_values_hash_ignores_time_and_machine_and_nothing_else():
    base = record()
    assert record(seconds=9.0, created="later").values_sha256 == base.values_sha256
    assert record(seconds=9.0).record_sha256 != base.record_sha256
    assert record(value=0.6).values_sha256 != base.values_sha256
    assert record(seed=1).run_sha256 != base.run_sha256
    assert record(value=0.6).run_sha256 == base.run_sha256


def test_one_changed_byte_is_found():
    data = record().to_json()
    with pytest.raises(InvalidRecordError, match="SHA-256"):
        read_record(data.replace(b"0.5", b"0.6", 1), expected_sha256=record().record_sha256)


def test_what_is_no_record_is_refused():
    broken = json.loads(record().to_json())
    broken["extra"] = 1
    for data in (b"{", b"[]", canonical_json(broken)):
        with pytest.raises(InvalidRecordError):
            read_record(data)


def test_a_record_cannot_be_changed():
    with pytest.raises(ValidationError):
        record().status = "failed"


def test_nan_becomes_null_and_above_one_is_flagged_not_clipped():
    assert record(value=math.nan).score.normalised.value is None
    assert record(value=1.3).score.normalised.value == 1.3
    assert record(value=1.3).score.above_ceiling
    assert not record(value=0.9).score.above_ceiling


def test_canonical_json_has_one_form():
    assert canonical_json({"b": 1, "a": "ü"}) == '{"a":"ü","b":1}'.encode()
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(float("nan"))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_survive_the_trip_exactly(value):
    assert json.loads(canonical_json(value)) == value


def test_a_packed_score_is_a_brainscore_score_with_its_parts_apart():
    score = pack_score(parts())
    assert type(score).__name__ == "Score"
    assert (float(score), float(score.attrs["raw"]), float(score.attrs["ceiling"])) == (0.5, 0.25, 0.5)
    assert score.attrs["error"] == pytest.approx(0.3)
    assert unpack_score(score).facts == {"n": 1}
