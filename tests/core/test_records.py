import io
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from record_examples import HASH, make_record

from innerscore.core.errors import InvalidDataError, InvalidRecordError
from innerscore.core.hashing import canonical_json, sha256_of_bytes
from innerscore.core.records import Cost, read_record, score_record
from innerscore.core.resamples import Resamples, read_resamples, resamples_to_npy
from innerscore.core.scores import Estimate, Score


def parts(value=0.5):
    table = pd.DataFrame({"neuroid_id": ["n"], "raw": [value]})
    return Score(
        raw=Estimate(value / 2, 0.1, 0.4, 0.95, "conditions"),
        ceiling=Estimate(0.5),
        normalised=Estimate(value, 0.2, 0.8, 0.95, "conditions"),
        targets=table,
        facts={"n": 1},
    )


def record(seed=0, seconds=1.0, value=0.5, **changes):
    cost = Cost(seconds=seconds, activation_seconds=0.0, peak_memory_mb=1.0)
    content = {"score": score_record(parts(value), HASH), "cost": cost}
    return make_record(seed=seed, **(content | changes))


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


def test_a_changed_copy_has_hashes_of_its_own():
    base = record()
    changed = base.model_copy(update={"created": "later", "inputs": record(seed=1).inputs})
    assert base.record_sha256 != changed.record_sha256 == record(seed=1, created="later").record_sha256
    assert base.run_sha256 != changed.run_sha256


VERSION_1 = Path(__file__).with_name("record_of_version_1.json")


def test_a_record_of_an_older_version_keeps_its_bytes():
    data = VERSION_1.read_bytes()
    read = read_record(data, expected_sha256=sha256_of_bytes(data))
    assert read.schema_version == 1
    assert read.to_json() == data
    assert read.files == {"targets.csv": read.score.targets_sha256}


def test_resamples_are_named_with_how_they_were_drawn_or_not_at_all():
    resamples = Resamples.of("bootstrap", 20, raw=[0.1, 0.2], ceiling=[0.5, 0.6], normalised=[0.2, np.nan])
    with_them = replace(parts(), resamples=resamples, further_files={"map.svg": b"<svg/>"})
    hashes = {name: sha256_of_bytes(body) for name, body in with_them.files.items()}
    score = score_record(with_them, HASH, hashes)
    assert score.resampling.n_units == 20
    assert set(record(score=score).files) == {"targets.csv", "map.svg", "resamples.npy"}
    assert read_record(record(score=score).to_json()).score == score
    for wrong in ({"map.svg": HASH}, {**hashes, "targets.csv": HASH}, {**hashes, "../up": HASH}):
        with pytest.raises(ValidationError):
            score_record(with_them, HASH, wrong)


def test_resamples_come_back_from_their_file():
    before = Resamples.of("jackknife", 3, raw=[0.1, 0.2], ceiling=[0.5, 0.6], normalised=[0.2, np.nan])
    after = read_resamples(resamples_to_npy(before), kind="jackknife", n_units=3)
    np.testing.assert_array_equal(before.values, after.values)
    np.testing.assert_array_equal(after.part("ceiling"), np.float32([0.5, 0.6]))


@pytest.mark.parametrize(
    "array",
    [
        np.array([{"a": 1}], dtype=object),
        np.zeros((4, 3)),
        np.zeros((4, 2), dtype=np.float32),
        np.zeros(3, dtype=np.float32),
        np.full((4, 3), np.inf, dtype=np.float32),
        np.zeros((1, 3), dtype=np.float32),
    ],
)
def test_what_are_no_resamples_is_refused(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    for data in (buffer.getvalue(), buffer.getvalue()[:-1], b""):
        with pytest.raises(InvalidDataError, match="float32"):
            read_resamples(data, kind="bootstrap", n_units=4)


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


def test_a_score_far_above_a_weak_ceiling_is_no_praise():
    weak = {"weak_ceiling": "8 cells of 1 animal, fewer than 20 cells"}
    far, near = (record(value=value).score.model_copy(update={"facts": weak}) for value in (1.6, 1.4))
    assert (far.is_no_praise, near.is_no_praise) == (True, False)
    assert not record(value=1.6).score.is_no_praise


def test_a_reason_is_of_records_of_version_4_that_are_not_applicable_and_absent_elsewhere():
    impossible = {"status": "not applicable", "score": None, "reason": "too few cells"}
    told = record(schema_version=4, **impossible)
    assert read_record(told.to_json()) == told
    assert b"reason" not in record().to_json()
    for wrong in ({**impossible, "schema_version": 3}, {"schema_version": 4, "reason": "too few cells"}):
        with pytest.raises(ValidationError, match="reason"):
            record(**wrong)
