import importlib.util
import sys
from pathlib import Path

import pytest

from innerscore.core.settings import Settings
from innerscore.data_registry import load_dataset

# Tests are no package; this makes the writer of files importable by name for the tests of this folder.
_PATH = Path(__file__).parent / "released_files.py"
_SPEC = importlib.util.spec_from_file_location("released_files", _PATH)
released_files = importlib.util.module_from_spec(_SPEC)
sys.modules["released_files"] = released_files
_SPEC.loader.exec_module(released_files)


@pytest.fixture(scope="session")
def pooled_content():
    """The pooled file's content; tests that change it copy what they change."""
    return released_files.release("all")


@pytest.fixture(scope="session")
def pooled_bytes(pooled_content):
    return released_files.old_pickle(pooled_content)


@pytest.fixture
def place(settings):
    """Put a file where the data set looks for it, and give the data set."""

    def put(data, name="all_hand_dmfc_dataset_50ms.pkl"):
        path = settings.data_dir / "rajalingham2025" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return load_dataset("Rajalingham2025", settings)

    return put


@pytest.fixture(scope="session")
def pooled(pooled_bytes, tmp_path_factory):
    """The data set with the pooled file, converted once for all tests."""
    folder = tmp_path_factory.mktemp("pooled")
    settings = Settings(data_dir=folder / "data", cache_dir=folder / "cache", offline=True)
    path = settings.data_dir / "rajalingham2025" / "all_hand_dmfc_dataset_50ms.pkl"
    path.parent.mkdir(parents=True)
    path.write_bytes(pooled_bytes)
    dataset = load_dataset("Rajalingham2025", settings)
    dataset.prepare()
    return dataset
