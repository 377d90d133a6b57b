"""The last version's names of commands and options: they do the same, and say what they are called now."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from innerscore.cli.app import app
from innerscore.cli.renamed import renamed

ROOT = Path(__file__).resolve().parents[2]
OLD = ("validate", "verify", "status", "stimuli", "export", "import", "serve", "token")
FOLDERS = (
    ".github",
    "checking",
    "cli",
    "core",
    "docs",
    "leaderboard",
    "scaffold",
    "scoring",
    "studies",
    "worker",
)


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("verify", "store verify"),
        ("verify board.sqlite --json", "store verify board.sqlite --json"),
        ("stimuli SimulatedMEC.rsa out", "export-stimuli SimulatedMEC.rsa out"),
        ("export out --own a --own=b", "board export out --highlight a --highlight=b"),
        ("import there", "board import there"),
        ("serve --port 0 --own a", "board serve --port 0 --highlight a"),
        ("token", "board token"),
        ("token list --json", "board token list --json"),
        ("validate --fresh 3 -b x", "recovery --resample-conditions 3 -b x"),
        ("status", "submission list"),
        ("status --json --token t", "submission list --json"),
        ("status s-1", "submission show s-1"),
        ("status --url http://a --token t s-1", "submission show s-1 --url http://a"),
        ("status s-1 --token t --withdraw --json", "submission withdraw s-1 --token t --json"),
        ("status --withdraw", "submission list --withdraw"),  # refused, as it was
        ("board export out --own a", "board export out --highlight a"),
        ("recovery --fresh=2", "recovery --resample-conditions=2"),
    ],
)
def test_an_old_name_is_todays_with_a_note(old, new):
    found = renamed(old.split())
    assert found.arguments == tuple(new.split())
    assert found.notes
    assert renamed(found.arguments) == type(found)(found.arguments)


@pytest.mark.parametrize(
    "arguments", ["", "--help", "board --json", "board serve", "data status --verify", "info verify"]
)
def test_todays_names_are_left_alone(arguments):
    assert renamed(arguments.split()).arguments == tuple(arguments.split())
    assert renamed(arguments.split()).notes == ()


def test_an_old_command_says_one_line_on_standard_error_and_the_same_on_standard_output():
    run("store", "status")  # makes the store
    old, new = run("verify", "--json"), run("store", "verify", "--json")
    assert (old.exit_code, old.stdout) == (new.exit_code, new.stdout) == (0, new.stdout)
    assert json.loads(old.stdout)["findings"] == []
    assert new.stderr == ""
    assert old.stderr == (
        "innerscore verify is called 'innerscore store verify' now; the old name goes with the next release.\n"
    )


def test_an_old_command_refuses_as_the_new_one_does():
    old, new = run("status", "s-none"), run("submission", "show", "s-none")
    assert old.exception.exit_code == new.exception.exit_code == 5
    for arguments in (
        ["status", "--withdraw"],
        ["status", "--url", "http://localhost"],
        ["verify", "--nothing"],
    ):
        assert run(*arguments).exit_code == 2


def test_an_old_option_of_an_old_command_marks_a_candidate_in_an_export(tmp_path):
    done = run("export", tmp_path / "out", "--own", "pixels")
    assert done.exit_code == 0
    assert re.findall("called '(.*?)'", done.stderr) == ["innerscore board export", "--highlight"]
    pages = tmp_path / "out" / "candidates"
    marked = ['<span class="own">' in (pages / f"{name}.html").read_text() for name in ("pixels", "position")]
    assert marked == [True, False]


def test_the_board_is_shown_where_no_command_of_its_group_is_named():
    shown, named = run("board", "--json"), run("board", "show", "--json")
    assert shown.stdout == named.stdout
    assert "cells" in json.loads(shown.stdout)
    assert "Show, export, import, update and serve" in run("board", "--help").stdout
    assert "No such command" in run("board", "shwo").stderr


def test_help_names_no_old_command():
    listed = re.findall(r"^  ([\w-]+)  ", run("--help").stdout.split("Commands:")[1], flags=re.M)
    assert not set(listed) & set(OLD)


def texts():
    """All that a reader is told: documents, pages, templates, hints and docstrings, without what once was."""
    kinds = (".md", ".html", ".js", ".py", ".tmpl")
    below = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in kinds]
    history = (ROOT / "CHANGELOG.md", ROOT / "cli" / "renamed.py")
    return [path for path in (*ROOT.glob("*.md"), ROOT / "Makefile", *below) if path not in history]


def test_no_text_tells_a_reader_to_use_an_old_name():
    old = re.compile(rf"(?<!from )innerscore ({'|'.join(OLD)})(?![\w-])")
    found = [(path, match.group()) for path in texts() for match in old.finditer(path.read_text())]
    assert found == []
