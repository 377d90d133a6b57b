"""The examples of docs/extending.md: put into a copy of the repository, where each then works."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "extending.md").read_text()
NEW_FILE = re.compile(r"^`([\w./-]+)`\n\n```\w+\n(.*?)^```$", flags=re.M | re.S)
EDIT = re.compile(r"^```diff\n\+\+\+ (\S+)\n(.*?)^```$", flags=re.M | re.S)


def edited(text, diff):
    """A text with one hunk applied, whose context stands in it exactly once."""
    lines = [(line[:1], line[1:]) for line in diff.splitlines()]
    before = "\n".join(line for mark, line in lines if mark != "+")
    after = "\n".join(line for mark, line in lines if mark != "-")
    assert text.count(before) == 1, before
    return text.replace(before, after)


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A folder that holds the package with all examples in it."""
    parent = tmp_path_factory.mktemp("copy")
    package = parent / "innerscore"
    tracked = subprocess.run(["git", "-C", ROOT, "ls-files"], capture_output=True, text=True, check=True)
    for name in tracked.stdout.splitlines():
        if not name.startswith(("tests/", "docs/")):
            (package / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, package / name)
    for name, content in NEW_FILE.findall(PAGE):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        assert not (package / name).exists()
        (package / name).write_text(content)
    for name, diff in EDIT.findall(PAGE):
        (package / name).write_text(edited((package / name).read_text(), diff))
    return parent


# Several commands in one process, since each start takes seconds; a failure is the process's own.
COMMANDS = """
import json, sys
from typer.testing import CliRunner
from innerscore.cli.app import app

def said(command):
    return CliRunner().invoke(app, command, catch_exceptions=False).stdout

print(json.dumps([said(command) for command in json.loads(sys.argv[1])]))
"""


@pytest.fixture
def run(copy, tmp_path):
    """Runs a program with the copy's package, and gives what it prints."""

    def call(program, *arguments):
        environment = {**os.environ, "PYTHONPATH": str(copy)}
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return call


@pytest.fixture
def run_commands(run):
    """Runs commands of the copy's innerscore, and gives what each prints."""
    return lambda *lines: json.loads(run(COMMANDS, json.dumps([line.split() for line in lines])))


def test_every_block_of_the_page_is_tried():
    blocks = re.findall(r"^```\w+$", PAGE, flags=re.M)
    assert len(NEW_FILE.findall(PAGE)) + len(EDIT.findall(PAGE)) == len(blocks)


def test_the_examples_are_in_the_style_of_the_house(copy):
    package = copy / "innerscore"
    names = [name for name, _ in NEW_FILE.findall(PAGE) if name.endswith(".py")]
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--no-cache", *names],
            cwd=package,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_metric_and_its_benchmark_score_and_a_page_and_a_command_show_it(run_commands, tmp_path):
    _, counted, of_suite, _, verified = run_commands(
        "score velocity --benchmark SimulatedMEC.mean-activity",
        "count --json",
        "board --suite mylab-space --json",
        "board export site",
        "store verify",
    )
    cells = json.loads(of_suite)["cells"]
    assert {cell["benchmark"] for cell in cells} == {"SimulatedMEC.mean-activity"}
    assert {cell["win_rate"] for cell in cells} == {None}  # a part of the suite has none
    assert json.loads(counted) == {"records": 1}
    assert "all as they were stored" in verified
    assert "Rows of each candidate" in (tmp_path / "site" / "records.html").read_text()
    assert "velocity,1" in (tmp_path / "site" / "figures" / "records" / "records.csv").read_text()


def test_a_recipe_trained_on_a_task_learns_and_it_and_a_control_answer(run_commands, run):
    (trained,) = run_commands("train dot-finder --json")
    losses = json.loads(trained)["trained"][0]["weights"]["losses"]
    assert losses["test_loss"] < losses["untrained_test_loss"]
    program = """
import innerscore
from innerscore.tasks.drifting_dot import drifting_dot

clips = [drifting_dot("still", 0), drifting_dot("moving", 2)]
for name in ("trained/dot-finder", "flicker"):
    for layers in innerscore.load_candidate(name).activations(clips):
        print({layer: (timed.values.shape, bool(timed.values.any())) for layer, timed in layers.items()})
"""
    assert run(program).splitlines() == [
        "{'place': ((16, 1), True)}",
        "{'place': ((16, 1), True)}",
        "{'flicker': ((16, 1), False)}",  # nothing changes where the dot stands still
        "{'flicker': ((16, 1), True)}",
    ]


def test_the_migration_goes_forth_and_back(run):
    program = """
from innerscore.leaderboard.backup import roll_back_store
from innerscore.leaderboard.database import open_engine
from innerscore.leaderboard.store import Store
from innerscore.leaderboard.upgrade import found_revision

url = "sqlite:///new.sqlite"

def print_revision():
    with open_engine(url).connect() as connection:
        print(found_revision(connection, url))

Store(url).close()
print_revision()
roll_back_store(url)
print_revision()
"""
    assert run(program).split() == ["0008", "0007"]
