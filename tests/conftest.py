"""What all tests share: settings that touch nothing outside the test, and the mirror of real data."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from missing_parts import skip_or_fail

from innerscore.core.settings import Settings

ROOT = Path(__file__).resolve().parent.parent

# Folders whose files have few tests that take long.
_FIRST = ("integrations", "worker", "scoring", "cli", "benchmarks", "workflows", "studies")

# Fixtures of modules and of the session are made outside any test: they, too, see no settings from outside.
# Worker processes get the mirror under a name of the tests' own.
_MIRROR = os.environ.setdefault("TESTS_MIRROR", os.environ.get("INNERSCORE_MIRROR", ""))
for _name in [name for name in os.environ if name.startswith("INNERSCORE_")]:
    del os.environ[_name]


def pytest_collection_modifyitems(items):
    """Long files first: two workers that take a file each end at about the same time."""
    own = ROOT / "tests"
    items.sort(key=lambda item: item.path.relative_to(own).parts[0] not in _FIRST)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch, tmp_path):
    """No test reads the user's configuration or writes to the user's folders."""
    monkeypatch.setenv("INNERSCORE_CONFIG", os.devnull)
    monkeypatch.setenv("INNERSCORE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("INNERSCORE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("INNERSCORE_OFFLINE", "true")


def _offline(folder: Path, mirror: Path | None = None) -> Settings:
    return Settings(data_dir=folder / "data", cache_dir=folder / "cache", mirror=mirror, offline=True)


@pytest.fixture
def settings(tmp_path) -> Settings:
    """Settings with folders of the test's own, no mirror and no network."""
    return _offline(tmp_path)


@pytest.fixture(scope="module")
def settings_of_module(tmp_path_factory) -> Settings:
    """Settings as `settings`, with folders that the tests of a module share."""
    return _offline(tmp_path_factory.mktemp("module"))


@pytest.fixture(scope="session")
def mirror() -> Path:
    """The folder with real data files; without it the test is skipped, and under CI it fails."""
    folder = Path(_MIRROR or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        skip_or_fail(f"no real data at {folder}: set INNERSCORE_MIRROR to a folder that has them")
    return folder


@pytest.fixture(scope="session")
def bubblewrap():
    """The sandbox's program, which can start one here; without it the test is skipped, and under CI it fails."""
    if shutil.which("bwrap") is None:
        skip_or_fail("no bubblewrap here: install Debian's package bubblewrap")
    tried = subprocess.run(
        ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"], capture_output=True, text=True
    )
    if tried.returncode != 0:
        skip_or_fail(f"bubblewrap may start no sandbox here: {tried.stderr.strip()}")


@pytest.fixture
def mirrored(tmp_path, mirror) -> Settings:
    """Settings as `settings`, with the mirror."""
    return _offline(tmp_path, mirror)


@pytest.fixture(scope="module")
def mirrored_of_module(tmp_path_factory, mirror) -> Settings:
    """Settings as `settings_of_module`, with the mirror."""
    return _offline(tmp_path_factory.mktemp("mirrored"), mirror)
