"""Suites: what they list is there in the version that they name, and their win rate is over all of it or none."""

import pytest
import yaml

from innerscore import benchmarks
from innerscore.benchmarks.suites import benchmarks_of, registry
from innerscore.core.cards import SuiteCard
from innerscore.core.errors import InvalidCardError, UnknownNameError
from innerscore.core.registry import Registry

CARD = {
    "identifier": "a-suite",
    "title": "A suite",
    "description": "A suite that a test made up.",
    "licence": "MIT",
    "citation": "@misc{a}",
    "benchmarks": {"SimulatedMEC.ridge": 1, "SimulatedMEC.rsa": 1},
}


def test_each_suite_lists_registered_benchmarks_in_their_versions(settings):
    known = benchmarks.registry(settings).entries()
    suites = registry(settings).entries()
    assert "innerscore-DMFC" in suites
    for name, entry in suites.items():
        assert benchmarks_of(name, settings) == list(entry.card.benchmarks)
        simulated = {known[one].card.identifier.startswith("Simulated") for one in entry.card.benchmarks}
        assert simulated == {name.endswith("-simulated")}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of plugins with a suite whose card a test changes."""
    monkeypatch.setenv("INNERSCORE_PLUGINS", str(tmp_path))

    def write(**changes):
        (tmp_path / "a.suite.yaml").write_text(yaml.safe_dump(CARD | changes))

    return write


@pytest.mark.parametrize(
    ("listed", "error", "words"),
    [
        ({"SimulatedMEC.ridge": 99}, InvalidCardError, "version 99 of SimulatedMEC.ridge"),
        ({"SimulatedMEC.ridg": 1}, UnknownNameError, "SimulatedMEC.ridge"),
        ({"SimulatedMEC.ridge": 1, "Sargolini2006.MEC-ridge": 1}, InvalidCardError, "make two suites"),
        ({}, InvalidCardError, "at least 1"),
        ({"SimulatedMEC.ridge": "one"}, InvalidCardError, "benchmarks"),
    ],
)
def test_a_bad_suite_says_what_is_wrong(folder, listed, error, words):
    from innerscore.core.settings import load_settings

    folder(benchmarks=listed)
    with pytest.raises(error, match=words):
        benchmarks_of("a-suite", load_settings())


def test_a_card_is_named_with_its_version(tmp_path):
    (tmp_path / "suite.yaml").write_text(yaml.safe_dump(CARD | {"version": 3}))
    found = Registry("suite", SuiteCard, (tmp_path,)).find("a-suite").card
    assert found.label == "a-suite v3"
