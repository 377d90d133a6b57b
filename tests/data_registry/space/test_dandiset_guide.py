"""The guide to a dandiset does what it says, on NWB files of its structure, served here as the archive does."""

import json
import re
import shlex
from pathlib import Path

import pytest
import space_files as written
from dandi_archive import serve_dandiset
from http_host import running_host
from typer.testing import CliRunner

from innerscore.cli.app import app

GUIDE = (Path(__file__).resolve().parents[3] / "docs" / "adding-a-dandiset.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, flags=re.S)


def replay(line):
    """A command of the guide; where it can, with --json, so that its answer can be looked at."""
    program, *arguments = shlex.split(line)
    assert program == "innerscore"
    result = CliRunner().invoke(app, [*arguments, "--json"])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.stdout
    return json.loads(result.stdout)


@pytest.mark.once
def test_the_guide_takes_a_dandiset_to_the_board(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for session in range(written.N_SESSIONS):
        written.write_nwb(written.nwb_path(tmp_path / "theirs", session), written.nwb_file(session))
    paths = sorted((tmp_path / "theirs").rglob("*.nwb"))
    files = {path.relative_to(tmp_path / "theirs").as_posix(): path.read_bytes() for path in paths}
    (tmp_path / "000582").mkdir()
    names = re.findall(r"Save this as `(\S+)`", GUIDE)
    for name, text in zip(names, blocks("yaml"), strict=True):
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("INNERSCORE_OFFLINE", "false")
    with running_host() as host:
        monkeypatch.setenv("INNERSCORE_DANDI_URL", serve_dandiset(host, files))
        answers = {line: replay(line) for block in blocks("sh") for line in block.strip().splitlines()}
    added = next(answer for line, answer in answers.items() if " data add dandi:000582 " in line)
    assert added["files"] == sorted(files)
    assert (added["faults"], added["private"], len(added["files"])) == ([], False, 3)
    scored = next(answer["results"] for line, answer in answers.items() if " score " in line)
    values = {one["candidate"]: one["score"]["normalised"]["value"] for one in scored}
    assert values["place-cells"] > 0.7
    assert values["velocity"] < 0.4
    assert [one["standing"]["rank_low"] for one in scored] == [1, 2]
    cells = json.loads((tmp_path / "my-board" / "board.json").read_text())["cells"]
    assert any(
        cell["benchmark"] == "MyGridCells2006.MEC-ridge" and cell["state"] == "value" for cell in cells
    )
