"""Boards leave as files and come back: byte for byte, without loss, wholly or not at all."""

import contextlib
import csv
import io
import json
import random
import shutil
import sqlite3
import subprocess

import pyarrow.parquet as pq
import pytest
from old_store import make_version_1
from record_examples import csv_of, failed, make_record, not_applicable, one_page, with_resamples

from innerscore.core.errors import (
    InnerscoreError,
    InvalidDataError,
    InvalidInputError,
    InvalidRecordError,
    StoreError,
)
from innerscore.core.hashing import sha256_of_bytes
from innerscore.leaderboard.board import make_board
from innerscore.leaderboard.export import export_board
from innerscore.leaderboard.importing import copy_export, import_board
from innerscore.leaderboard.incoming_records import MOST_RECORD_BYTES, read_entry
from innerscore.leaderboard.inserting import Entry
from innerscore.leaderboard.opening import store_url
from innerscore.leaderboard.schema import RECORDS
from innerscore.leaderboard.store import Store
from innerscore.leaderboard.verify import verify_store
from innerscore.leaderboard.verify_export import verify_export


def fill(store, name="a"):
    first = failed(name, reason="=cmd()")
    store.add(first)
    store.add(make_record(name, supersedes=first.record_sha256), csv_of(0.5))
    store.add(not_applicable(name, "Bee.y"))
    store.add_all([with_resamples(make_record(name, seed=1), [[0.1, 0.5, 0.2], [0.2, 0.5, 0.4]])])


def export(store, folder):
    board = make_board(store.latest(), {}, {}, resamples=store.resamples)
    export_board(board, store, folder, site=one_page)
    return folder


def contents(store):
    return {entry.record.to_json(): dict(entry.files) for entry in store.entries()}


@pytest.fixture
def other(tmp_path):
    return Store(f"sqlite:///{tmp_path / 'other.sqlite'}")


@pytest.fixture
def exported(tmp_path, other):
    fill(other)
    return export(other, tmp_path / "out")


def test_an_import_of_an_export_gives_byte_equal_records_in_the_same_order(store, other, exported):
    done = import_board(store, str(exported))
    assert (done.added, done.known) == (4, 0)
    assert [one.to_json() for one in store.records()] == [one.to_json() for one in other.records()]
    assert contents(store) == contents(other)
    again = import_board(store, str(exported))
    assert (again.added, again.known) == (0, 4)
    assert verify_store(store).findings == ()


def test_a_board_goes_on_from_its_export_with_its_records_as_its_own(store, exported, tmp_path):
    import_board(store, str(exported))
    assert set(store.origins(store.records()).values()) == {"import"}
    copy_export(exported, tmp_path / "copy.sqlite")
    copy = Store(f"sqlite:///{tmp_path / 'copy.sqlite'}")
    assert contents(copy) == contents(store)
    assert set(copy.origins(copy.records()).values()) == {"here"}
    next((exported / "records").iterdir()).write_bytes(b"{}")
    with pytest.raises(InvalidDataError, match="as it was written"):
        copy_export(exported, tmp_path / "another.sqlite")
    assert not (tmp_path / "another.sqlite").exists()


def test_two_boards_merge_without_loss_whichever_way(store, url, other, tmp_path):
    fill(store, "mine")
    fill(other, "theirs")
    for board, when in ((store, "2026-01-02T00:00:00+00:00"), (other, "2026-01-03T00:00:00+00:00")):
        board.add(make_record("both", created=when), csv_of(0.5))  # one run, done on both boards
    both = contents(store) | contents(other)
    third = Store(f"sqlite:///{tmp_path / 'third.sqlite'}")
    fill(third, "theirs")
    assert import_board(store, other.url).added == 5
    assert import_board(other, url).added == 5
    assert contents(store) == contents(other) == both
    assert len(both) == 10
    assert {r.record_sha256 for r in store.latest()} == {r.record_sha256 for r in other.latest()}
    assert import_board(store, third.url).added == 0
    assert verify_store(store).findings == verify_store(other).findings == ()


