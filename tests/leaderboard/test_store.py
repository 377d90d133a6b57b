"""The store, on SQLite and on PostgreSQL."""

import sqlite3

import pytest
import sqlalchemy as sa
from record_examples import csv_of, failed, make_record, with_resamples

from innerscore.core.errors import StoreError
from innerscore.leaderboard.database import open_engine, safe_url
from innerscore.leaderboard.schema import RECORDS
from innerscore.leaderboard.store import Entry, Store


def execute(url, *statements):
    """What somebody with the database's own tools would do."""
    engine = open_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def test_records_and_files_come_back_byte_for_byte(store, url):
    records = [make_record(seed=seed, value=0.1 * seed) for seed in range(3)]
    for seed, record in enumerate(records):
        assert store.add(record, csv_of(0.1 * seed))
    assert [record.to_json() for record in Store(url).records()] == [record.to_json() for record in records]
    assert store.attachment(records[2].score.targets_sha256) == csv_of(0.2)
    assert store.record(records[1].record_sha256) == records[1]
    assert store.record("1" * 64) is None


def test_further_files_are_kept_and_resamples_read(store):
    entry = with_resamples(make_record(), [[0.1, 0.5, 0.2], [0.2, 0.5, 0.4]])
    assert store.add(entry.record, files=entry.files)
    found = store.resamples(store.records())[entry.record.record_sha256]
    assert found.values.tolist() == pytest.approx(np_like([[0.1, 0.5, 0.2], [0.2, 0.5, 0.4]]))
    assert store.resamples([failed()]) == {}
    (again,) = store.entries()
    assert again.files == entry.files


def np_like(rows):
    return [pytest.approx(row, rel=1e-6) for row in rows]


def test_the_same_run_is_stored_once(store):
    assert store.add(make_record(), csv_of(0.5))
    before = store.position
    assert not store.add(make_record(created="later"), csv_of(0.5))
    assert len(store.records()) == 1
    assert store.position == before


def test_a_correction_supersedes_and_both_are_kept(store):
    first = failed()
    second = make_record(supersedes=first.record_sha256)
    store.add(first)
    assert store.current(first.run_sha256) == first
    store.add(second, csv_of(0.5))
    assert store.current(first.run_sha256) == second
    assert len(store.records()) == 2
    assert store.latest() == [second]


def test_a_correction_of_nothing_is_refused_and_leaves_nothing(store):
    with pytest.raises(StoreError, match="not here"):
        store.add(make_record(supersedes="1" * 64), csv_of(0.5))
    assert store.records() == []
    with pytest.raises(StoreError, match="nothing"):
        store.attachment(make_record().score.targets_sha256)


def test_a_file_that_the_record_does_not_name_is_refused(store):
    for wrong in (csv_of(0.6), None):
        with pytest.raises(StoreError, match="per-target"):
            store.add(make_record(), wrong)
    with pytest.raises(StoreError, match=r"'more\.npy'"):
        store.add(make_record(), csv_of(0.5), {"more.npy": b"x"})
    assert store.records() == []


def test_records_are_found_by_candidate_benchmark_and_position(store):
    for name in ("a", "b"):
        for benchmark in ("Bee.x", "Bee.y"):
            store.add(make_record(name, benchmark), csv_of(0.5))
    assert [r.inputs.benchmark.identifier for r in store.records(candidate="b")] == ["Bee.x", "Bee.y"]
    assert [r.inputs.candidate.identifier for r in store.records(benchmark="Bee.y")] == ["a", "b"]
    before = store.position
    store.add(make_record("c"), csv_of(0.5))
    assert [r.inputs.candidate.identifier for r in store.records(after=before)] == ["c"]


def test_the_latest_of_a_place_is_the_last_made_that_none_supersedes(store):
    old, new = make_record(seed=1, created="2026-01-01"), make_record(seed=2, created="2026-02-01")
    for record in (new, old, make_record("b"), make_record(version=2), failed(data="1" * 64)):
        store.add(record, None if record.score is None else csv_of(0.5))
    assert new in store.latest()
    assert old not in store.latest()
    assert len(store.latest()) == 4


