"""What strangers wrote is shown by a terminal, and never obeyed."""

import json

import pytest
from candidate_folder import write_candidate
from command_line import call
from record_examples import csv_of, make_record

from innerscore.cli import output
from innerscore.cli.tables import print_table
from innerscore.core.errors import InvalidDataError
from innerscore.leaderboard.database import open_engine
from innerscore.leaderboard.queue.tables import EVENTS, SUBMISSIONS
from innerscore.leaderboard.store import Store

HOSTILE = "Title \x1b]0;x\x07 \u202eelif\u202c \x9b2J \x7f [/red] [bold]b :smile: \r\u2028 ünïcödé"
SHOWN = r"Title \u001b]0;x\u0007 \u202eelif\u202c \u009b2J \u007f [/red] [bold]b :smile: \u000d\u2028 ünïcödé"
OBEYED = {*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0)), *"\u202e\u202c\u2066\u2028"} - {"\n", "\t"}


def assert_shown(text):
    assert not OBEYED & set(text), text
    assert "]0;x" in text


def test_characters_of_control_are_shown_wherever_something_is_written(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    output.write(HOSTILE)
    output.say(HOSTILE)
    output.report_error(InvalidDataError(HOSTILE, got=HOSTILE, needed="plain"), as_json=True)
    print_table([(HOSTILE, "a")], (HOSTILE, "b"))
    said = capsys.readouterr()
    assert said.out.splitlines()[0] == SHOWN
    assert said.err.splitlines()[0] == SHOWN
    assert said.out.splitlines()[-2].startswith(SHOWN)
    for text in said:
        assert_shown(text)


def test_text_of_any_language_and_lines_stay_as_they_are():
    text = "שלום, 你好\n\tπ ≈ 3 👩‍🔬 e\u0301"
    assert output.visible(text) == text
    assert output.visible("a\udcffb") == r"a\udcffb"


def test_json_holds_the_same_text(capsys):
    output.emit_json({HOSTILE: [HOSTILE]})
    text = capsys.readouterr().out
    assert_shown(text)
    assert json.loads(text) == {HOSTILE: [HOSTILE]}


def test_a_hostile_card_is_listed_and_shown(tmp_path, monkeypatch):
    write_candidate(tmp_path / "candidates", "", title=HOSTILE, authors=[HOSTILE], description=HOSTILE)
    monkeypatch.setenv("INNERSCORE_PLUGINS", str(tmp_path))
    for arguments in (
        ["list", "candidates"], ["list", "--json"], ["info", "example"], ["info", "example", "--json"],
    ):  # fmt: skip
        done = call(*arguments)
        assert done.returncode == 0, done.stderr
        assert_shown(done.stdout)


@pytest.fixture
def store(tmp_path):
    """The store of the settings, with a record of a hostile name and a submission that failed."""
    opened = Store(f"sqlite:///{tmp_path / 'data' / 'board.sqlite'}")
    opened.add(make_record(HOSTILE), csv_of(0.5))
    engine = open_engine(opened.url)
    with engine.begin() as connection:
        row = {
            column.name: 0 if column.type.python_type in (int, float) else HOSTILE for column in SUBMISSIONS.c
        }
        row |= {"seq": 1, "identifier": "s1", "state": "failed", "benchmarks": "[]"}
        connection.execute(SUBMISSIONS.insert(), [row])
        event = {column.name: HOSTILE for column in EVENTS.c} | {
            "seq": 1,
            "submission": "s1",
            "state": "failed",
        }
        connection.execute(EVENTS.insert(), [event])
    engine.dispose()
    opened.close()
    return opened


def test_hostile_records_and_submissions_are_shown(store):
    sha256 = store.records()[0].record_sha256
    commands = (
        ["board"], ["board", "--json"], ["submission", "list"], ["submission", "show", "s1"],
        ["board", "hide", sha256, "--reason", HOSTILE, "--json"], ["board", "hidden"],
    )  # fmt: skip
    for arguments in commands:
        done = call(*arguments)
        assert done.returncode == 0, done.stderr
        assert_shown(done.stdout)


def test_an_error_shows_what_it_got(tmp_path):
    done = call("info", HOSTILE)
    assert done.returncode == 5
    assert_shown(done.stderr)
    write_candidate(tmp_path / "mine", "", entry=HOSTILE)
    done = call("--debug", "check", tmp_path / "mine")
    assert done.returncode == 3
    assert_shown(done.stdout + done.stderr)
