"""What a user waits for at a terminal: the help, and the check of a candidate that was just begun."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from limits import Limit

_COMMAND = str(Path(sys.executable).parent / "innerscore")
_REPEATS = 5


def _fastest(*arguments: str) -> float:
    """Wall time in s of a command, the fastest of a few."""
    taken = []
    for _ in range(_REPEATS):
        began = time.perf_counter()
        subprocess.run([_COMMAND, *arguments], check=True, capture_output=True)
        taken.append(time.perf_counter() - began)
    return min(taken)


def _help() -> Mapping[str, float]:
    return {"s": _fastest("--help")}


def _check() -> Mapping[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([_COMMAND, "init", f"{folder}/my-model"], check=True, capture_output=True)
        return {"s": _fastest("check", f"{folder}/my-model", "--benchmark", "SimulatedDMFC.occluded-rsa")}


LIMITS = [
    Limit("innerscore --help", _help, {"s": 0.3}),
    Limit("innerscore check of a candidate that was just begun", _check, {"s": 10.0}),
]