@pytest.mark.parametrize("table", ["records", "attachments"])
def test_the_database_refuses_change(store, url, table):
    store.add(make_record(), csv_of(0.5))
    others = f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}", f"TRUNCATE {table}"
    statements = [f"UPDATE {table} SET body = body", f"DELETE FROM {table}", others["postgres" in url]]
    for statement in statements:
        with pytest.raises(sa.exc.DBAPIError, match="never changed"):
            execute(url, statement)
    assert len(list(store.entries())) == 1


def test_a_byte_changed_behind_its_back_is_found(store, url):
    store.add(make_record(), csv_of(0.5))
    if "sqlite" in url:
        change = "UPDATE records SET body = CAST(replace(body, '0.5', '0.9') AS BLOB)"
        execute(url, "DROP TRIGGER records_no_update", change)
    else:
        change = "UPDATE records SET body = replace(convert_from(body, 'UTF8'), '0.5', '0.9')::bytea"
        execute(url, "ALTER TABLE records DISABLE TRIGGER ALL", change)
    with pytest.raises(StoreError, match="changed from outside") as caught:
        store.records()
    assert caught.value.exit_code == 6


def test_entries_of_another_board_are_added_wholly_or_not_at_all(store):
    good = [Entry(make_record(seed=seed), {"targets.csv": csv_of(0.5)}) for seed in range(3)]
    with pytest.raises(StoreError, match="per-target"):
        store.add_all([*good, Entry(make_record(seed=9), {"targets.csv": b"wrong"})])
    assert store.records() == []
    assert store.add_all(good) == 3
    assert store.add_all(good) == 0


def test_a_run_that_was_done_on_both_boards_is_kept_twice(store):
    mine, theirs = make_record(), make_record(created="elsewhere")
    correction = make_record(value=0.6, supersedes=theirs.record_sha256)
    store.add(mine, csv_of(0.5))
    entries = [
        Entry(theirs, {"targets.csv": csv_of(0.5)}),
        Entry(correction, {"targets.csv": csv_of(0.6)}),
    ]
    assert store.add_all(entries) == 2
    assert store.records() == [mine, theirs, correction]
    assert not store.add(make_record(created="again"), csv_of(0.5))


def test_pages_join_without_loss(store, monkeypatch):
    monkeypatch.setattr("innerscore.leaderboard.store.BATCH", 3)
    for seed in range(10):
        store.add(make_record(seed=seed), csv_of(0.5))
    assert [entry.record.inputs.seed for entry in store.entries()] == list(range(10))


def test_the_tables_are_those_that_the_migrations_make(store, url):
    engine = open_engine(url)
    found = {column["name"]: column["nullable"] for column in sa.inspect(engine).get_columns("records")}
    assert found == {column.name: column.nullable for column in RECORDS.columns}
    engine.dispose()


@pytest.mark.parametrize("wrong", ["sqlite:////proc/nowhere/board.sqlite", "mysql://x", "no url"])
def test_a_store_that_cannot_be_is_refused(wrong):
    with pytest.raises(StoreError):
        Store(wrong)


def test_a_server_that_is_not_there_is_named_without_the_password(tmp_path):
    wrong = f"postgresql://me:secret@/b?host={tmp_path}"
    with pytest.raises(StoreError, match="me:") as caught:
        Store(wrong)
    assert "secret" not in str(caught.value)
    assert "secret" not in safe_url(wrong)
    assert "secret" not in safe_url("not really://me:secret@host")


def test_no_database_is_refused(tmp_path):
    (tmp_path / "b.sqlite").write_bytes(b"this is no database at all" * 100)
    with pytest.raises(StoreError, match="not a database"):
        Store(f"sqlite:///{tmp_path / 'b.sqlite'}")


def test_a_file_that_must_be_there_is_not_made(tmp_path):
    with pytest.raises(StoreError, match="no such file"):
        Store(f"sqlite:///{tmp_path / 'b.sqlite'}", must_exist=True)
    assert not list(tmp_path.iterdir())


def test_tables_of_something_else_are_left_alone(tmp_path):
    path = tmp_path / "b.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    with pytest.raises(StoreError, match="recipes"):
        Store(f"sqlite:///{path}")
