"""Which Python make takes: the newest supported one that can be used, whatever else is on PATH."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAKEFILE = (ROOT / "Makefile").read_text()
PYTHONS = "3.14 3.13 3.12 3.11"


def fake(folder, name, version, *missing):
    """A Python that starts, says its version, and lacks some modules."""
    folder.mkdir(exist_ok=True)
    lacking = "".join(f"*{module}*) exit 1;; " for module in missing)
    path = folder / name
    path.write_text(f'#!/bin/sh\ncase "$2" in {lacking} *version_info*) echo {version};; esac\n')
    path.chmod(0o755)
    return str(path)


def shim(folder, name):
    """A pyenv shim of a Python that is installed and not chosen."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f'#!/bin/sh\necho "pyenv: {name}: command not found" >&2\nexit 127\n')
    path.chmod(0o755)


def find(*folders, named="", versions=PYTHONS):
    return subprocess.run(
        ["/bin/sh", ROOT / "tests/find_python.sh", versions, named],
        env={"PATH": ":".join(map(str, folders))},
        capture_output=True,
        text=True,
    )


def test_the_newest_supported_python_is_taken(tmp_path):
    fake(tmp_path, "python3", "3.12")
    fake(tmp_path, "python3.12", "3.12")
    fake(tmp_path, "python3.10", "3.10")
    fake(tmp_path, "python3.15", "3.15")
    newest = fake(tmp_path, "python3.13", "3.13")
    assert find(tmp_path).stdout.split() == [newest]


def test_python3_is_taken_where_it_is_the_newest(tmp_path):
    fake(tmp_path, "python3.12", "3.12")
    newest = fake(tmp_path, "python3", "3.14")
    assert find(tmp_path).stdout.split() == [newest]


def test_a_shim_that_does_not_start_hides_nothing(tmp_path):
    for name in ("python3.14", "python3.13", "python3.12"):
        shim(tmp_path / "shims", name)
    behind = fake(tmp_path / "usr bin", "python3.13", "3.13")
    fake(tmp_path / "usr bin", "python3.11", "3.11")
    assert find(tmp_path / "shims", tmp_path / "usr bin").stdout.strip() == behind


def test_a_python_built_without_a_module_is_left_out(tmp_path):
    fake(tmp_path, "python3.13", "3.13", "sqlite3")
    whole = fake(tmp_path, "python3.12", "3.12")
    assert find(tmp_path).stdout.split() == [whole]


def test_a_python_without_pip_is_the_last_resort(tmp_path):
    without = fake(tmp_path, "python3.13", "3.13", "ensurepip")
    assert find(tmp_path).stdout.split() == [without]
    whole = fake(tmp_path, "python3.11", "3.11")
    assert find(tmp_path).stdout.split() == [whole]


def test_a_named_python_wins(tmp_path):
    fake(tmp_path, "python3.14", "3.14")
    named = fake(tmp_path / "elsewhere", "python", "3.11")
    assert find(tmp_path, named=named).stdout.split() == [named]
    by_name = fake(tmp_path, "python3.12", "3.12")
    assert find(tmp_path, named="python3.12").stdout.split() == [by_name]


@pytest.mark.parametrize("version", ["2.7", "3.10", "3.15"])
def test_an_unsupported_python_is_refused_in_one_line(tmp_path, version):
    named = fake(tmp_path, "python3", version)
    for refused in (find(tmp_path, named=named), find(tmp_path)):
        assert refused.returncode == 1
        assert not refused.stdout
        (line,) = refused.stderr.splitlines()
        assert f"is Python {version}" in line
        assert "needs one of Python 3.11, 3.12, 3.13, 3.14: install one" in line
        assert "make PYTHON=/path/to/python" in line


def test_nothing_on_path_and_a_name_that_is_nowhere_are_refused_in_one_line(tmp_path):
    for refused in (find(tmp_path), find(tmp_path, named="python3.13")):
        assert refused.returncode == 1
        assert len(refused.stderr.splitlines()) == 1


def test_the_tests_own_python_is_found():
    """The real thing: no fake answers here."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert find(Path(sys.executable).parent, versions=version).stdout.strip().startswith(sys.prefix)
    assert find("/nowhere", named=sys.executable).stdout.strip() == sys.executable


def test_make_refuses_before_it_makes_anything(tmp_path):
    named = fake(tmp_path, "python", "3.10")
    command = ["make", f"VENV={tmp_path / 'venv'}", f"PYTHON={named}", "demo"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    refused = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)
    assert refused.returncode == 2
    assert f"innerscore: {named} is Python 3.10. It needs one of Python" in refused.stderr
    assert not (tmp_path / "venv").exists()


def test_make_says_which_python_it_takes(tmp_path):
    command = ["make", f"VENV={tmp_path / 'venv'}", f"PYTHON={sys.executable}", f"{tmp_path}/venv/bin/python"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)
    assert f"innerscore: Python {sys.version.split()[0]} ({sys.executable})" in made.stdout
    assert (tmp_path / "venv/bin/python").exists()


def test_make_looks_for_the_pythons_of_the_classifiers():
    classifiers = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["classifiers"]
    supported = [line.rsplit(" ", 1)[1] for line in classifiers if "Python :: 3." in line]
    assert re.findall(r"^PYTHONS := (.*)$", MAKEFILE, re.M) == [" ".join(reversed(supported))]
    (beside_brainscore,) = re.findall(r"^BRAINSCORE_PYTHONS := (.*)$", MAKEFILE, re.M)
    assert set(beside_brainscore.split()) <= set(supported)
