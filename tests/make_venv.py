"""Make the virtual environment, with the system package for it where that is missing and may be installed."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path


def main(folder: Path) -> None:
    """Make `folder` a virtual environment of this Python, with pip, and say which Python it is."""
    print(f"innerscore: Python {sys.version.split()[0]} ({sys.executable})", flush=True)
    if not has_ensurepip():
        install_venv_package()
    venv.create(folder, with_pip=True, clear=True)


def has_ensurepip() -> bool:
    """Whether Python can put pip into an environment; Debian has that in a package of its own."""
    return subprocess.run([sys.executable, "-c", "import ensurepip"], capture_output=True).returncode == 0


def install_venv_package() -> None:
    """Install Debian's package as root, or say what to do."""
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        sys.exit(f"Python's venv needs the system package {package}: sudo apt-get install {package}")
    subprocess.run(["apt-get", "update", "-qq"], check=True)
    subprocess.run(["apt-get", "install", "-y", "-qq", package], check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