def test_a_store_of_an_older_version_is_imported_and_left_as_it_is(store, tmp_path):
    entry = Entry(make_record(schema_version=1), {"targets.csv": csv_of(0.5)})
    url = make_version_1(tmp_path / "old.sqlite", [entry])
    before = (tmp_path / "old.sqlite").read_bytes()
    assert import_board(store, str(tmp_path / "old.sqlite")).added == 1
    assert store.records()[0].to_json() == entry.record.to_json()
    assert (tmp_path / "old.sqlite").read_bytes() == before
    assert url.endswith("old.sqlite")


def test_one_changed_byte_in_any_file_of_an_export_is_found_and_nothing_is_imported(store, exported):
    assert verify_export(exported).findings == ()
    for path in sorted(path for path in exported.rglob("*") if path.is_file()):
        data = path.read_bytes()
        for spot in random.Random(path.name).sample(range(len(data)), min(3, len(data))):
            path.write_bytes(data[:spot] + bytes([data[spot] ^ 1]) + data[spot + 1 :])
            assert verify_export(exported).findings, (path, spot)
        with pytest.raises(InvalidDataError, match="Nothing was imported"):
            import_board(store, str(exported))
        path.write_bytes(data)
    assert verify_export(exported).findings == ()
    assert store.records() == []


def test_paths_may_hold_any_character(other, tmp_path):
    fill(other)
    folder = tmp_path / "what? 100%41 [#] ü"
    export(other, folder / "out")
    export(other, folder / "out")
    assert [path.name for path in folder.iterdir()] == ["out"]
    assert verify_export(folder / "out").findings == ()
    mine = Store(store_url(str(folder / "mine.sqlite")))
    assert import_board(mine, str(folder / "out" / "board.sqlite")).added == 4
    assert (folder / "mine.sqlite").exists()


def test_a_file_too_many_or_too_few_is_found(exported):
    (exported / "extra.txt").touch()
    assert [str(one) for one in verify_export(exported).findings] == ["extra.txt: not on the list"]
    (exported / "extra.txt").unlink()
    shutil.rmtree(exported / "targets")
    assert {one.got for one in verify_export(exported).findings} >= {"missing"}


def test_a_record_taken_out_with_its_line_is_found(exported):
    victim = next((exported / "records").iterdir())
    lines = (exported / "SHA256SUMS").read_text().splitlines(keepends=True)
    (exported / "SHA256SUMS").write_text("".join(line for line in lines if victim.name not in line))
    victim.unlink()
    assert verify_export(exported).findings


def test_the_list_is_one_that_sha256sum_reads(exported):
    checked = subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=exported)
    assert checked.returncode == 0


def test_tables_hold_what_the_records_hold(other, exported):
    rows = list(csv.DictReader(io.StringIO((exported / "records.csv").read_text(), newline="")))
    columns = pq.read_table(exported / "records.parquet").to_pylist()
    for record, row, cells in zip(other.records(), rows, columns, strict=True):
        assert row["record_sha256"] == cells["record_sha256"] == record.record_sha256
        assert (row["values_sha256"], cells["seed"]) == (record.values_sha256, record.inputs.seed)
        value = None if record.score is None else record.score.normalised.value
        assert cells["normalised"] == value
        assert row["normalised"] == ("" if value is None else repr(value))
    assert rows[0]["failure_reason"] == "'=cmd()"
    board = json.loads((exported / "board.json").read_text())["cells"]
    assert pq.read_table(exported / "board.parquet").to_pylist() == board


def test_a_site_is_written_with_the_rest_and_covered_by_the_list(other, tmp_path):
    def site(folder):
        (folder / "index.html").write_text("<!doctype html>")
        (folder / "candidates").mkdir()
        (folder / "candidates" / "a.html").write_text("a")

    board = make_board(other.latest(), {}, {})
    for _ in range(2):
        assert export_board(board, other, tmp_path / "out", site=site) == tmp_path / "out" / "index.html"
    assert "candidates/a.html" in (tmp_path / "out" / "SHA256SUMS").read_text()
    export(other, tmp_path / "out")
    assert not (tmp_path / "out" / "candidates").exists()


