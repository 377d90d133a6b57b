"""What 'score' says of its scores: where each stands, as the board has it, and how long the rest takes."""

import numpy as np
import pytest
from record_examples import csv_of, failed, make_record, with_resamples

from innerscore.cli.tables import result_line
from innerscore.leaderboard.store import Store
from innerscore.workflows.placement import Remaining, apart, earlier_code, other_bytes, places
from innerscore.workflows.running import Result

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
    assert found["near"].text == "rank 1-2 of 4, not significantly different from best"
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


@pytest.mark.parametrize("part", ["data", "stimuli", "card", "version"])
def test_who_falls_in_another_column_than_the_rest_is_told_so(filled, part):
    store, records = filled
    changed = {"version": 2} if part == "version" else {part: "1f0c3a" + "9" * 58}
    alone = make_record("new", value=0.5, **changed)
    store.add(alone, csv_of(0.5))
    (said,) = apart([alone, records["best"]], store)
    marks = ("v2", "v1") if part == "version" else (f"v1, {part} 1f0c3a", f"v1, {part} 000000")
    assert said.startswith(
        f"new on Bee.x stands in the column '{marks[0]}', and 4 other candidates in '{marks[1]}'"
    )
    assert apart([records["best"]], store) == []


def test_who_stands_beside_scores_of_earlier_code_is_told_so(filled):
    store, records = filled
    assert earlier_code([records["best"]], store) == []
    again = make_record("new", value=0.5, code="9" * 64, created="2026-06-01T00:00:00+00:00")
    store.add(again, csv_of(0.5))
    (said,) = earlier_code([again], store)
    assert said.startswith("4 of the scores on Bee.x v1 were made by earlier code")


def test_other_bytes_under_a_known_version_are_told_with_what_to_do(filled):
    store, _ = filled
    first = make_record("gru", bundle=(1, "a" * 64))
    again = make_record("gru", "Bee.y", bundle=(1, "b" * 64), card_sha256="c" * 64)
    store.add(first, csv_of(0.5))
    assert other_bytes([first], store, built_in=()) == []
    (said,) = other_bytes([again], store, built_in=())
    assert "version 1 of 'gru' is on the board as other bytes, too" in said
    assert "raise 'version' in candidate.yaml" in said
    assert other_bytes([again], store, built_in={"gru"}) == []
    assert other_bytes([make_record("gru", bundle=(2, "b" * 64))], store, built_in=()) == []
    (of_file,) = other_bytes([make_record("gru", bundle=(1, "d" * 64))], store, built_in=())
    assert "give the file another name" in of_file


def test_a_score_says_what_is_divided_by_what_where_its_record_does():
    plain = make_record("c", value=0.9)
    facts = {"divided_by": "noise ceiling x reliability of the map, per neuroid; median over neuroids"}
    told = plain.model_copy(update={"score": plain.score.model_copy(update={"facts": facts})})
    assert "divided by" not in result_line(Result("c", "Bee.x", plain))
    line = result_line(Result("c", "Bee.x", told))
    assert "ceiling 0.500 [0.400, 0.600]; raw divided by noise ceiling x reliability of the map, per" in line


def test_the_time_left_follows_the_pace_and_is_told_now_and_then():
    now = [0.0]
    remaining = Remaining(4, clock=lambda: now[0])
    told = []
    for seconds in (4.0, 8.0, 30.0, 1.0):
        now[0] += seconds
        told.append(remaining.step())
    assert told == [None, "2 of 4 pairs, about 12 s left", "3 of 4 pairs, about 14 s left", None]
    assert np.isnan(Remaining(3).seconds)
