"""System packages are installed in CI or on request, and nowhere else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("system_packages.py")
APT = """#!/bin/sh
echo "$@" >> "$CALLS"
"""


def run_where_all_is_missing(folder, **variables):
    """What the script prints, and the calls of apt-get that it made."""
    (folder / "apt-get").write_text(APT)
    (folder / "apt-get").chmod(0o755)
    calls = folder / "calls"
    environment = {"PATH": str(folder), "CALLS": str(calls), **variables}
    printed = subprocess.run(
        [sys.executable, SCRIPT], env=environment, check=True, capture_output=True, text=True
    ).stdout
    return printed, calls.read_text().splitlines() if calls.exists() else []


def test_a_stranger_is_told_what_is_missing_and_nothing_is_installed(tmp_path):
    printed, calls = run_where_all_is_missing(tmp_path)
    assert "bubblewrap" in printed
    assert "SYSTEM_PACKAGES=1 make test" in printed
    assert calls == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may install packages")
@pytest.mark.parametrize("variable", ["CI", "SYSTEM_PACKAGES"])
def test_under_ci_and_on_request_what_is_missing_is_installed(tmp_path, variable):
    printed, calls = run_where_all_is_missing(tmp_path, **{variable: "1"})
    assert printed == ""
    assert calls[0].startswith("update")
    assert calls[1].startswith("install")
    assert "bubblewrap" in calls[1]
