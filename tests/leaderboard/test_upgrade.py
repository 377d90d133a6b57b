"""Stores of other versions: migrated after a backup, rolled back, refused."""

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from old_store import VERSION_1, make_version_1
from record_examples import csv_of, failed, make_record, with_resamples

import innerscore.leaderboard
from innerscore.core.errors import InvalidInputError, StoreError
from innerscore.leaderboard.backup import back_up, roll_back_store
from innerscore.leaderboard.database import open_engine
from innerscore.leaderboard.inserting import Entry
from innerscore.leaderboard.opening import opened_unchanged
from innerscore.leaderboard.queue.tables import SUBMISSIONS
from innerscore.leaderboard.schema import REVISIONS
from innerscore.leaderboard.store import Store
from innerscore.leaderboard.verify import verify_store

MIGRATIONS = Path(innerscore.leaderboard.__file__).parent / "migrations"


def old_entries():
    """Entries that version 1 could hold, one of them a correction, not in the order of their hashes."""
    first = failed(schema_version=1)
    later = make_record(schema_version=1, supersedes=first.record_sha256)
    others = [make_record(seed=seed, schema_version=1) for seed in range(1, 40)]
    return [
        Entry(record, {} if record.score is None else {"targets.csv": csv_of(0.5)})
        for record in (first, later, *others)
    ]


@pytest.fixture
def old_url(tmp_path):
    return make_version_1(tmp_path / "board.sqlite", old_entries())


def dump(path):
    connection = sqlite3.connect(path)
    lines = [
        list(connection.execute(f"SELECT * FROM {table} ORDER BY rowid"))
        for table in ("records", "attachments")
    ]
    connection.close()
    return lines


def backups(url):
    path = Path(url.removeprefix("sqlite:///"))
    return sorted(path.parent.glob("*.backup.sqlite"))


def test_the_newest_migration_is_the_one_that_the_code_knows():
    script = ScriptDirectory(str(MIGRATIONS))
    assert tuple(revision.revision for revision in script.walk_revisions())[::-1] == REVISIONS


def test_an_older_store_is_migrated_with_a_backup_beside_it(old_url):
    before = dump(old_url.removeprefix("sqlite:///"))
    store = Store(old_url)
    assert [record.to_json() for record in store.records()] == [row[3] for row in before[0]]
    assert verify_store(store).findings == ()
    assert [str(path) for path in backups(old_url)] == [store.migrated_from]
    assert dump(store.migrated_from) == before
    assert Store(old_url).migrated_from is None
    assert store.add(make_record(seed=99), csv_of(0.5))


def test_a_migrated_store_can_be_rolled_back_for_the_older_version(old_url):
    before = dump(old_url.removeprefix("sqlite:///"))
    store = Store(old_url)
    store.add(make_record(seed=99, schema_version=1), csv_of(0.5))
    store.close()
    roll_back_to_version_1(old_url)
    path = old_url.removeprefix("sqlite:///")
    after = dump(path)
    assert (after[0][:-1], after[1]) == tuple(before)
    schema = [sorted(normalised_schema(source)) for source in (path, fresh(path))]
    assert schema[0] == schema[1]
    assert len(Store(old_url).records()) == len(before[0]) + 1


def roll_back_to_version_1(url):
    """One step for each version."""
    return [roll_back_store(url) for _ in REVISIONS[1:]]


def fresh(path):
    other = Path(path).with_name("fresh.sqlite")
    connection = sqlite3.connect(other)
    connection.executescript(VERSION_1)
    connection.close()
    return other


def normalised_schema(path):
    connection = sqlite3.connect(path)
    rows = connection.execute(
        "SELECT sql FROM sqlite_master WHERE name NOT LIKE 'alembic%' AND sql IS NOT NULL"
    )
    lines = [" ".join(sql.split()).lower() for (sql,) in rows]
    connection.close()
    return [line.replace("( ", "(").replace(" )", ")") for line in lines]


def test_a_rollback_that_would_lose_something_is_refused(store, url):
    entry = with_resamples(make_record(), [[0.1, 0.5, 0.2], [0.2, 0.5, 0.4]])
    store.add_all([entry])
    with pytest.raises(StoreError, match="1 records of a newer form"):
        roll_back_to_version_1(url)
    assert verify_store(Store(url)).findings == ()
    assert Store(url).migrated_from is None


def test_a_rollback_that_would_lose_a_submission_is_refused(store, url):
    engine = open_engine(url)
    with engine.begin() as connection:
        row = {column.name: 0 if column.type.python_type in (int, float) else "x" for column in SUBMISSIONS.c}
        connection.execute(SUBMISSIONS.insert(), [row | {"seq": 1}])
    engine.dispose()
    for revision in ("0007", "0006", "0005", "0004"):  # the steps before submissions lose none
        assert revision in roll_back_store(url)
    with pytest.raises(StoreError, match="1 submissions"):
        roll_back_store(url)
    assert "0003" in Store(url).migrated_from
    with engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(SUBMISSIONS)).scalar() == 1
    engine.dispose()


def test_both_databases_go_back_and_forth_without_loss(store, url):
    store.add_all(old_entries())
    bodies = [record.to_json() for record in store.records()]
    store.close()
    assert all(roll_back_to_version_1(url))
    again = Store(url)
    assert again.migrated_from
    assert [record.to_json() for record in again.records()] == bodies
    assert verify_store(again).findings == ()
    again.close()


def test_a_newer_store_is_refused_and_left_alone(store, url):
    store.close()
    engine = open_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0099'"))
    engine.dispose()
    for read in (lambda: Store(url), lambda: roll_back_store(url), lambda: opened_unchanged(url).__enter__()):
        with pytest.raises(StoreError, match="upgrade this one"):
            read()


def test_an_older_store_is_read_without_being_touched(old_url, tmp_path):
    path = Path(old_url.removeprefix("sqlite:///"))
    before = path.read_bytes()
    with opened_unchanged(old_url) as store:
        assert len(store.records()) == 41
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["board.sqlite"]


def test_a_backup_stands_by_itself(store, tmp_path):
    store.add_all([with_resamples(make_record(), [[0.1, 0.5, 0.2], [0.2, 0.5, 0.4]])])
    target = tmp_path / "copy" / "backup.sqlite"
    assert back_up(store, target) == 1
    before = target.read_bytes()
    copy = Store(f"sqlite:///{target}")
    assert copy.records() == store.records()
    assert verify_store(copy).findings == ()
    copy.close()
    assert [path.name for path in target.parent.iterdir()] == ["backup.sqlite"]
    assert target.read_bytes() == before
    with pytest.raises(InvalidInputError, match="new"):
        back_up(store, target)
