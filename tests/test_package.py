"""The package as it is installed: its list of packages, its names, its files."""

import importlib
import importlib.metadata
import pkgutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

import innerscore

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def packages_in_the_tree():
    tracked = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "*.py"], capture_output=True, text=True, check=True
    )
    folders = {
        Path(line).parent for line in tracked.stdout.split() if not line.startswith(("tests/", "docs/"))
    }
    return {".".join(["innerscore", *folder.parts]) for folder in folders}


def test_the_list_of_packages_is_the_tree():
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == packages_in_the_tree()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(folder), str(ROOT)]
    subprocess.run(command, check=True, cwd=folder)
    return next(folder.glob("*.whl"))


def test_a_wheel_has_one_top_level_name_and_all_cards(wheel):
    names = [name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name]
    assert {name.split("/")[0] for name in names} == {"innerscore"}
    tracked = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "*.yaml", "*.html", "py.typed"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    # Names with a dot first are for the forge and for hooks.
    assert {f"innerscore/{name}" for name in tracked if not name.startswith(".")} <= set(names)


def test_nothing_but_innerscore_can_be_imported_after_an_install(wheel, tmp_path):
    venv.create(tmp_path / "v", with_pip=False)
    site = next((tmp_path / "v" / "lib").glob("python*")) / "site-packages"
    zipfile.ZipFile(wheel).extractall(site)
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
    ]
    names = ["innerscore", *rooms]
    code = f"from importlib.util import find_spec; print([name for name in {names} if find_spec(name)])"
    found = subprocess.run(
        [tmp_path / "v" / "bin" / "python", "-c", code], capture_output=True, text=True, cwd=tmp_path
    )
    assert found.stdout.strip() == "['innerscore']"


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
    tracked = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "*.py"], capture_output=True, text=True, check=True
    )
    for name in tracked.stdout.split():
        if not name.startswith("tests/"):
            lines = (ROOT / name).read_text().splitlines()
            assert not [line for line in lines if line.strip().startswith(("assert ", "print("))], name
