import csv
import io
import json
import math

import pytest
from board_examples import benchmark_card, candidate_card
from record_examples import HASH, csv_of, failed, make_record, not_applicable

from innerscore.core.records import NO_STIMULI
from innerscore.leaderboard.board import make_board
from innerscore.leaderboard.export import export_board
from innerscore.leaderboard.store import Store
from innerscore.leaderboard.tables import board_csv, board_json, board_rows

CANDIDATES = {name: candidate_card(name) for name in ("a", "b", "c", "d")}
BENCHMARKS = {name: benchmark_card(name, "Sys", "Bee") for name in ("Bee.x", "Bee.y")}


def board(records):
    return make_board(records, CANDIDATES, BENCHMARKS)


def cells(made):
    return {(r["candidate"], r["benchmark"]): r for r in board_rows(made)}


def test_a_cell_has_one_of_four_states():
    found = cells(board([make_record("a"), failed("b"), not_applicable("c")]))
    states = {name: found[name, "Bee.x"]["state"] for name in "abcd"}
    assert states == {"a": "value", "b": "failed", "c": "not applicable", "d": "not run"}
    assert found["b", "Bee.x"]["note"] == "failed at activations: broken"
    assert found["b", "Bee.x"]["normalised"] is None


def test_rows_stand_by_win_rate_and_only_full_coverage_has_one():
    values = {"Bee.x": {"a": 0.4, "b": 0.6, "c": 0.9}, "Bee.y": {"a": 0.4, "b": 0.4}}
    records = [make_record(who, name, value) for name, row in values.items() for who, value in row.items()]
    rows = board(records).sections[0].rows
    assert [row.candidate for row in rows] == ["b", "a", "c", "d"]
    # Of the two with both, b beats the other in x, and ties in y.
    assert [row.win_rate for row in rows[:2]] == [0.75, 0.25]
    assert math.isnan(rows[2].win_rate)
    assert (rows[2].coverage, rows[2].is_full) == (1, False)


def test_one_absurd_cell_does_not_decide_the_order():
    """The random bumps of one benchmark had 2.73 of its ceiling: by a mean of shares, they lead."""
    values = {
        "Bee.x": {"a": 0.90, "b": 0.80, "bumps": 0.45},
        "Bee.y": {"a": 0.95, "b": 0.90, "bumps": 0.40},
        "Bee.z": {"a": 0.50, "b": 0.60, "bumps": 1e6},
    }
    records = [make_record(who, name, value) for name, row in values.items() for who, value in row.items()]
    rows = make_board(records, {}, {}).sections[0].rows
    ranked = {row.candidate: row.win_rate for row in rows if row.is_full}
    assert list(ranked) == ["a", "b", "bumps"]
    assert ranked == pytest.approx({"a": (1 + 1 + 0) / 3, "b": (0.5 + 0.5 + 0.5) / 3, "bumps": 1 / 3})
    assert all(0 <= rate <= 1 for rate in ranked.values())


def test_versions_and_states_of_the_data_are_never_mixed_in_a_column():
    records = [make_record("a"), make_record("b", version=2), make_record("c", data="1" * 64)]
    columns = board(records).sections[0].columns
    assert [(c.benchmark, c.version, c.data_sha256[:1]) for c in columns] == [
        ("Bee.x", 1, "0"),
        ("Bee.x", 1, "1"),
        ("Bee.x", 2, "0"),
    ]
    assert sum(row["state"] == "value" for row in board_rows(board(records))) == 3


@pytest.mark.parametrize("part", ["data", "stimuli", "card"])
def test_what_determines_a_value_parts_columns_and_their_headings_say_what(part):
    others = [make_record(name, value=0.1) for name in "ab"]
    alone = make_record("c", value=0.9, **{part: "1f0c3a" + "9" * 58})
    columns = board([*others, alone]).sections[0].columns
    assert [column.label for column in columns] == [f"v1, {part} 000000", f"v1, {part} 1f0c3a"]
    assert [column.counted for column in columns] == [True, False]
    found = {row["candidate"]: row for row in board_rows(board([*others, alone])) if row["state"] == "value"}
    name = {"data": "data_sha256", "stimuli": "stimuli_sha256", "card": "benchmark_card_sha256"}[part]
    assert found["c"][name].startswith("1f0c3a")
    assert found["a"][name] == HASH
    assert (found["a"]["in_win_rate"], found["c"]["in_win_rate"]) == (True, False)


