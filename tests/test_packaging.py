"""What is published beside the wheel: the readme of a registry, the conda recipe, the container, the release."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
REPOSITORY = PROJECT["urls"]["Repository"]
RECIPE = yaml.safe_load((ROOT / ".ci" / "conda" / "recipe.yaml").read_text())
DOCKERFILE = (ROOT / ".ci" / "docker" / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / ".ci" / "docker" / "compose.yaml").read_text())["services"]
RELEASE = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text())

# Packages of another name at conda-forge.
CONDA_NAMES = {"torch": "pytorch"}


def test_links_of_the_readme_are_relative_here_and_whole_in_the_package(tmp_path):
    text = (ROOT / "README.md").read_text()
    assert len(re.findall(r"\]\((?!https?:)([^)\s]+)\)", text)) > 20
    for name in ("README.md", "pyproject.toml"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    # In a process of its own: setuptools puts the packages that it brings before everybody's eyes.
    backend = [sys.executable, ROOT / ".ci" / "backend.py"]
    subprocess.run(backend, cwd=tmp_path, check=True, capture_output=True)
    whole = (tmp_path / "build" / "README.md").read_text()
    assert not re.findall(r"\]\((?!https?:|#)", whole)
    tag = f"v{PROJECT['version']}"
    assert f"![The board]({REPOSITORY}/raw/{tag}/docs/board.png)" in whole
    assert f"[Metrics]({REPOSITORY}/blob/{tag}/docs/metrics.md)" in whole
    (tmp_path / "README.md").write_text(whole)
    subprocess.run(backend, cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "build" / "README.md").read_text() == whole


def test_one_setting_says_where_the_project_is_public():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["repository-code"] == RECIPE["about"]["homepage"] == REPOSITORY
    assert all(url.startswith(REPOSITORY) for url in PROJECT["urls"].values())


def test_the_conda_recipe_asks_for_what_the_package_asks_for():
    asked = [Requirement(one) for one in PROJECT["dependencies"]]
    wanted = {(CONDA_NAMES.get(one.name, one.name).lower(), str(one.specifier)) for one in asked}
    python, *run = RECIPE["requirements"]["run"]
    named = {(one.name.lower(), str(one.specifier)) for one in map(Requirement, run)}
    assert named == wanted
    assert python == "python >=${{ python_min }}"
    assert PROJECT["requires-python"] == f">={RECIPE['context']['python_min']}"


def test_the_conda_recipe_is_of_this_version_and_command():
    assert RECIPE["context"]["version"] == PROJECT["version"]
    [(command, entry)] = PROJECT["scripts"].items()
    assert RECIPE["build"]["python"]["entry_points"] == [f"{command} = {entry}"]
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    host = {one.replace(" ", "") for one in RECIPE["requirements"]["host"]}
    assert {one.replace(" ", "") for one in build} <= host


def test_the_container_has_the_sandbox_runs_as_nobody_special_and_keeps_its_data():
    stages = re.findall(r"^FROM (\S+)", DOCKERFILE, flags=re.M)
    assert len(stages) == 2
    assert all(re.fullmatch(r"python:3\.\d+-slim-\w+", stage) for stage in stages)
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    assert "bubblewrap" in last
    assert re.search(r"^USER (\d+):\d+$", last, flags=re.M)[1] != "0"
    assert last.index("USER") < last.index("ENTRYPOINT")
    assert re.search(r"^VOLUME /data$", last, flags=re.M)
    assert "INNERSCORE_HOME=/data" in last
    assert "/health" in last.partition("HEALTHCHECK")[2]


def test_the_composed_board_has_a_database_a_server_and_a_worker_with_one_folder():
    server, worker = COMPOSE["server"], COMPOSE["worker"]
    assert server["environment"] == worker["environment"]
    assert server["environment"]["INNERSCORE_STORE_URL"].startswith("postgresql://innerscore@database/")
    assert server["volumes"] == worker["volumes"] == ["data:/data"]
    assert (ROOT / ".ci" / "docker" / server["build"]["context"]).resolve() == ROOT
    assert (ROOT / server["build"]["dockerfile"]).is_file()
    assert [port for port in server["ports"] if not port.startswith("127.0.0.1:")] == []
    assert "no-new-privileges:true" in worker["security_opt"]


def test_a_release_is_published_without_a_token_by_a_job_that_builds_nothing():
    build, publish = RELEASE["jobs"]["build"], RELEASE["jobs"]["publish"]
    assert RELEASE["permissions"] == {}
    assert (build["permissions"], publish["permissions"]) == ({"contents": "read"}, {"id-token": "write"})
    assert publish["environment"]["name"] == "pypi"
    assert not [step for step in publish["steps"] if "run" in step]
    steps = [*build["steps"], *publish["steps"]]
    assert all(re.search(r"@[0-9a-f]{40}$", step["uses"]) for step in steps if "uses" in step)
    assert "twine check --strict" in "\n".join(step.get("run", "") for step in steps)
