"""Export, import and the store's commands, run as a user runs them."""

import json
import sqlite3
from pathlib import Path

import pytest
import record_examples
from command_line import call
from old_store import make_version_1

from innerscore.leaderboard.schema import REVISIONS
from innerscore.leaderboard.store import Store


@pytest.fixture
def store(tmp_path):
    """The store of the settings, with two records."""
    opened = Store(f"sqlite:///{tmp_path / 'data' / 'board.sqlite'}")
    opened.add(record_examples.make_record(), record_examples.csv_of(0.5))
    opened.add(record_examples.failed("d"))
    opened.close()
    return opened


def test_a_board_goes_out_and_comes_back_byte_for_byte(tmp_path, store):
    assert call("board", "export", tmp_path / "out").returncode == 0
    checked = json.loads(call("store", "verify", tmp_path / "out", "--json").stdout)
    assert (checked["records"], checked["findings"]) == (2, [])
    other = f"sqlite:///{tmp_path / 'second' / 'mine.sqlite'}"
    done = call("board", "import", tmp_path / "out", store.url, "--json", INNERSCORE_STORE_URL=other)
    assert [(one["added"], one["known"]) for one in json.loads(done.stdout)["imported"]] == [(2, 0), (0, 2)]
    assert [one.to_json() for one in Store(other).records()] == [one.to_json() for one in store.records()]


def test_a_changed_byte_has_exit_code_6_and_is_not_imported(tmp_path, store):
    assert "2 records and 1 file: all as they were stored" in call("store", "verify").stdout
    with sqlite3.connect(tmp_path / "data" / "board.sqlite") as connection:
        connection.execute("DROP TRIGGER records_no_update")
        connection.execute(
            "UPDATE records SET body = CAST(replace(body, '\"seed\":0', '\"seed\":1') AS BLOB)"
        )
    checked = call("store", "verify", "--json")
    assert checked.returncode == 6
    assert store_names(checked.stdout) >= {"The database"}
    assert "records_no_update" in checked.stderr
    assert "SHA-256" in checked.stderr
    refused = call("board", "import", store.url, INNERSCORE_DATA_DIR=tmp_path / "other")
    assert refused.returncode == 3
    assert "Nothing was imported" in refused.stderr


def store_names(text):
    return {finding["what"] for finding in json.loads(text)["findings"]}


@pytest.mark.parametrize("wrong", ["nowhere.sqlite", "mysql://me:secret@x/y"])
def test_a_target_that_is_no_board_is_named(tmp_path, monkeypatch, wrong):
    monkeypatch.chdir(tmp_path)
    for command in (("store", "verify"), ("board", "import")):
        result = call(*command, wrong)
        assert result.returncode == 6
        assert wrong.partition(":")[0] in result.stderr
        assert "Traceback" not in result.stderr
        assert "secret" not in result.stderr
    assert not (tmp_path / "nowhere.sqlite").exists()


def test_an_old_store_is_migrated_said_so_and_rolled_back(tmp_path):
    make_version_1(tmp_path / "data" / "board.sqlite", [])
    shown = call("store", "status", "--json")
    assert json.loads(shown.stdout)["records"] == 0
    assert ".backup.sqlite" in shown.stderr
    for _ in REVISIONS[1:]:  # one version at a time, back to the first
        assert Path(json.loads(call("store", "rollback", "--json").stdout)["kept"]).is_file()
    again = call("store", "rollback")
    assert again.returncode == 6
    assert "schema version 0001" in again.stderr


def test_a_backup_is_a_store_and_is_never_written_over(tmp_path, store):
    copy = tmp_path / "copy.sqlite"
    assert "2 records copied" in call("store", "backup", copy).stdout
    assert Store(f"sqlite:///{copy}").records() == store.records()
    assert call("store", "backup", copy).returncode == 3


def test_a_record_is_hidden_listed_left_out_and_shown_again(tmp_path, store):
    (first, _) = store.records()
    done = call("board", "hide", first.record_sha256, "--reason", "copied \x1b]0;x\x07")
    assert done.returncode == 0, done.stderr
    cells = json.loads(call("board", "--json").stdout)["cells"]
    assert first.record_sha256 not in {cell["record_sha256"] for cell in cells}
    assert "copied" in call("board", "hidden").stdout
    assert json.loads(call("store", "status", "--json").stdout)["hidden"] == 1
    assert "2 records and 1 file" in call("store", "verify").stdout
    assert "left out, as hidden: 1 record (" in call("board", "export", tmp_path / "out").stdout
    assert not (tmp_path / "out" / "records" / f"{first.record_sha256}.json").exists()
    assert call("board", "unhide", first.record_sha256, "--reason", "it was not").returncode == 0
    assert json.loads(call("board", "hidden", "--json").stdout) == {"hidden": []}
    every = json.loads(call("board", "hidden", "--all", "--json").stdout)["hidden"]
    assert [one["hidden"] for one in every] == [True, False]
    unknown = call("board", "hide", "1" * 64, "--reason", "x")
    assert (unknown.returncode, "Traceback" in unknown.stderr) == (5, False)
