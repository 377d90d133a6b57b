"""Writers together, processes that die, disks that are full, folders that cannot be written: nothing is lost."""

import importlib
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from dying import KILLED, become_nobody, die_before_file_event, die_before_statement, finish, in_child, start
from old_store import make_version_1
from record_examples import csv_of, make_record, one_page, with_resamples

from innerscore.core.errors import InnerscoreError, InvalidInputError, StoreError
from innerscore.core.hashing import sha256_of_bytes
from innerscore.leaderboard.backup import back_up
from innerscore.leaderboard.board import make_board
from innerscore.leaderboard.export import export_board
from innerscore.leaderboard.importing import import_board
from innerscore.leaderboard.inserting import Entry
from innerscore.leaderboard.store import Store
from innerscore.leaderboard.verify import verify_store
from innerscore.leaderboard.verify_export import verify_export

WRITERS, EACH, SHARED = 4, 200, 20


def write_many(url, writer):
    store = Store(url)
    for number in range(EACH):
        record = make_record(seed=writer * 1000 + number, value=0.5 + writer)
        if not store.add(record, csv_of(0.5 + writer)):
            raise AssertionError(number)
        if number < SHARED:  # all writers try to store these
            store.add(make_record("shared", seed=number, created=f"by {writer}"), csv_of(0.5))


def test_four_writers_lose_and_double_nothing(url):
    children = [start(lambda writer=writer: write_many(url, writer)) for writer in range(WRITERS)]
    assert [finish(child) for child in children] == [0] * WRITERS
    store = Store(url)
    seeds = sorted(record.inputs.seed for record in store.records(candidate="c"))
    assert seeds == sorted(writer * 1000 + number for writer in range(WRITERS) for number in range(EACH))
    assert sorted(r.inputs.seed for r in store.records(candidate="shared")) == list(range(SHARED))
    assert verify_store(store).findings == ()
    store.close()


def test_who_opens_an_older_store_together_migrates_it_once(tmp_path):
    entries = [Entry(make_record(seed=s, schema_version=1), {"targets.csv": csv_of(0.5)}) for s in range(300)]
    url = make_version_1(tmp_path / "board.sqlite", entries)
    children = [start(lambda: Store(url)) for _ in range(4)]
    assert [finish(child) for child in children] == [0] * 4
    assert len(list(tmp_path.glob("*.backup.sqlite"))) == 1
    assert verify_store(Store(url)).n_records == 300


def test_a_writer_killed_at_any_statement_leaves_all_or_nothing(store, url):
    entry = with_resamples(make_record(seed=1), [[0.1, 0.5, 0.2], [0.2, 0.5, 0.4]])
    store.add(make_record(), csv_of(0.5))
    store.close()

    def add():
        Store(url).add(entry.record, files=entry.files)

    killed = 0
    while in_child(add, die_before_statement(killed)) == KILLED:
        found = Store(url)
        assert len(found.records()) == 1
        assert verify_store(found).findings == ()
        found.close()
        killed += 1
    assert killed > 6
    found = Store(url)
    assert len(found.records()) == 2
    assert not found.add(entry.record, files=entry.files)
    found.close()


def test_an_import_killed_on_its_way_leaves_all_or_nothing(store, url, tmp_path):
    other = Store(f"sqlite:///{tmp_path / 'other.sqlite'}")
    for seed in range(20):
        other.add(make_record(seed=seed), csv_of(0.5))
    other.close()
    store.close()
    killed = 0
    while in_child(lambda: import_board(Store(url), other.url), die_before_statement(3 * killed)) == KILLED:
        assert store.records() == []
        store.close()
        killed += 1
    assert killed > 5
    assert len(store.records()) == 20
    assert import_board(store, other.url).added == 0


