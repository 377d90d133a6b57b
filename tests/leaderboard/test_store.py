import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from record_examples import csv_of, failed, make_record

from innerscore.core.errors import StoreError
from innerscore.leaderboard.store import Store


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'deep' / 'board.sqlite'}"


@pytest.fixture
def store(url):
    return Store(url)


def test_records_and_files_come_back_byte_for_byte(store, url):
    records = [make_record(seed=seed, value=0.1 * seed) for seed in range(3)]
    for seed, record in enumerate(records):
        assert store.add(record, csv_of(0.1 * seed))
    assert [record.to_json() for record in Store(url).records()] == [record.to_json() for record in records]
    assert store.attachment(records[2].score.targets_sha256) == csv_of(0.2)


def test_the_same_run_is_stored_once(store):
    assert store.add(make_record(), csv_of(0.5))
    assert not store.add(make_record(created="later"), csv_of(0.5))
    assert len(store.records()) == 1


def test_a_correction_supersedes_and_both_are_kept(store):
    first = failed()
    second = make_record(supersedes=first.record_sha256)
    store.add(first)
    assert store.current(first.run_sha256) == first
    store.add(second, csv_of(0.5))
    assert store.current(first.run_sha256) == second
    assert len(store.records()) == 2


def test_a_file_that_the_record_does_not_name_is_refused(store):
    for wrong in (csv_of(0.6), None):
        with pytest.raises(StoreError, match="per-target"):
            store.add(make_record(), wrong)
    assert store.records() == []


@pytest.mark.parametrize(
    "statement", ["UPDATE records SET body = x'00'", "DELETE FROM records", "DELETE FROM attachments"]
)
def test_the_database_refuses_change(store, url, statement):
    store.add(make_record(), csv_of(0.5))
    with (
        sqlite3.connect(url.removeprefix("sqlite:///")) as connection,
        pytest.raises(sqlite3.IntegrityError, match="never changed"),
    ):
        connection.execute(statement)


def test_a_byte_changed_behind_its_back_is_found(store, url):
    store.add(make_record(), csv_of(0.5))
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        connection.execute("DROP TRIGGER records_no_update")
        connection.execute("UPDATE records SET body = CAST(replace(body, '0.5', '0.9') AS BLOB)")
    with pytest.raises(StoreError, match="changed from outside") as caught:
        store.records()
    assert caught.value.exit_code == 6


@pytest.mark.parametrize("url", ["sqlite:////proc/nowhere/board.sqlite", "mysql://x", "no url"])
def test_a_store_that_cannot_be_is_refused(url):
    with pytest.raises(StoreError):
        Store(url)


def test_no_database_is_refused(tmp_path):
    (tmp_path / "b.sqlite").write_bytes(b"this is no database at all" * 100)
    with pytest.raises(StoreError, match="not a database"):
        Store(f"sqlite:///{tmp_path / 'b.sqlite'}")


WRITER = """
import sys
sys.path.insert(0, {folder!r})
from record_examples import csv_of, make_record
from innerscore.leaderboard.store import Store
store = Store({url!r})
for number in range(25):
    store.add(make_record(seed={writer} * 100 + number), csv_of(0.5))
    store.add(make_record(seed=10_000 + number), csv_of(0.5))  # all writers store these
"""


def test_writers_together_lose_and_double_nothing(url):
    codes = [WRITER.format(folder=str(Path(__file__).parent), url=url, writer=writer) for writer in range(4)]
    writers = [subprocess.Popen([sys.executable, "-c", code]) for code in codes]
    assert [writer.wait() for writer in writers] == [0] * 4
    seeds = [record.inputs.seed for record in Store(url).records()]
    assert len(seeds) == len(set(seeds)) == 4 * 25 + 25


KILLED = """
import sys
sys.path.insert(0, {folder!r})
from record_examples import csv_of, make_record
from innerscore.leaderboard.store import Store
store = Store({url!r})
for seed in range(100000):
    store.add(make_record(seed=seed), csv_of(0.5))
    print(seed, flush=True)
"""


def test_a_writer_killed_while_writing_leaves_whole_records_only(url):
    code = KILLED.format(folder=str(Path(__file__).parent), url=url)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        while process.stdout.readline().strip() != "20":
            pass
        time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    records = Store(url).records()
    assert len(records) >= 21
    for record in records:
        assert Store(url).attachment(record.score.targets_sha256) == csv_of(0.5)
    assert Store(url).add(make_record(seed=999_999), csv_of(0.5))
