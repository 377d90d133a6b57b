"""Install the Debian packages that tests run against for real: a browser, a database server, a sandbox, a cluster.

They are installed only under CI or where SYSTEM_PACKAGES is set, by root on Debian. Elsewhere a sentence says what
is missing, and the tests that need it are skipped; under CI they fail.
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
    """Whether a program is on the path, among root's or among Debian's PostgreSQL programs."""
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
    return bool(
        shutil.which(program, path=path) or list(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))
    )


def install(packages: list[str]) -> None:
    """Install Debian packages without a question."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=True)
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)


def main() -> None:
    """Install what is missing, where that is wanted and this user may; else say what is missing."""
    missing = sorted(package for program, package in NEEDED.items() if not is_there(program))
    if not missing:
        return
    wanted = bool(os.environ.get("CI") or os.environ.get("SYSTEM_PACKAGES"))
    if wanted and os.geteuid() == 0 and shutil.which("apt-get") is not None:
        install(missing)
        return
    print(
        f"Not installed here: {', '.join(missing)}. Tests that need them are skipped. "
        "On Debian, as root, 'SYSTEM_PACKAGES=1 make test' installs them."
    )


if __name__ == "__main__":
    main()