def test_a_migration_killed_at_any_statement_leaves_the_old_store_or_the_new(tmp_path):
    entries = [Entry(make_record(seed=s, schema_version=1), {"targets.csv": csv_of(0.5)}) for s in range(30)]
    bodies = [entry.record.to_json() for entry in entries]
    pristine = make_version_1(tmp_path / "pristine.sqlite", entries).removeprefix("sqlite:///")
    number, killed = 0, 0
    while True:
        folder = tmp_path / str(number)
        folder.mkdir()
        path = Path(shutil.copy(pristine, folder / "board.sqlite"))
        status = in_child(lambda path=path: Store(f"sqlite:///{path}"), die_before_statement(number))
        for backup in folder.glob("*.backup.sqlite"):
            assert verify_store(Store(f"sqlite:///{backup}")).n_records == 30
        again = Store(f"sqlite:///{path}")
        assert [record.to_json() for record in again.records()] == bodies
        assert verify_store(again).findings == ()
        again.close()
        if status == 0:
            break
        assert status == KILLED
        killed += 1
        number += 4
    assert killed > 8


@pytest.fixture
def filled(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'board.sqlite'}")
    for seed in range(5):
        store.add(make_record(seed=seed), csv_of(0.5))
    return store


def export(store, folder):
    return export_board(make_board(store.latest(), {}, {}), store, folder, site=one_page)


def test_an_export_killed_anywhere_leaves_the_earlier_one_and_the_next_completes(filled, tmp_path):
    place = tmp_path / "exports"
    export(filled, place / "out")
    filled.close()
    number = killed = 0
    while True:
        status = in_child(lambda: export(filled, place / "out"), die_before_file_event(number, place))
        if status == 0:
            break
        assert status == KILLED
        if (place / "out").exists():
            assert verify_export(place / "out").findings == ()
        killed += 1
        number += 3
        if killed % 5 == 0:
            export(filled, place / "out")
            assert [path.name for path in place.iterdir()] == ["out"]
    assert killed > 10
    export(filled, place / "out")
    assert [path.name for path in place.iterdir()] == ["out"]
    assert verify_export(place / "out").findings == ()
    assert verify_store(filled).n_records == 5


def test_a_killed_export_between_its_two_moves_is_put_back_by_the_next(filled, tmp_path):
    place = tmp_path / "exports"
    export(filled, place / "out")
    dead = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True
    )
    (place / "out").rename(place / f".out.{dead.stdout.strip()}.old")
    with pytest.raises(RuntimeError):
        export_board(make_board([], {}, {}), filled, place / "out", site=broken_site)
    assert [path.name for path in place.iterdir()] == ["out"]
    assert verify_export(place / "out").findings == ()


def broken_site(folder):
    raise RuntimeError(folder)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of one megabyte; only root can make one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("needs the right to mount a file system")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill_up(folder, leave=0):
    """Leave that many bytes free."""
    free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
    (folder / "filler").write_bytes(b"\0" * (free - leave))


def test_a_full_disk_is_named_and_loses_nothing(small_disk):
    store = Store(f"sqlite:///{small_disk / 'board.sqlite'}")

    def add(seed):
        body = b"name,normalised\n" + b"n,0.5\n" * 4000 + f"n{seed},0.5\n".encode()
        store.add(with_targets(make_record(seed=seed), body), body)

    for seed in range(6):
        add(seed)
    fill_up(small_disk, leave=8192)
    with pytest.raises(StoreError, match=r"full.*Free some space"):
        add(6)
    assert verify_store(store).findings == ()
    assert len(store.records()) == 6
    (small_disk / "filler").unlink()
    add(6)
    assert verify_store(store).n_records == 7
    store.close()


def with_targets(record, body):
    named = {"targets_sha256": sha256_of_bytes(body)}
    return record.model_copy(update={"score": record.score.model_copy(update=named)})


