"""``innerscore data`` on a data set whose publisher gives no hash, and on one without files."""

import json

import pytest
from typer.testing import CliRunner

from innerscore.cli.data import app
from innerscore.core.errors import ChecksumError

CARD = """
identifier: {name}
title: One file
description: A data set with or without one file in it.
licence: x
citation: y
entry: loader.py:Loader
simulated: false
species: s
regions: [r]
folder: some
"""
LOADER = """
class Loader:
    def __init__(self, card, settings):
        self.card = card

    def prepare(self, progress):
        progress("reading", 1, 1)
"""
FILES = "files: [{name: f.pkl, url: 'https://example.org/f.pkl', size: 1200000000}]"


@pytest.fixture
def data_folder(tmp_path, monkeypatch):
    """The data folder, with two data sets in a folder of plug-ins."""
    for name, files in (("Some2020", FILES), ("Bare2020", "")):
        folder = tmp_path / "plugins" / name
        folder.mkdir(parents=True)
        (folder / "dataset.yaml").write_text(CARD.format(name=name) + files)
        (folder / "loader.py").write_text(LOADER)
    monkeypatch.setenv("INNERSCORE_PLUGINS", str(tmp_path / "plugins"))
    (tmp_path / "data" / "some").mkdir(parents=True)
    return tmp_path / "data" / "some"


def invoke(*arguments):
    result = CliRunner().invoke(app, [*arguments, "--json"], catch_exceptions=True)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return json.loads(result.stdout)


def row(dataset, *options):
    return next(row for row in invoke("status", *options)["files"] if row["dataset"] == dataset)


def test_a_file_goes_from_unknown_to_locked_to_altered_to_accepted(data_folder):
    (data_folder / "f.pkl").write_bytes(b"first")
    assert row("Some2020")["checksum"] == "unknown"
    invoke("fetch", "Some2020")
    assert (row("Some2020")["state"], row("Some2020")["checksum"]) == ("here", "locked")
    (data_folder / "f.pkl").write_bytes(b"the second")
    assert row("Some2020", "--verify")["state"] == "altered"
    with pytest.raises(ChecksumError):
        invoke("fetch", "Some2020")
    assert invoke("accept", "Some2020", "f.pkl")["size"] == len(b"the second")
    assert row("Some2020")["state"] == "here"


def test_only_simulated_data_are_said_to_be_made_from_a_seed(data_folder):
    assert row("SimulatedDMFC")["state"] == "made from a seed"
    assert "seed" not in row("Bare2020")["state"]
