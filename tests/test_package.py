"""The package as it is installed: its list of packages, its names, its files."""

import importlib
import importlib.metadata
import json
import os
import pkgutil
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

import innerscore

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def tracked(*patterns):
    command = ["git", "-C", ROOT, "ls-files", *patterns]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def packages_in_the_tree():
    folders = {Path(name).parent for name in tracked("*.py") if not name.startswith(("tests/", "docs/", "."))}
    return {".".join(["innerscore", *folder.parts]) for folder in folders}


def test_the_list_of_packages_is_the_tree():
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == packages_in_the_tree()


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    """Made of the files that a checkout would have, by the project's own backend."""
    tree, folder = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("sdist")
    for name in tracked("*"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tree / name)
    code = "import sys; sys.path.insert(0, '.ci'); import backend; backend.build_sdist(sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, folder], check=True, cwd=tree, capture_output=True)
    return next(folder.glob("*.tar.gz"))


@pytest.fixture(scope="module")
def wheel(sdist, tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(folder), str(sdist)]
    subprocess.run(command, check=True, cwd=folder)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """An environment with the wheel and nothing else."""
    folder = tmp_path_factory.mktemp("installed") / "v"
    venv.create(folder, with_pip=False)
    command = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python")]
    subprocess.run([*command, "install", "--quiet", "--no-deps", "--no-index", str(wheel)], check=True)
    return folder / "bin"


def test_a_wheel_that_was_made_of_the_sdist_holds_the_tree_under_one_name(wheel):
    archive = zipfile.ZipFile(wheel)
    names = [name for name in archive.namelist() if ".dist-info/" not in name]
    assert {name.split("/")[0] for name in names} == {"innerscore"}
    for name in names:
        assert archive.read(name) == (ROOT / name.removeprefix("innerscore/")).read_bytes(), name
    wanted = [name for name in tracked("*.py") if not name.startswith(("tests/", "docs/", "."))]
    # Names with a dot first are for the forge and for hooks.
    wanted += [name for name in tracked("*.yaml", "*.html", "*.tmpl", "py.typed") if not name.startswith(".")]
    assert {f"innerscore/{name}" for name in wanted} <= set(names)


def test_the_package_shows_a_readme_whose_links_lead_somewhere_from_anywhere(wheel):
    archive = zipfile.ZipFile(wheel)
    (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
    told = archive.read(name).decode()
    assert "Description-Content-Type: text/markdown" in told
    version, repository = PROJECT["project"]["version"], PROJECT["project"]["urls"]["Repository"]
    links = re.findall(r"\]\((\S+?)\)", told.partition("\n\n")[2])
    assert not [link for link in links if not link.startswith("https://")]
    own = [link.partition("#")[0] for link in links if link.startswith(f"{repository}/")]
    paths = {re.sub(rf"^{re.escape(repository)}/(blob|raw)/v{re.escape(version)}/", "", link) for link in own}
    assert "docs/board.png" in paths
    assert not [path for path in paths if not (ROOT / path).exists()]


def test_nothing_but_innerscore_can_be_imported_after_an_install(installed, tmp_path):
    rooms = [
        "core",
        "metrics",
        "candidates",
        "benchmarks",
        "cli",
        "tests",
        "tasks",
        "scoring",
        "leaderboard",
        "api",
        "backend",
    ]
    names = ["innerscore", *rooms]
    code = f"from importlib.util import find_spec; print([name for name in {names} if find_spec(name)])"
    found = subprocess.run([installed / "python", "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert found.stdout.strip() == "['innerscore']"


def test_the_installed_package_lists_begins_and_scores_outside_the_tree(installed, tmp_path):
    """Beside the packages that it needs, which are those of this environment."""
    beside = os.environ | {"PYTHONPATH": sysconfig.get_path("purelib")}

    def run(*arguments):
        command = [str(installed / "innerscore"), *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, cwd=tmp_path, env=beside, check=True
        ).stdout

    code = "import innerscore; print(innerscore.__file__)"
    where = subprocess.run([installed / "python", "-c", code], capture_output=True, text=True, env=beside)
    assert Path(where.stdout.strip()).is_relative_to(installed.parent)
    assert "SimulatedMEC.rsa" in run("list", "benchmarks")
    run("init", "my-board", "--board")
    assert (tmp_path / "my-board" / ".github" / "workflows" / "board.yml").is_file()
    scored = json.loads(run("score", "position", "--benchmark", "SimulatedMEC.rsa", "--json"))
    assert "value" in json.dumps(scored)


def all_modules():
    return [
        name
        for _, name, _ in pkgutil.walk_packages(innerscore.__path__, "innerscore.")
        if ".tests" not in name and ".docs" not in name and not name.endswith("__main__")
    ]


@pytest.mark.parametrize("name", all_modules())
def test_public_names_exist(name):
    if name.startswith("innerscore.integrations.brainscore."):
        pytest.importorskip("brainscore_core", reason="they are tested in .venv-brainscore")
    module = importlib.import_module(name)
    for public in getattr(module, "__all__", []):
        assert hasattr(module, public), public


def test_the_functions_of_the_design_are_there():
    fixed = ["list_candidates", "list_benchmarks", "list_metrics", "list_datasets"]
    fixed += ["load_candidate", "load_benchmark", "load_metric", "load_dataset"]
    fixed += ["score", "run", "sweep", "places", "board", "scores", "record", "targets", "cards", "card"]
    fixed += ["check", "compare", "save_activations", "export_stimuli", "export_board"]
    assert sorted(innerscore.__all__) == sorted(fixed)
    assert all(callable(getattr(innerscore, name)) for name in fixed)
    with pytest.raises(AttributeError):
        innerscore.nothing  # noqa: B018


def test_importing_the_package_does_no_work():
    code = "import sys, innerscore; print([m for m in ('numpy', 'torch', 'pydantic') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_no_library_code_asserts_or_prints():
    for name in tracked("*.py"):
        if not name.startswith("tests/"):
            lines = (ROOT / name).read_text().splitlines()
            assert not [line for line in lines if line.strip().startswith(("assert ", "print("))], name
