"""The documents and the files for the forge: links and headings lead somewhere, commands are there."""

import importlib
import json
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from innerscore.leaderboard.server.tokens import SCOPES

ROOT = Path(__file__).resolve().parent.parent
TRACKED = subprocess.run(
    ["git", "-C", ROOT, "ls-files", "*.md"], capture_output=True, text=True, check=True
).stdout.split()
PAGES = [name for name in TRACKED if not name.startswith("tests/")]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())


def without_code(text):
    return re.sub(r"^ *```.*?^ *```$", "", text, flags=re.M | re.S)


def anchors(path):
    """What links may name within a page: its headings in the form that forges give them."""
    headings = re.findall(r"^#+ (.*)$", without_code(path.read_text()), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_to_a_file_and_to_a_heading_of_it(name):
    page = ROOT / name
    for link in re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text())):
        if link.startswith("http"):
            continue
        target, _, anchor = link.partition("#")
        path = page.parent / target if target else page
        assert path.exists(), link
        assert not anchor or anchor in anchors(path), link


def test_decisions_are_numbered_dated_and_listed():
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))
    listed = (ROOT / "docs" / "decisions" / "README.md").read_text()
    for number, path in enumerate(DECISIONS, start=1):
        text = path.read_text()
        title = re.match(rf"# {number}\. (.+)\n\n\d{{4}}-\d\d-\d\d, \w+", text)
        assert title, path
        assert re.findall(r"^## (\w+)$", text, flags=re.M) == ["Context", "Decision", "Consequences"]
        assert f"{number}. [{title[1]}]({path.name})" in listed


def test_every_term_of_the_glossary_has_one_sentence():
    entries = re.findall(r"^- ((?:.|\n  )+)$", (ROOT / "docs" / "glossary.md").read_text(), flags=re.M)
    terms = [re.match(r"\*\*(.+?)\*\*", entry)[1] for entry in entries]
    assert len(set(terms)) == len(terms) > 50
    assert not [entry for entry in entries if re.search(r"\. [A-Z]", entry) or not entry.endswith(".")]


def test_the_workflow_and_the_hooks_run_what_is_there():
    makefile = (ROOT / "Makefile").read_text()
    steps = [step["run"] for job in WORKFLOW["jobs"].values() for step in job["steps"] if "run" in step]
    targets = [target for step in steps for target in re.findall(r"^make (\S+)", step, flags=re.M)]
    assert set(targets) == {"lint", "test", "docs", ".venv/.installed-for-tests"}
    for target in targets:
        name = target.replace(".venv", "$(VENV)")
        assert re.search(rf"^{re.escape(name)}:", makefile, flags=re.M), target
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [repo["repo"] for repo in hooks] == ["local"]
    entries = [hook["entry"] for hook in hooks[0]["hooks"]]
    for file in re.findall(r"tests/\w+\.py", " ".join([*steps, *entries])):
        assert (ROOT / file).is_file(), file
    programs = {shlex.split(entry)[0] for entry in entries}
    assert programs == {".venv/bin/ruff", ".venv/bin/lint-imports", ".venv/bin/python"}


def test_the_workflow_runs_every_python_that_the_package_says_it_runs_on():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    said = [line.rpartition(" ")[2] for line in project["classifiers"] if ":: Python :: 3." in line]
    assert WORKFLOW["jobs"]["unit"]["strategy"]["matrix"]["python"] == said


def test_the_guide_for_contributors_names_tests_that_are_there():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    for path in re.findall(r"tests/[\w/]+(?:\.py)?", text):
        assert (ROOT / path).exists(), path


def test_the_table_of_functions_for_commands_names_what_is_there():
    page = (ROOT / "docs" / "from-python.md").read_text().partition("## Which function a command is")[2]
    names = re.findall(r"`(innerscore\.[\w.]+)`", page)
    assert len(names) > 20
    for name in names:
        module, _, attribute = name.rpartition(".")
        assert callable(getattr(importlib.import_module(module), attribute)), name


def test_the_readme_says_when_tests_install_system_packages():
    said = (ROOT / "README.md").read_text().partition("## Your own candidate")[0]
    asked = (ROOT / "tests" / "system_packages.py").read_text()
    for variable in re.findall(r'environ\.get\("(\w+)"\)', asked):
        assert f"`{variable}" in said
    assert "as root on Debian" in said


def test_one_table_says_who_is_trusted_with_what_and_the_page_on_security_leads_there():
    page = (ROOT / "docs" / "operating-a-board.md").read_text()
    table = page.partition("## Who is trusted with what")[2].partition("\n## ")[0]
    first = "\n".join(re.findall(r"^\| (.*?) \|", table, flags=re.M))
    people = ["operator", "worker", "author of a candidate", "author of a data set", "stranger", "reader"]
    for who in (*people, *(f"`{scope}`" for scope in SCOPES)):
        assert who in first
    assert "Not defended against" in table
    security = (ROOT / "SECURITY.md").read_text()
    assert "operating-a-board.md#who-is-trusted-with-what" in security
    assert "Report a vulnerability" in security


def test_the_way_to_pin_by_hash_takes_what_pip_reports(tmp_path):
    page = (ROOT / "docs" / "operating-a-board.md").read_text()
    (program,) = re.findall(r"<<'END'\n(.*?)^END$", page, flags=re.M | re.S)
    made = {"archive_info": {"hashes": {"sha256": "0" * 64}}}
    report = {
        "install": [
            {"metadata": {"name": "numpy", "version": "2.0"}, "download_info": made},
            {"metadata": {"name": "innerscore", "version": "0.1"}, "download_info": {"dir_info": {}}},
        ]
    }
    (tmp_path / "report.json").write_text(json.dumps(report))
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == f"numpy==2.0 --hash=sha256:{'0' * 64}\n"
