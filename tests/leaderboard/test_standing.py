"""What 'score' says of its scores: where each stands, as the board has it, and how long the rest takes."""

import numpy as np
import pytest
from record_examples import failed, make_record, with_resamples

from innerscore.cli.standing import Remaining, places
from innerscore.leaderboard.store import Store

VALUES = {"best": 0.9, "near": 0.89, "middle": 0.6, "last": 0.1}


@pytest.fixture
def filled(settings):
    """Four candidates on shared resamples: the first two differ by less than the noise of their difference."""
    rng = np.random.default_rng(0)
    shared = rng.normal(0, 0.02, 500)
    store = Store(settings.store)
    records = {}
    for name, value in VALUES.items():
        normalised = value + shared + rng.normal(0, 0.02, 500)
        entry = with_resamples(
            make_record(name, value=value),
            np.stack([0.5 * normalised, np.full(500, 0.5), normalised], axis=1),
        )
        records[name] = entry.record
        store.add(entry.record, files=entry.files)
    return store, records


def test_a_score_stands_where_the_paired_tests_leave_it(filled):
    store, records = filled
    found = {name: places([record], store)[record.record_sha256] for name, record in records.items()}
    ranks = {name: (place.rank_low, place.rank_high) for name, place in found.items()}
    assert ranks == {"best": (1, 2), "near": (1, 2), "middle": (3, 3), "last": (4, 4)}
    assert found["near"].tied_with == ("best",)
    assert found["near"].tie_group == found["best"].tie_group == 1
    assert found["near"].text == "rank 1-2 of 4, not told apart from best"
    assert found["last"].text == "rank 4 of 4"
    assert found["last"].to_json()["tested"]


def test_what_has_no_value_or_is_superseded_stands_nowhere(filled):
    store, records = filled
    broken = failed("broken")
    store.add(broken)
    newer = make_record("best", value=0.2, supersedes=records["best"].record_sha256)
    store.add(newer, b"neuroid_id,normalised\nn,0.2\n")
    found = places([broken, records["best"], newer], store)
    assert set(found) == {newer.record_sha256}
    assert not found[newer.record_sha256].tested


def test_the_time_left_follows_the_pace_and_is_told_now_and_then():
    now = [0.0]
    remaining = Remaining(4, clock=lambda: now[0])
    told = []
    for seconds in (4.0, 8.0, 30.0, 1.0):
        now[0] += seconds
        told.append(remaining.step())
    assert told == [None, "2 of 4 pairs, about 12 s left", "3 of 4 pairs, about 14 s left", None]
    assert np.isnan(Remaining(3).seconds)
