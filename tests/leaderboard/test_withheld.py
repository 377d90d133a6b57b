"""Records whose per-target values stay where they were computed: stored, verified, exported, imported, shown."""

import csv

import pytest
from record_examples import csv_of, failed, make_record, one_page, with_resamples

from innerscore.core.errors import InvalidDataError, StoreError
from innerscore.core.records import TARGETS_FILE
from innerscore.core.resamples import RESAMPLES_FILE
from innerscore.leaderboard.backup import roll_back_store
from innerscore.leaderboard.board import make_board
from innerscore.leaderboard.export import export_board
from innerscore.leaderboard.importing import import_board
from innerscore.leaderboard.incoming_records import read_entry
from innerscore.leaderboard.inserting import Entry, without_values
from innerscore.leaderboard.pages import BoardContents, write_site
from innerscore.leaderboard.store import Store
from innerscore.leaderboard.verify import verify_store
from innerscore.leaderboard.verify_export import verify_export

DRAWS = [[0.1, 0.5, 0.2], [0.2, 0.5, 0.4]]


@pytest.fixture
def entry():
    return with_resamples(make_record("withheld"), DRAWS)


@pytest.fixture
def filled(store, entry):
    """A store with one record as computed and one without its per-target values."""
    store.add_all([with_resamples(make_record("whole", value=0.6), DRAWS), without_values(entry)])
    store.add(failed("other", "Bee.y"))
    return store


def export(store, folder, site=one_page):
    export_board(make_board(store.latest(), {}, {}, resamples=store.resamples), store, folder, site=site)
    return folder


def test_resamples_stay_and_values_go(entry):
    kept = without_values(entry)
    assert (set(kept.files), kept.withheld) == ({RESAMPLES_FILE}, {TARGETS_FILE})
    assert kept.record is entry.record


def test_a_store_without_them_is_whole_and_ranks_as_one_with_them(filled, entry):
    assert verify_store(filled).findings == ()
    targets = entry.record.files[TARGETS_FILE]
    assert filled.withheld(entry.record.files.values()) == {targets}
    assert filled.attachments([targets]) == {}
    with pytest.raises(StoreError, match=targets):
        filled.attachment(targets)
    assert set(filled.resamples([entry.record])) == {entry.record.record_sha256}


def test_a_file_that_comes_later_is_there(filled, entry):
    targets = entry.record.files[TARGETS_FILE]
    filled.add(make_record("later"), csv_of(0.5))  # the same values, by chance
    assert filled.withheld([targets]) == set()
    assert filled.attachment(targets) == csv_of(0.5)


def test_an_export_lists_them_and_comes_back(filled, entry, tmp_path):
    folder = export(filled, tmp_path / "out")
    assert verify_export(folder).findings == ()
    with (folder / "withheld.csv").open() as file:
        assert [tuple(row.values()) for row in csv.DictReader(file)] == [
            (entry.record.record_sha256, TARGETS_FILE)
        ]
    other = Store(f"sqlite:///{tmp_path / 'other.sqlite'}")
    assert import_board(other, str(folder)).added == 3
    assert verify_store(other).findings == ()
    assert [one.to_json() for one in other.records()] == [one.to_json() for one in filled.records()]
    assert [one.withheld for one in other.entries()] == [one.withheld for one in filled.entries()]
    assert import_board(Store(f"sqlite:///{tmp_path / 'third.sqlite'}"), other.url).added == 3


def test_no_older_version_takes_the_store(filled, url):
    filled.close()
    with pytest.raises(StoreError, match="1 withheld files"):
        roll_back_store(url)


def test_a_file_that_is_missing_without_being_listed_is_a_fault(filled, tmp_path):
    folder = export(filled, tmp_path / "out")
    (folder / "withheld.csv").unlink()
    assert verify_export(folder).findings
    with pytest.raises(InvalidDataError):
        import_board(Store(f"sqlite:///{tmp_path / 'other.sqlite'}"), str(folder))


def test_what_ranks_and_names_a_candidate_cannot_be_withheld(store, entry):
    bare = Entry(entry.record, {}, withheld=frozenset(entry.record.files))
    with pytest.raises(StoreError, match=RESAMPLES_FILE):
        store.add_all([bare])
    with pytest.raises(InvalidDataError, match=RESAMPLES_FILE):
        read_entry(entry.record.to_json(), {}, withheld=frozenset(entry.record.files))
    assert store.count == 0


def test_pages_show_the_score_and_say_that_values_stay(filled, tmp_path):
    folder = export(filled, tmp_path / "out", lambda target: write_site(filled, BoardContents(), target))
    withheld = (folder / "candidates" / "withheld.html").read_text()
    assert "0.500" in withheld
    assert "which stay where they were computed" in withheld
    assert "which stay" not in (folder / "candidates" / "whole.html").read_text()
    assert (folder / "benchmarks" / "Bee.x.html").is_file()
