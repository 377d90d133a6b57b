"""The README does what it says: its own candidate, made and scored from its text."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()


def block(language, containing):
    blocks = re.findall(rf"```{language}\n(.*?)```", README, flags=re.S)
    return next(text for text in blocks if containing in text)


@pytest.mark.usefixtures("bubblewrap")
def test_the_own_candidate_of_the_readme_lands_on_the_board(tmp_path):
    folder = tmp_path / "my-model"
    folder.mkdir()
    code = block("python", "class Brightness")
    assert len(code.strip().splitlines()) <= 10
    (folder / "candidate.py").write_text(code)
    (folder / "candidate.yaml").write_text(block("yaml", "identifier: brightness"))
    replay("innerscore score my-model", tmp_path)
    cells = json.loads((tmp_path / "board" / "board.json").read_text())["cells"]
    states = [cell["state"] for cell in cells if cell["candidate"] == "brightness"]
    assert states.count("value") == 1
    assert "scored" in replay("innerscore submit my-model", tmp_path)


def replay(containing, folder):
    """Run the commands of a block as they are written; what the last one says."""
    for line in block("sh", containing).strip().splitlines():
        program, *arguments = shlex.split(line, comments=True)
        assert program == ".venv/bin/innerscore"
        command = [str(Path(sys.executable).parent / "innerscore"), *arguments]
        said = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout
    return said


def test_the_commands_of_the_readme_are_those_of_the_makefile():
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^make (\w+)", README, flags=re.M):
        assert re.search(rf"^{target}:", makefile, flags=re.M)