def test_neither_the_seed_nor_the_code_parts_columns():
    records = [make_record("a"), make_record("b", seed=3), make_record("c", code="1" * 64)]
    (column,) = board(records).sections[0].columns
    assert (column.mark, column.label) == ("", "v1")


def test_a_lone_state_of_the_data_takes_nobodys_win_rate():
    names = ("Bee.x", "Bee.y")
    records = [make_record(who, name, value) for name in names for who, value in (("a", 0.2), ("b", 0.4))]
    before = {row.candidate: row.win_rate for row in board(records).sections[0].rows}
    alone = [make_record("c", name, 0.9, data="1" * 64) for name in names]
    rows = {row.candidate: row for row in board([*records, *alone]).sections[0].rows}
    assert {name: rows[name].win_rate for name in "ab"} == {name: before[name] for name in "ab"}
    assert (rows["a"].coverage, rows["c"].coverage) == (2, 0)
    # With as many candidates, the newer column counts.
    newer = [
        make_record(who, name, 0.9, data="1" * 64, created="2027-01-01T00:00:00+00:00")
        for name in names
        for who in ("c", "d")
    ]
    rows = {row.candidate: row for row in board([*records, *newer]).sections[0].rows}
    assert (rows["a"].coverage, rows["c"].coverage) == (0, 2)


def test_a_file_of_answers_was_shown_nothing_and_joins_the_column_of_those_that_were():
    shown = [make_record("a", stimuli="5" * 64), make_record("b", stimuli="5" * 64)]
    columns = board([*shown, make_record("c", stimuli=NO_STIMULI)]).sections[0].columns
    assert [(column.stimuli_sha256, column.mark) for column in columns] == [("5" * 64, "")]
    (alone,) = board([make_record("c", stimuli=NO_STIMULI)]).sections[0].columns
    assert alone.stimuli_sha256 == NO_STIMULI


# One row, one bundle

V1, V1_OTHER, V2 = (1, "a" * 64), (1, "b" * 64), (2, "c" * 64)


def three_bundles():
    """As a model author left them: v1 on three benchmarks, then v2 on one, then other bytes under version 1."""
    times = {
        V1: "2026-01-01T00:00:00+00:00",
        V2: "2026-02-01T00:00:00+00:00",
        V1_OTHER: "2026-03-01T00:00:00+00:00",
    }
    scored = {V1: {"Bee.x": 0.1, "Bee.y": 0.2, "Bee.z": 0.3}, V2: {"Bee.z": 0.9}, V1_OTHER: {"Bee.y": 0.5}}
    return [
        make_record("gru", name, value, bundle=bundle, created=times[bundle])
        for bundle, values in scored.items()
        for name, value in values.items()
    ]


def test_no_cell_of_a_row_comes_from_another_bundle():
    records = [*three_bundles(), *(make_record("other", name) for name in ("Bee.x", "Bee.y", "Bee.z"))]
    made = make_board(records, {}, {})
    (row,) = [row for row in made.sections[0].rows if row.candidate == "gru"]
    assert row.bundle == V2
    assert [cell.state for cell in row.cells] == ["not run", "not run", "value"]
    assert math.isnan(row.win_rate)
    assert [one.bundle for one in row.earlier] == [V1_OTHER, V1]
    behind = {one.bundle: {column.benchmark: cell.value for column, cell in one.cells} for one in row.earlier}
    assert behind == {V1: {"Bee.x": 0.1, "Bee.y": 0.2, "Bee.z": 0.3}, V1_OTHER: {"Bee.y": 0.5}}
    cells = [one for one in board_rows(made) if one["candidate"] == "gru"]
    assert {(one["candidate_version"], one["bundle_sha256"]) for one in cells} == {V2}


