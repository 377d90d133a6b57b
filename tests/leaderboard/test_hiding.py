"""A hidden record is kept and verified, and the board is made as if it were not there."""

import csv
import io
import json

import pytest
import sqlalchemy as sa
from record_examples import csv_of, make_record, one_page, with_resamples

from innerscore.core.errors import InvalidArgumentError, StoreError, UnknownNameError
from innerscore.leaderboard.backup import back_up, roll_back_store
from innerscore.leaderboard.board import make_board
from innerscore.leaderboard.database import open_engine
from innerscore.leaderboard.export import export_board
from innerscore.leaderboard.importing import import_board
from innerscore.leaderboard.pages import BoardContents, write_site
from innerscore.leaderboard.schema import HIDINGS
from innerscore.leaderboard.store import Store
from innerscore.leaderboard.verify import verify_store
from innerscore.leaderboard.verify_export import verify_export

REASON = "copied from its neighbour"


def fill(store):
    """Three candidates, of which b is best."""
    records = [make_record(name, value=value) for name, value in (("a", 0.5), ("b", 0.7), ("c", 0.3))]
    for record in records:
        store.add(record, csv_of(record.score.normalised.value))
    return records


def board_of(store):
    return make_board(store.latest(), {}, {}, resamples=store.resamples)


def win_rates(store):
    return {row.candidate: row.win_rate for section in board_of(store).sections for row in section.rows}


def export(store, folder, **site):
    export_board(board_of(store), store, folder, **({"site": one_page} | site))
    return folder


@pytest.fixture
def other(tmp_path):
    opened = Store(f"sqlite:///{tmp_path / 'other.sqlite'}")
    yield opened
    opened.close()


def test_a_hidden_record_is_neither_read_nor_ranked_until_it_is_shown_again(store):
    a, b, c = fill(store)
    assert win_rates(store) == {"b": 1.0, "a": 0.5, "c": 0.0}
    before = store.edition
    store.hide(b.record_sha256, REASON)
    assert store.edition != before
    assert [one.record_sha256 for one in store.records()] == [a.record_sha256, c.record_sha256]
    assert win_rates(store) == {"a": 1.0, "c": 0.0}
    assert store.record(b.record_sha256) is None
    assert store.hiding(b.record_sha256).reason == REASON
    assert store.count == 3
    store.unhide(b.record_sha256, "it was not")
    assert win_rates(store) == {"b": 1.0, "a": 0.5, "c": 0.0}
    assert store.hidden() == []
    assert [(one.hidden, one.reason) for one in store.hidings()] == [(True, REASON), (False, "it was not")]


def test_a_record_is_hidden_anew_with_a_better_reason(store):
    a, *_ = fill(store)
    for reason in (REASON, "copied from b,\n  line by line"):
        store.hide(a.record_sha256, reason)
    assert [one.reason for one in store.hidden()] == ["copied from b, line by line"]


def test_a_hidden_record_supersedes_none_and_the_same_run_does_not_bring_it_back(store):
    first = make_record("a")
    forged = make_record("a", value=0.9, supersedes=first.record_sha256)
    store.add(first, csv_of(0.5))
    store.add(forged, csv_of(0.9))
    store.hide(forged.record_sha256, REASON)
    assert [one.record_sha256 for one in store.latest()] == [first.record_sha256]
    assert not store.add(forged, csv_of(0.9))
    assert store.current(first.run_sha256).record_sha256 == forged.record_sha256
    later = make_record("a", value=0.6, supersedes=forged.record_sha256)
    store.add(later, csv_of(0.6))
    assert later.record_sha256 in {one.record_sha256 for one in store.latest()}


@pytest.mark.parametrize("reason", ["", " \n", "x" * 501])
def test_a_reason_is_asked_for(store, reason):
    a, *_ = fill(store)
    with pytest.raises(InvalidArgumentError, match="The reason"):
        store.hide(a.record_sha256, reason)
    assert store.hidden() == []


def test_what_cannot_be_hidden_or_shown_is_refused(store):
    a, *_ = fill(store)
    with pytest.raises(UnknownNameError):
        store.hide("1" * 64, REASON)
    with pytest.raises(InvalidArgumentError, match="must be hidden"):
        store.unhide(a.record_sha256, REASON)


