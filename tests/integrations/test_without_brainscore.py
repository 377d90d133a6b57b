"""Where brainscore-core is not installed, everything else runs, and the integration says what to do."""

import importlib.util
import subprocess
import sys

import pytest


@pytest.mark.skipif(importlib.util.find_spec("brainscore_core") is not None, reason="brainscore-core is here")
def test_the_integration_says_what_it_needs():
    code = "import innerscore.integrations.brainscore.benchmarks"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.returncode == 1
    assert "MissingPartError: The integration of Brain-Score" in ended.stderr
    assert "innerscore[brainscore]" in ended.stderr or "Python 3.11 or 3.12" in ended.stderr
