"""Both stacks give the same scores: brainscore-core's with old numpy and xarray here, and the current one.

The other interpreter computes the same pairs while this one does; both on this machine, as processors differ.
"""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from brainscore_core.benchmarks import score_benchmark
from builtin_scores import largest_difference, scores_and_identities

from innerscore.integrations.brainscore.benchmarks import BrainScoreBenchmark

ROOT = Path(__file__).resolve().parents[3]
OTHER = Path(os.environ.get("OTHER_STACK", ROOT / ".venv" / "bin" / "python"))


@pytest.fixture(scope="module")
def other_scores():
    """Those of the current stack, on their way while ours are made."""
    shown = subprocess.run(
        [OTHER, "-c", "import numpy; print(numpy.__version__)"], capture_output=True, text=True
    )
    if shown.returncode or shown.stdout.strip() == np.__version__:
        message = f"no other stack at {OTHER}: {shown.stdout or shown.stderr}"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    command = [OTHER, ROOT / "tests" / "helpers" / "builtin_scores.py"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def test_brain_score_on_the_old_stack_gives_what_the_current_one_gives(other_scores):
    def through_brainscore(benchmark, candidate):
        return score_benchmark(BrainScoreBenchmark(benchmark), candidate).attrs["innerscore"]

    ours = scores_and_identities(score=through_brainscore)
    theirs = json.loads(other_scores.communicate()[0])
    assert ours["identities"] == theirs["identities"]
    assert set(ours["scores"]) == set(theirs["scores"])
    assert len(ours["scores"]) > 45
    difference, pair = largest_difference(ours["scores"], theirs["scores"])
    assert difference < 1e-10, pair