def test_a_failing_export_leaves_the_earlier_one(other, exported):
    before = {path: path.read_bytes() for path in exported.rglob("*") if path.is_file()}
    there = sorted(path.name for path in exported.parent.iterdir())

    def broken(folder):
        raise RuntimeError("no site")

    with pytest.raises(RuntimeError):
        export_board(make_board([], {}, {}), other, exported, site=broken)
    assert {path: path.read_bytes() for path in exported.rglob("*") if path.is_file()} == before
    assert sorted(path.name for path in exported.parent.iterdir()) == there


def test_files_of_somebody_else_are_never_replaced(other, tmp_path, exported):
    (exported / "thesis.tex").touch()
    with pytest.raises(InvalidInputError, match=r"thesis\.tex"):
        export(other, exported)
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInputError, match="a file"):
        export(other, tmp_path / "file")
    assert (exported / "thesis.tex").exists()


@pytest.mark.parametrize("source", ["nowhere.sqlite", "sqlite:///nowhere.sqlite", "empty"])
def test_what_is_no_board_is_refused(store, tmp_path, monkeypatch, source):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InnerscoreError):
        import_board(store, source)
    assert not (tmp_path / "nowhere.sqlite").exists()


ENDLESS = "WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n) SELECT {columns} FROM n, was"
STRANGE = {
    "records is a view": "ALTER TABLE records RENAME TO was; CREATE VIEW records AS " + ENDLESS,
    "records is virtual": "ALTER TABLE records RENAME TO was; CREATE VIEW v AS " + ENDLESS + "; "
    "CREATE VIRTUAL TABLE records USING fts4(content='v', {columns})",
    "records is computed": "ALTER TABLE records ADD COLUMN more BLOB AS (zeroblob(1000000000))",
    "something else than bytes in attachments": "DROP TRIGGER attachments_no_update; "
    "UPDATE attachments SET body = 9000000000",
}


@pytest.mark.parametrize("fault", STRANGE)
def test_a_store_whose_tables_are_none_is_refused_at_once(store, other, tmp_path, fault):
    fill(other)
    other.close()
    columns = ", ".join(RECORDS.c.keys())
    with contextlib.closing(sqlite3.connect(tmp_path / "other.sqlite")) as connection:
        connection.executescript(STRANGE[fault].format(columns=columns))
    with pytest.raises(StoreError, match=fault):
        import_board(store, str(tmp_path / "other.sqlite"))
    assert store.records() == []


def test_a_record_from_outside_is_held_to_everything():
    record = make_record()
    files = {record.score.targets_sha256: csv_of(0.5)}
    good = read_entry(record.to_json(), files)
    assert good.record == record
    assert good.files == {"targets.csv": csv_of(0.5)}
    spaced = json.dumps(json.loads(record.to_json())).encode()
    bad_date = make_record(created="yesterday").to_json()
    lying = failed().model_copy(update={"status": "value"}).to_json()
    for data in (spaced, bad_date, lying, b"{}", b" " * (MOST_RECORD_BYTES + 1)):
        with pytest.raises(InvalidRecordError):
            read_entry(data, files)
    for body in (b"neuroid_id,normalised\n", b"a,b\n1\n", b"\xff", b"", csv_of(0.5) * 2):
        named = record.score.model_copy(update={"targets_sha256": sha256_of_bytes(body)})
        with pytest.raises(InvalidDataError):
            read_entry(make_record(score=named).to_json(), {named.targets_sha256: body})
    with pytest.raises(InvalidDataError, match="SHA-256"):
        read_entry(record.to_json(), {record.score.targets_sha256: csv_of(0.6)})
    with pytest.raises(InvalidDataError, match="nothing"):
        read_entry(record.to_json(), {})


def test_a_record_with_a_number_beyond_all_tables_does_not_end_exports(store, tmp_path):
    store.add(make_record("huge", bundle=(10**20, "1" * 64)), csv_of(0.5))
    store.add(make_record("small"), csv_of(0.5))
    folder = export(store, tmp_path / "out")
    rows = pq.read_table(folder / "records.parquet").to_pylist()
    assert {row["candidate"]: row["candidate_version"] for row in rows} == {"huge": None, "small": 1}
    assert verify_export(folder).findings == ()
