"""Install the Debian packages that tests run against for real: a browser and a database server.

As root on Debian they are installed where missing; elsewhere the tests that need them are skipped, and under
CI they fail.
"""

import os
import shutil
import subprocess
from pathlib import Path

NEEDED = {
    "bwrap": "bubblewrap",
    "chromium": "chromium",
    "pg_ctl": "postgresql",
    "slurmctld": "slurm-wlm",
    "munged": "munge",
}


def is_there(program: str) -> bool:
    """Whether a program is on the path or among Debian's PostgreSQL programs, which are not on it."""
    return bool(shutil.which(program) or list(Path("/usr/lib/postgresql").glob(f"*/bin/{program}")))


def main() -> None:
    """Install what is missing, if this user may."""
    missing = sorted(package for program, package in NEEDED.items() if not is_there(program))
    if not missing or os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=True)
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing]
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