def test_a_score_of_earlier_code_stays_on_the_board_and_is_marked():
    """As after an upgrade: one candidate was scored again, the other one's record is of the version before."""
    later = "2026-02-01T00:00:00+00:00"
    records = [
        make_record("old", code="a" * 64),
        make_record("again", code="a" * 64),
        make_record("again", code="b" * 64, created=later),
        make_record("old", "Bee.y", code="a" * 64),
    ]
    (section,) = make_board(records, {}, {}).sections
    marked = {
        (row.candidate, column.benchmark): cell.earlier_code
        for row in section.rows
        for column, cell in zip(section.columns, row.cells, strict=True)
        if cell.record is not None
    }
    assert marked == {("old", "Bee.x"): True, ("again", "Bee.x"): False, ("old", "Bee.y"): False}
    notes = {
        (one["candidate"], one["benchmark"]): one["note"] for one in board_rows(make_board(records, {}, {}))
    }
    assert notes["old", "Bee.x"] == "value (by earlier code)"
    assert notes["old", "Bee.y"] == "value"


def test_of_one_version_the_bundle_that_came_later_is_the_row():
    records = [one for one in three_bundles() if one.inputs.candidate.version == 1]
    for given in (records, records[::-1]):
        (row,) = make_board(given, {}, {}).sections[0].rows
        assert (row.bundle, [one.bundle for one in row.earlier]) == (V1_OTHER, [V1])


def test_a_benchmark_without_any_run_is_a_column_of_an_empty_board_alone():
    assert [c.benchmark for c in board([]).sections[0].columns] == ["Bee.x", "Bee.y"]
    assert [c.benchmark for c in board([make_record("a")]).sections[0].columns] == ["Bee.x"]


def test_a_superseded_record_is_not_shown():
    old = failed("a")
    new = make_record("a", value=0.7, supersedes=old.record_sha256)
    assert cells(board([old, new]))["a", "Bee.x"]["normalised"] == 0.7


def test_of_two_boards_records_the_later_made_is_shown_whichever_was_added_first():
    old, new = make_record("a", created="2026-01-01"), make_record("a", value=0.7, created="2026-02-01")
    for records in ([old, new], [new, old]):
        assert cells(board(records))["a", "Bee.x"]["normalised"] == 0.7


def test_undefined_values_stay_undefined():
    found = cells(board([make_record("a", value=None)]))["a", "Bee.x"]
    assert (found["state"], found["normalised"], found["raw"]) == ("value", None, None)


def test_csv_and_json_hold_the_same_numbers():
    records = [make_record("a", value=1 / 3), make_record("b", value=1.25), make_record("a", "Bee.y", -0.1)]
    made = board(records)
    from_csv = {(r["candidate"], r["benchmark"]): r for r in csv.DictReader(io.StringIO(board_csv(made)))}
    from_json = {(r["candidate"], r["benchmark"]): r for r in board_json(made)["cells"]}
    for record in records:
        key = record.inputs.candidate.identifier, record.inputs.benchmark.identifier
        value = record.score.normalised.value
        assert float(from_csv[key]["normalised"]) == from_json[key]["normalised"] == value


def test_a_formula_in_a_csv_cell_is_defused():
    made = make_board([failed("a", reason="=cmd()")], CANDIDATES, BENCHMARKS)
    rows = list(csv.DictReader(io.StringIO(board_csv(made))))
    assert all(not row["note"].startswith(("=", "+", "-", "@")) for row in rows)


def test_export_writes_everything_and_each_file_is_what_its_name_says(tmp_path):
    from innerscore.core.hashing import sha256_of_file

    store = Store(f"sqlite:///{tmp_path / 'b.sqlite'}")
    records = [make_record("a"), failed("b")]
    store.add(records[0], csv_of(0.5))
    store.add(records[1])
    page = export_board(board(records), store, tmp_path / "out")
    assert page == tmp_path / "out" / "index.html"
    for record in records:
        assert (
            sha256_of_file(tmp_path / "out" / "records" / f"{record.record_sha256}.json")
            == record.record_sha256
        )
    for path in (tmp_path / "out" / "targets").iterdir():
        assert sha256_of_file(path) == path.stem
    assert json.loads((tmp_path / "out" / "board.json").read_text())["schema_version"] == 1
    export_board(board(records), store, tmp_path / "out")
