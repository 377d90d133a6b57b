"""One changed byte anywhere in a store is found."""

import random

import pytest
import sqlalchemy as sa
from record_examples import csv_of, failed, make_record, with_resamples

from innerscore.leaderboard.database import open_engine
from innerscore.leaderboard.schema import ATTACHMENTS, RECORDS
from innerscore.leaderboard.verify import verify_store

FIRST = failed()


@pytest.fixture
def filled(store):
    store.add(FIRST)
    store.add(make_record(supersedes=FIRST.record_sha256), csv_of(0.5))
    store.add_all([with_resamples(make_record(seed=1), [[0.1, 0.5, 0.2], [0.2, 0.5, 0.4]])])
    return store


def tamper(url, *statements):
    """Change a store as somebody would who may switch its guards off, and switch them on again."""
    engine = open_engine(url)
    sqlite = engine.dialect.name == "sqlite"
    with engine.begin() as connection:
        switched = [
            connection.exec_driver_sql(f"SELECT sql FROM sqlite_master WHERE name = '{name}'").scalar()
            if sqlite
            else f"ALTER TABLE {name.partition('_')[0]} ENABLE TRIGGER ALL"
            for name in (
                "records_no_update",
                "records_no_delete",
                "attachments_no_update",
                "attachments_no_delete",
            )
        ]
        for name in (
            "records_no_update",
            "records_no_delete",
            "attachments_no_update",
            "attachments_no_delete",
        ):
            table = name.partition("_")[0]
            off = f"DROP TRIGGER {name}" if sqlite else f"ALTER TABLE {table} DISABLE TRIGGER ALL"
            connection.exec_driver_sql(off)
        for statement in statements:
            connection.execute(statement)
        for statement in switched:
            connection.exec_driver_sql(statement)
    engine.dispose()


def flipped(body, position):
    return body[:position] + bytes([body[position] ^ 1]) + body[position + 1 :]


def test_a_whole_store_has_no_findings(filled):
    found = verify_store(filled)
    assert found.findings == ()
    assert (found.n_records, found.n_files) == (3, 2)


@pytest.mark.parametrize("table", [RECORDS, ATTACHMENTS], ids=["record", "file"])
def test_one_changed_byte_is_found_wherever_it_is(filled, url, table):
    key = table.c.record_sha256 if table is RECORDS else table.c.sha256
    engine = open_engine(url)
    with engine.connect() as connection:
        rows = connection.execute(sa.select(key, table.c.body)).all()
    engine.dispose()
    places = [(sha256, bytes(body), spot) for sha256, body in rows for spot in range(len(body))]
    for sha256, body, spot in random.Random(0).sample(places, 12):
        tamper(url, table.update().where(key == sha256).values(body=flipped(body, spot)))
        (finding,) = verify_store(filled).findings
        assert sha256 in finding.what
        tamper(url, table.update().where(key == sha256).values(body=body))
    assert verify_store(filled).findings == ()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("run_sha256", "1" * 64),
        ("supersedes", "1" * 64),
        ("twin", "1" * 64),
        ("candidate", "another"),
        ("benchmark", "another"),
        ("benchmark_version", 9),
        ("data_sha256", "1" * 64),
        ("status", "value"),
        ("created", "1999"),
        ("record_sha256", "1" * 64),
    ],
)
def test_a_changed_column_is_found(filled, url, column, value):
    tamper(
        url, RECORDS.update().where(RECORDS.c.record_sha256 == FIRST.record_sha256).values({column: value})
    )
    assert verify_store(filled).findings


def test_what_is_missing_is_found(filled, url):
    tamper(
        url,
        RECORDS.delete().where(RECORDS.c.record_sha256 == FIRST.record_sha256),
        ATTACHMENTS.delete().where(ATTACHMENTS.c.sha256 == make_record().score.targets_sha256),
    )
    found = " ".join(map(str, verify_store(filled).findings))
    assert f"Record {FIRST.record_sha256}: missing" in found
    assert f"File {make_record().score.targets_sha256}: missing" in found


def test_a_file_that_nobody_names_is_found(filled, url):
    tamper(url, ATTACHMENTS.insert().values(sha256="1" * 64, body=b"x"))
    assert "no record names it" in {finding.got for finding in verify_store(filled).findings}


def test_a_guard_that_is_gone_is_found(filled, url):
    engine = open_engine(url)
    on = "" if "sqlite" in url else " ON records"
    name = "records_no_update" if "sqlite" in url else "records_no_change"
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DROP TRIGGER {name}{on}")
    engine.dispose()
    (finding,) = verify_store(filled).findings
    assert name in str(finding)


def test_a_broken_page_is_found(tmp_path):
    from innerscore.leaderboard.store import Store

    path = tmp_path / "b.sqlite"
    store = Store(f"sqlite:///{path}")
    for seed in range(60):
        store.add(make_record(seed=seed), csv_of(0.5))
    store.close()
    data = bytearray(path.read_bytes())
    for start in range(len(data) // 8192 * 4096, len(data) - 4096, 4096):
        data[start : start + 8] = b"\xff" * 8
    path.write_bytes(data)
    reopened = Store(f"sqlite:///{path}")
    assert verify_store(reopened).findings