def test_a_migration_without_room_leaves_the_old_store(small_disk):
    entries = [Entry(make_record(seed=s, schema_version=1), {"targets.csv": csv_of(0.5)}) for s in range(30)]
    url = make_version_1(small_disk / "board.sqlite", entries)
    fill_up(small_disk, leave=8192)
    before = (small_disk / "board.sqlite").read_bytes()
    with pytest.raises(InnerscoreError, match=r"full|space"):
        Store(url)
    assert (small_disk / "board.sqlite").read_bytes()[100:] == before[100:]
    (small_disk / "filler").unlink()
    store = Store(url)
    assert len(store.records()) == 30
    assert verify_store(store).findings == ()
    store.close()


def test_an_export_and_a_backup_without_room_leave_the_earlier_ones(filled, small_disk):
    export(filled, small_disk / "out")
    fill_up(small_disk, leave=20_000)
    with pytest.raises(InnerscoreError, match=r"[Ff]ree (some )?space|No space"):
        export(filled, small_disk / "out")
    with pytest.raises(InnerscoreError, match=r"[Ff]ree (some )?space|No space"):
        back_up(filled, small_disk / "backup.sqlite")
    assert verify_export(small_disk / "out").findings == ()
    assert sorted(path.name for path in small_disk.iterdir()) == ["filler", "out"]


def test_a_file_that_may_not_grow_is_named_and_loses_nothing(filled, capfd):
    filled.close()

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))

    def add():
        store = Store(filled.url)
        try:
            for seed in range(100, 1000):
                store.add(make_record(seed=seed), csv_of(0.5))
        except StoreError as error:
            print(error)

    assert in_child(add, limit) == 0
    assert "what was stored before is untouched" in capfd.readouterr().out
    found = verify_store(filled)
    assert found.findings == ()
    assert found.n_records > 5


@pytest.fixture
def open_folder():
    """A folder that others may read, unlike pytest's own."""
    importlib.import_module("alembic.command")  # a child that became nobody could not read it any more
    folder = Path(tempfile.mkdtemp(prefix="innerscore-"))
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def test_a_folder_that_may_only_be_read_is_named_and_loses_nothing(open_folder, capfd):
    entries = [Entry(make_record(schema_version=1), {"targets.csv": csv_of(0.5)})]
    old = make_version_1(open_folder / "old.sqlite", entries)
    store = Store(f"sqlite:///{open_folder / 'board.sqlite'}")
    store.add(make_record(), csv_of(0.5))
    export(store, open_folder / "out")
    store.close()
    open_folder.chmod(0o555)
    before = {path: path.read_bytes() for path in open_folder.rglob("*") if path.is_file()}

    def try_everything():
        attempts = (
            lambda: Store(store.url).add(make_record(seed=1), csv_of(0.5)),
            lambda: Store(old),
            lambda: Store(f"sqlite:///{open_folder / 'new.sqlite'}"),
            lambda: Store(f"sqlite:///{open_folder / 'below' / 'new.sqlite'}"),
            lambda: export_board(make_board([], {}, {}), None, open_folder / "out"),
            lambda: export_board(make_board([], {}, {}), None, open_folder / "new"),
        )
        for attempt in attempts:
            with pytest.raises((StoreError, InvalidInputError)) as caught:
                attempt()
            print(caught.value)

    assert in_child(try_everything, become_nobody) == 0
    messages = capfd.readouterr().out.splitlines()
    assert len(messages) == 6
    for message in messages:
        assert str(open_folder) in message
        assert any(hint in message for hint in ("Give yourself the right", "that can be written"))
    assert {path: path.read_bytes() for path in open_folder.rglob("*") if path.is_file()} == before


def test_an_export_in_a_folder_that_may_only_be_read_can_be_imported(open_folder, filled):
    export(filled, open_folder / "out")
    filled.close()
    for path in (open_folder / "out").rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    (open_folder / "out").chmod(0o555)

    def read():
        target = Store(f"sqlite:///{tempfile.mkdtemp()}/mine.sqlite")
        assert import_board(target, str(open_folder / "out")).added == 5
        assert import_board(target, str(open_folder / "out" / "board.sqlite")).added == 0

    assert in_child(read, become_nobody) == 0
