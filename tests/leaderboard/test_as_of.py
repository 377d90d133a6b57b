"""The board of an earlier day: what was made later is not there, nor does it supersede or hide anything else."""

import json
from datetime import date

import pytest
from record_examples import csv_of, failed, make_record

from innerscore.core.days import read_day
from innerscore.core.errors import InvalidInputError
from innerscore.leaderboard.board import make_board
from innerscore.leaderboard.store import Store

FIRST, SECOND = date(2026, 1, 1), date(2026, 1, 2)


@pytest.fixture
def grown(store):
    """A record of the last moment of a day, its correction on the next, and another candidate's then."""
    first = make_record("a", value=0.5, created="2026-01-01T23:59:59.999999+00:00")
    corrected = make_record(
        "a", value=0.4, supersedes=first.record_sha256, created="2026-01-02T00:00:00+00:00"
    )
    store.add(first, csv_of(0.5))
    store.add(corrected, csv_of(0.4))
    store.add(failed("b", created="2026-01-02T09:00:00+00:00"))
    return store


def shown(store):
    board = make_board(store.latest(), {}, {})
    return {
        row.candidate: row.cells[0].value
        for section in board.sections
        for row in section.rows
        if row.was_tried
    }


def test_a_day_shows_what_was_made_by_its_end(grown):
    assert shown(grown.as_of(FIRST)) == {"a": 0.5}
    assert shown(grown.as_of(SECOND)) == pytest.approx({"a": 0.4, "b": float("nan")}, nan_ok=True)
    assert shown(grown) == pytest.approx({"a": 0.4, "b": float("nan")}, nan_ok=True)
    assert shown(grown.as_of(date(2025, 12, 31))) == {}
    assert shown(grown.as_of(date.max)).keys() == {"a", "b"}


def test_a_copy_of_a_day_is_a_whole_store(grown, tmp_path):
    assert grown.as_of(FIRST).copy_to(tmp_path / "past.sqlite") == 1
    copy = Store(f"sqlite:///{tmp_path / 'past.sqlite'}")
    assert [record.created[:10] for record in copy.records()] == ["2026-01-01"]
    assert copy.as_of(FIRST).day == FIRST
    assert copy.day is None


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "", "2026-11-30' OR 1=1 --"])
def test_what_is_no_day_is_refused(text):
    with pytest.raises(InvalidInputError, match="a date such as"):
        read_day(text)


def test_the_command_and_the_export_are_of_that_day(settings, monkeypatch, tmp_path):
    from typer.testing import CliRunner

    from innerscore.cli.app import app

    store = Store(settings.store)
    store.add(make_record("a", value=0.5, created="2026-01-01T10:00:00+00:00"), csv_of(0.5))
    store.add(make_record("b", value=0.6, created="2026-01-03T10:00:00+00:00"), csv_of(0.6))
    store.close()
    monkeypatch.setenv("INNERSCORE_STORE_URL", settings.store)
    monkeypatch.setenv("INNERSCORE_DATA_DIR", str(settings.data_dir))
    said = CliRunner().invoke(app, ["board", "--as-of", "2026-01-02", "--json"])
    cells = [cell for cell in json.loads(said.stdout)["cells"] if cell["state"] == "value"]
    assert [cell["candidate"] for cell in cells] == ["a"]
    assert type(CliRunner().invoke(app, ["board", "--as-of", "soon"]).exception) is InvalidInputError
