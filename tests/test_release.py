"""The files that name the version agree on it, and on whether it is released."""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text())
NEWEST = re.search(r"^## (\S+) — (\S+)$", (ROOT / "CHANGELOG.md").read_text(), flags=re.M)


def test_the_package_its_citation_and_its_changelog_name_the_same_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert {project["version"], CITATION["version"], NEWEST[1]} == {project["version"]}


def test_a_version_has_a_date_of_release_in_the_citation_once_the_changelog_has():
    if NEWEST[2] == "unreleased":
        assert "date-released" not in CITATION
    else:
        assert str(CITATION["date-released"]) == NEWEST[2]
