"""A board kept by a repository: its scripts from a proposal to the published page, as its workflows run them."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from candidate_folder import write_candidate
from typer.testing import CliRunner

from innerscore.cli.app import app
from innerscore.leaderboard.checksums import write_sums
from innerscore.leaderboard.verify_export import verify_export

BENCHMARK = "SimulatedMEC.rsa"
HONEST = "class Model:\n    def activations(self, stimulus):\n        return {'a': stimulus.velocity ** 3}\n"
BROKEN = "class Model:\n    def activations(self, stimulus):\n        raise ValueError('no\\n::error::from here')\n"


def board_repository(folder):
    """A new repository of a board on one small benchmark, with its first commit."""
    done = CliRunner().invoke(app, ["init", str(folder), "--board"])
    assert done.exit_code == 0, done.output
    (folder / "benchmarks.txt").write_text(f"# one, to be quick\n{BENCHMARK}\n")
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder)
    return folder


def git(folder, *arguments):
    who = ["-c", "user.name=tests", "-c", "user.email=tests@localhost"]
    done = subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def commit(folder):
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "As it is")


def run(folder, script, *arguments):
    """A script as a workflow runs it, with a cache beside the board; who commits is named by the environment."""
    folders = {f"INNERSCORE_{what}_DIR": str(folder.parent / what.lower()) for what in ("DATA", "CACHE")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    who = {f"GIT_{one}_{what}": "tests" for one in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    command = [folder / "scripts" / script, *arguments]
    return subprocess.run(
        command, env={**os.environ, **folders, **who, "PATH": path}, capture_output=True, text=True
    )


def bytes_below(folder):
    return {
        path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


@pytest.fixture(scope="module")
def board(bubblewrap, tmp_path_factory):
    """A board with a proposal that can be scored and three that cannot, checked, scored and published."""
    board = board_repository(tmp_path_factory.mktemp("boards") / "our-board")
    write_candidate(board / "proposals" / "honest", HONEST, identifier="honest")
    write_candidate(board / "proposals" / "broken", BROKEN, identifier="broken")
    write_candidate(board / "proposals" / "misnamed", HONEST, identifier="honest")
    (board / "proposals" / "linked").symlink_to("/etc")
    commit(board)
    return board


@pytest.fixture(scope="module")
def checked(board):
    done = run(board, "check.sh")
    assert git(board, "status", "--porcelain") == ""
    return done


@pytest.fixture(scope="module")
def scored(board, checked):
    done = run(board, "score.sh")
    run(board, "publish.sh").check_returncode()
    assert git(board, "status", "--porcelain") == ""
    return done


def test_a_check_says_which_proposals_the_board_would_refuse_and_changes_nothing(checked):
    assert checked.returncode == 4, checked.stderr
    verdicts = dict(re.findall(r"^- proposal (\S+): (\w+)", checked.stdout, flags=re.M))
    assert verdicts == {"honest": "sound", "broken": "failed", "misnamed": "refused", "linked": "refused"}


def test_what_can_be_scored_is_on_the_published_page_and_the_rest_is_reported(board, scored):
    assert scored.returncode == 4, scored.stderr
    assert "- proposal broken: failed (candidate)" in scored.stdout
    assert "from here" in scored.stdout
    assert not re.search(r"^\s*::", scored.stdout, flags=re.M)  # a command to the forge
    assert "- proposal misnamed: refused (bundle): The folder of the proposal misnamed" in scored.stdout
    score = re.search(rf"  - {BENCHMARK}: (\S+) .*rank 1 of 1$", scored.stdout, flags=re.M)[1]
    assert not verify_export(board / "board").findings
    page = (board / "board" / "table.html").read_text()
    assert "honest" in page
    assert score[:4] in page
    assert "broken" not in page


def test_boards_merge_and_a_proposal_that_is_there_changes_nothing(board, scored):
    other = board_repository(board.parent / "their-board")
    run(other, "merge.sh", board / "board").check_returncode()
    [record] = (board / "board" / "records").iterdir()
    assert (other / "board" / "records" / record.name).read_bytes() == record.read_bytes()
    shutil.copytree(board / "proposals" / "honest", other / "proposals" / "honest")
    merged = bytes_below(other / "board")
    again = run(other, "score.sh")
    assert again.returncode == 0, again.stderr
    assert "- proposal honest: unchanged" in again.stdout
    assert bytes_below(other / "board") == merged


def test_a_board_with_a_changed_or_a_lost_record_is_not_published(board, scored, tmp_path):
    copy = tmp_path / "copy"
    git(tmp_path, "clone", "--quiet", str(board), str(copy))
    [record] = (copy / "board" / "records").iterdir()
    record.write_bytes(record.read_bytes().replace(b"honest", b"honets", 1))
    assert "FAILED" in run(copy, "publish.sh").stdout
    refused = CliRunner().invoke(app, ["board", "update", str(copy / "board")])
    assert (refused.exception.exit_code, record.stem in str(refused.exception)) == (3, True)
    record.unlink()
    write_sums(copy / "board")
    lost = run(copy, "publish.sh")
    assert (lost.returncode, "changed or gone" in lost.stderr) == (3, True)
    assert git(copy, "diff", "--cached", "--name-only") == ""
    assert git(copy, "rev-parse", "HEAD") == git(board, "rev-parse", "HEAD")


@pytest.fixture(scope="module")
def workflows(tmp_path_factory):
    folder = tmp_path_factory.mktemp("board") / "my-board"
    board_repository(folder)
    return {path.stem: yaml.safe_load(path.read_text()) for path in (folder / ".github").rglob("*.yml")}


def test_what_strangers_propose_meets_no_right_to_write(workflows):
    assert sorted(workflows) == ["board", "check"]
    check, board = workflows["check"], workflows["board"]
    assert check[True] == "pull_request"  # YAML reads the key 'on' as a truth value
    assert check["permissions"] == {"contents": "read"}
    assert set(board[True]) == {"push", "workflow_dispatch"}
    rights = {name: job["permissions"] for name, job in board["jobs"].items()}
    assert rights == {
        "score": {"contents": "read"},
        "record": {"contents": "write"},
        "publish": {"pages": "write", "id-token": "write"},
    }
    assert board["permissions"] == {}
    assert "secrets" not in json.dumps(workflows)
    with_rights = [board["jobs"][name] for name in ("record", "publish")]
    commands = [step.get("run", "") for job in with_rights for step in job["steps"]]
    assert not [one for one in commands if "pip" in one or "innerscore" in one or "score.sh" in one]


def test_boards_are_written_one_at_a_time_by_actions_that_cannot_change(workflows):
    assert workflows["board"]["concurrency"] == {"group": "board", "cancel-in-progress": False}
    steps = [step for flow in workflows.values() for job in flow["jobs"].values() for step in job["steps"]]
    used = [step["uses"] for step in steps if "uses" in step]
    assert all(re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", one) for one in used)
    checkouts = [step for step in steps if step.get("uses", "").startswith("actions/checkout@")]
    assert all(step["with"] == {"persist-credentials": False} for step in checkouts)


def test_what_the_workflows_run_is_there_and_no_words_of_strangers_are_in_it(workflows, tmp_path):
    folder = board_repository(tmp_path / "my-board")
    commands = [
        step["run"]
        for flow in workflows.values()
        for job in flow["jobs"].values()
        for step in job["steps"]
        if "run" in step
    ]
    assert not [one for one in commands if "${{" in one]
    named = set(re.findall(r"scripts/\w+\.sh", "\n".join(commands)))
    assert named == {"scripts/check.sh", "scripts/score.sh", "scripts/publish.sh"}
    assert all(os.access(folder / name, os.X_OK) for name in named)
    assert (folder / "requirements.txt").read_text().splitlines()[-1].startswith("innerscore==")


@pytest.mark.parametrize("name", ["my board", "-board", "b" * 101, "$board"])
def test_names_that_no_repository_can_have_are_refused(tmp_path, name):
    done = CliRunner().invoke(app, ["init", str(tmp_path / name), "--board"])
    assert done.exception.exit_code == 3
    assert not list(tmp_path.iterdir())
