"""Every page's commands: each block is run here, or by a test that its mark names, or says why not.

The pages share one board and one cache; each has a folder of its own, in which its blocks run in their order.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main
from document_blocks import ROOT, RUN, blocks, commands, pages

import innerscore
from innerscore.cli.app import app

PAGES = pages()
RUN_HERE = [page for page in PAGES if any(block.is_run for block in blocks(page))]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """One board and one cache for all pages, with one record."""
    home = tmp_path_factory.mktemp("home")
    made = innerscore.core.settings.Settings(data_dir=home / "data", cache_dir=home / "cache", offline=True)
    innerscore.run(["position"], ["SimulatedMEC.rsa"], settings=made)
    return home


@pytest.fixture
def environment(home):
    """A shell's environment: the commands of this environment, the folders of these tests, no network."""
    programs = Path(sys.executable).parent
    return os.environ | {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "INNERSCORE_DATA_DIR": str(home / "data"),
        "INNERSCORE_CACHE_DIR": str(home / "cache"),
        "INNERSCORE_CONFIG": os.devnull,
        "INNERSCORE_OFFLINE": "true",
        "MPLBACKEND": "agg",
        "OMP_NUM_THREADS": "1",
    }


@pytest.mark.parametrize("page", RUN_HERE)
def test_the_blocks_of_a_page_run_in_their_order(page, environment, home, tmp_path):
    told = _for_this_board(home) if page == "docs/operating-a-board.md" else {}
    (tmp_path / "backups").mkdir()
    for kind, text in _in_runs(page):
        ready = text.replace("/backups/", "backups/")
        for words, ours in told.items():
            ready = ready.replace(words, ours)
        program = (
            ["bash", "-euo", "pipefail", "-c"]
            if kind == "sh"
            else [sys.executable, "-W", "error::SyntaxWarning", "-c"]
        )
        done = subprocess.run(
            [*program, ready], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert not done.returncode, f"{page}:\n{ready}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"


def _in_runs(page):
    """Blocks to be run, neighbours of Python as one program: they share their names."""
    runs = []
    for block in blocks(page):
        if block.is_run and runs and runs[-1][0] == block.language == "python":
            runs[-1] = ("python", runs[-1][1] + "\n" + block.text)
        elif block.is_run:
            runs.append((block.language, block.text.replace(".venv/bin/", "")))
    return runs


def _for_this_board(home):
    """What a page calls by a name of its own: a record's hash."""
    made = innerscore.core.settings.Settings(data_dir=home / "data", cache_dir=home / "cache", offline=True)
    return {"HASH": innerscore.scores(settings=made).loc[0, "record_sha256"]}


@pytest.mark.parametrize("page", PAGES)
def test_what_is_not_run_here_says_why_and_what_runs_elsewhere_is_there(page):
    for block in blocks(page):
        if block.mark.startswith("run by"):
            path, reads = block.mark.removeprefix("run by "), Path(page).name
            assert reads in (ROOT / path).read_text(), f"{page}:{block.line}: {path} does not read this page"
        elif block.mark:
            assert len(block.mark.split()) > 4, f"{page}:{block.line}: say why"
        assert block.language in {
            *RUN,
            "",
            "text",
            "yaml",
            "diff",
            "html",
            "nginx",
            "mermaid",
            "json",
            "toml",
            "bibtex",
        }


@pytest.mark.parametrize("page", PAGES)
def test_every_command_on_a_page_is_there_with_its_options(page):
    if page == "CHANGELOG.md":
        pytest.skip("it tells of commands that were")
    unknown = [line for line in commands(page) if not _is_known(line)]
    assert not unknown


def _is_known(line):
    """Whether the words of a line lead to a command that has the options named."""
    words = [re.split(r"[=\[|]", word)[0] for word in shlex.split(line.replace("'", ""), comments=True)[1:]]
    command, options = typer.main.get_command(app), {"--help", "-h", "--debug"}
    for number, word in enumerate(words):
        if word in getattr(command, "commands", {}):
            command = command.commands[word]
        elif getattr(command, "commands", {}) and re.fullmatch(r"[a-z][a-z-]*", word) and number < 2:
            return False
        options |= {name for param in command.params for name in param.opts}
    if command.name == "board":
        options |= {name for param in command.commands["show"].params for name in param.opts}
    return all(word in options for word in words if re.match(r"--?[a-z]", word))


def test_the_check_of_commands_finds_what_is_not_there():
    assert _is_known("innerscore board export my-board --highlight pixels")
    assert not _is_known("innerscore bord export my-board")
    assert not _is_known("innerscore board exprt my-board")
    assert not _is_known("innerscore score pixels --benchmrk x")
