"""Run mypy over the package, which it has to find under its import name: a link to this folder gives it that."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Exit status of mypy."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "innerscore").symlink_to(ROOT)
        command = [
            sys.executable,
            "-m",
            "mypy",
            "--config-file",
            str(ROOT / "pyproject.toml"),
            "-p",
            "innerscore",
        ]
        cache = ["--cache-dir", str(ROOT / ".mypy_cache")]
        environment = os.environ | {"MYPYPATH": folder}
        return subprocess.run([*command, *cache], cwd=folder, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