def test_a_store_with_hidden_records_is_verified_whole(store, url):
    a, *_ = fill(store)
    made = store.hide(a.record_sha256, REASON)
    found = verify_store(store)
    assert (found.n_records, found.n_files, found.findings) == (3, 3, ())
    engine = open_engine(url)
    changes = (
        HIDINGS.update().values(reason="another"),
        HIDINGS.delete(),
        HIDINGS.insert().prefix_with("OR REPLACE", dialect="sqlite").values(made.model_dump() | {
            "seq": 1, "hiding_sha256": "1" * 64, "reason": "another",
        }),
    )  # fmt: skip
    for change in changes:
        with pytest.raises(sa.exc.DBAPIError), engine.begin() as connection:
            connection.execute(change)
    off = "DROP TRIGGER hidings_no_update" if "sqlite" in url else "DROP TRIGGER hidings_no_change ON hidings"
    with engine.begin() as connection:
        connection.exec_driver_sql(off)
        connection.execute(changes[0])
    engine.dispose()
    faults = " ".join(map(str, verify_store(store).findings))
    assert off.split()[2] in faults
    assert made.hiding_sha256 in faults
    with pytest.raises(StoreError, match="changed from outside"):
        store.hidden()


def test_an_export_leaves_hidden_records_out_and_says_which(store, other, tmp_path):
    a, b, c = fill(store)
    store.hide(b.record_sha256, "=copied()")
    correction = make_record("b", value=0.6, supersedes=b.record_sha256)
    store.add(correction, csv_of(0.6))
    folder = export(
        store, tmp_path / "out", site=lambda target: write_site(store, BoardContents(), target) and None
    )
    assert verify_export(folder).findings == ()
    named = [path for path in folder.rglob("*") if path.is_file() and b.record_sha256 in path.name]
    assert named == []
    shown = {a.record_sha256, c.record_sha256, correction.record_sha256}
    with (folder / "records.csv").open(newline="") as file:
        assert {row["record_sha256"] for row in csv.DictReader(file)} == shown
    cells = json.loads((folder / "board.json").read_text())["cells"]
    assert {cell["record_sha256"] for cell in cells} == shown
    (hidden,) = csv.DictReader(io.StringIO((folder / "hidden.csv").read_text()))
    assert (hidden["record_sha256"], hidden["reason"]) == (b.record_sha256, "'=copied()")
    assert "=copied()" in (folder / "data.html").read_text()
    whole = Store(f"sqlite:///{folder / 'board.sqlite'}", must_exist=True)
    assert {row["record_sha256"] for row in whole.raw_records()} == shown
    whole.close()
    assert import_board(other, str(folder)).added == 3
    assert [one.record_sha256 for one in other.hidden()] == [b.record_sha256]
    assert verify_store(other).findings == ()


def test_a_backup_and_its_import_keep_hidden_records_hidden(store, other, tmp_path):
    a, b, _ = fill(store)
    store.hide(a.record_sha256, REASON)
    store.hide(b.record_sha256, REASON)
    store.unhide(b.record_sha256, "no")
    assert back_up(store, tmp_path / "backup.sqlite") == 3
    assert import_board(other, str(tmp_path / "backup.sqlite")).added == 3
    assert other.hidings() == store.hidings()
    assert {one.record_sha256 for one in other.records()} == {one.record_sha256 for one in store.records()}
    assert import_board(other, str(tmp_path / "backup.sqlite")).added == 0
    assert len(other.hidings()) == 3


def test_another_board_does_not_decide_on_records_that_were_here(store, other, url):
    a, b, _ = fill(store)
    fill(other)
    other.hide(a.record_sha256, REASON)
    assert import_board(store, other.url).added == 0
    assert store.hidden() == []
    store.hide(b.record_sha256, REASON)
    assert import_board(other, url).added == 0
    assert [one.record_sha256 for one in other.hidden()] == [a.record_sha256]


def test_files_of_hidden_records_alone_are_hidden(store):
    own = with_resamples(make_record("own"), [[0.1, 0.5, 0.2], [0.2, 0.5, 0.4]])
    copy = make_record("copy")
    store.add_all([own])
    store.add(copy, csv_of(0.5))
    shared, alone = own.record.files["targets.csv"], own.record.files["resamples.npy"]
    assert copy.files["targets.csv"] == shared
    assert not store.is_hidden_file(alone)
    store.hide(own.record.record_sha256, REASON)
    assert store.is_hidden_file(alone)
    assert not store.is_hidden_file(shared)


def test_a_rollback_that_would_show_hidden_records_is_refused(store, url):
    a, *_ = fill(store)
    store.hide(a.record_sha256, REASON)
    store.close()
    roll_back_store(url)  # the step after hidden records loses none
    with pytest.raises(StoreError, match="would show"):
        roll_back_store(url)
    assert [one.reason for one in Store(url).hidden()] == [REASON]
