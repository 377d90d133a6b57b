"""The files of exact versions: complete for each Python, and what the running environment was made from."""

import importlib.metadata
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PYTHONS = [line.rsplit(" ", 1)[1] for line in PROJECT["classifiers"] if "Python :: 3." in line]
FILES = {"constraints.txt": PYTHONS, "constraints-brainscore.txt": ["3.11", "3.12"]}
EXTRAS = {
    "constraints.txt": set(PROJECT["optional-dependencies"]) - {"brainscore"},
    "constraints-brainscore.txt": set(PROJECT["optional-dependencies"])
    - {"dev", "docs", "timm", "torchvision", "hf", "imagenet"},
}
MADE_FROM = Path(sys.prefix) / ".constraints"


def pins(file, python):
    """The exact version of each package on one Python."""
    lines = [line for line in (ROOT / file).read_text().splitlines() if not line.startswith("#")]
    found = {}
    for requirement in map(Requirement, lines):
        if requirement.marker is None or requirement.marker.evaluate({"python_version": python}):
            name = canonicalize_name(requirement.name)
            assert name not in found, f"two versions of {name} on Python {python}"
            found[name] = requirement.specifier
    return found


@pytest.mark.parametrize(("file", "python"), [(file, each) for file in FILES for each in FILES[file]])
def test_every_dependency_has_a_pin_in_its_range(file, python):
    extras = PROJECT["optional-dependencies"]
    found = pins(file, python)
    for text in [*PROJECT["dependencies"], *(line for extra in EXTRAS[file] for line in extras[extra])]:
        requirement = Requirement(text)
        if requirement.name != PROJECT["name"]:  # which is an extra made of extras
            (pin,) = found[canonicalize_name(requirement.name)]
            assert pin.operator == "=="
            assert requirement.specifier.contains(pin.version), text


def test_torch_is_the_one_that_has_a_small_build():
    for file, pythons in FILES.items():
        assert {str(pins(file, python)["torch"]) for python in pythons} == {"==2.13.0"}


@pytest.mark.skipif(not MADE_FROM.exists(), reason="make did not make this environment")
def test_nothing_is_installed_that_is_not_pinned():
    found = pins(MADE_FROM.read_text().strip(), f"{sys.version_info.major}.{sys.version_info.minor}")
    installed = {canonicalize_name(d.name): d.version for d in importlib.metadata.distributions()}
    assert installed.keys() - found.keys() == {"pip", "innerscore"}
    other = {name: v for name, v in installed.items() if name in found and not found[name].contains(v)}
    assert not other


def test_the_two_files_hold_what_they_are_there_for():
    current, held_back = pins("constraints.txt", "3.11"), pins("constraints-brainscore.txt", "3.11")
    assert "brainscore-core" in held_back
    assert "brainscore-core" not in current
    assert current["numpy"].contains("2.4.6")
    assert {str(held_back[name]) for name in ("numpy", "xarray")} == {"==1.26.4", "==2022.3.0"}
