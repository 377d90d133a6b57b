import csv
import io
import json
import math

import pytest
from record_examples import csv_of, failed, make_record, not_applicable

from innerscore.core.cards import BenchmarkCard, CandidateCard
from innerscore.leaderboard.board import make_board
from innerscore.leaderboard.export import export_board
from innerscore.leaderboard.store import Store
from innerscore.leaderboard.tables import board_csv, board_json, board_rows


def candidate(name, title="A title"):
    return CandidateCard(
        identifier=name,
        title=title,
        description="A candidate that a test made up.",
        authors=("t",),
        licence="MIT",
        citation="@x",
        entry="a:b",
        accepts=("frames",),
        layers=("l",),
        model_class="k",
    )


def benchmark(name, system="Sys"):
    return BenchmarkCard(
        identifier=name,
        title=f"Title of {name}",
        description="A benchmark that a test made up.",
        licence="MIT",
        citation="@x",
        system=system,
        dataset="Bee",
        task="A task that nobody has ever done.",
        region="R",
        alignment="image",
        metric="m",
        ceiling="None that anybody knows of.",
    )


CANDIDATES = {name: candidate(name) for name in ("a", "b", "c", "d")}
BENCHMARKS = {name: benchmark(name) for name in ("Bee.x", "Bee.y")}


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


def test_rows_stand_by_mean_and_only_full_coverage_has_one():
    records = [make_record("a", value=0.4), make_record("b", value=0.6), make_record("c", value=0.9)]
    records += [make_record("a", "Bee.y", 0.4), make_record("b", "Bee.y", 0.4)]
    rows = board(records).sections[0].rows
    assert [row.candidate for row in rows] == ["b", "a", "c", "d"]
    assert rows[0].mean == pytest.approx(0.5)
    assert math.isnan(rows[2].mean)


def test_versions_and_states_of_the_data_are_never_mixed_in_a_column():
    records = [make_record("a"), make_record("b", version=2), make_record("c", data="1" * 64)]
    columns = board(records).sections[0].columns
    assert [(c.benchmark, c.version, c.data_sha256[:1]) for c in columns] == [
        ("Bee.x", 1, "0"),
        ("Bee.x", 1, "1"),
        ("Bee.x", 2, "0"),
    ]
    assert sum(row["state"] == "value" for row in board_rows(board(records))) == 3


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
