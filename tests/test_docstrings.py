"""The examples in docstrings give what they say."""

import doctest
import importlib
import importlib.util
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def modules_with_examples():
    """Names of all modules of the package whose text has an example."""
    tracked = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "*.py"], capture_output=True, text=True, check=True
    ).stdout.split()
    library = [Path(name) for name in tracked if not name.startswith(("tests/", "docs/"))]
    with_examples = [path for path in library if ">>> " in (ROOT / path).read_text()]
    return [".".join(("innerscore", *path.with_suffix("").parts)) for path in with_examples]


@pytest.mark.parametrize("name", modules_with_examples())
def test_examples_in_docstrings_give_what_they_say(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name.removesuffix(".__init__"))
    tests = [test for test in doctest.DocTestFinder().find(module) if test.examples]
    assert tests, "an example that no docstring holds is never run"
    assert not [example for test in tests for example in test.examples if doctest.SKIP in example.options]
    said = []
    runner = doctest.DocTestRunner()
    failed = sum(runner.run(test, out=said.append).failed for test in tests)
    assert not failed, "".join(said)
