"""Alter files of everything that innerscore reads, and count how reading them ended.

Run by ``python tests/studies/altered_files.py --files 20000 --out docs/studies/altered-files.md``. Slow formats,
whose files are read in a process of their own first, get one share of the files, the others two. That process is
forked from this one, which has imported what it needs: most of a second less for each file.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "helpers"))

import h5py  # noqa: F401  (for the forked readers)
import netCDF4  # noqa: F401
import scipy.io  # noqa: F401
from altered_files import SLOW, altered, forms, outcome

from innerscore.core import first_reading

BATCH = 50


def forked(command: list[str], *, timeout: float, **_: object) -> subprocess.CompletedProcess[str]:
    """The same program as `command`, in a fork of this process."""
    with tempfile.TemporaryFile("w+") as said:
        child = os.fork()
        if child == 0:
            os.dup2(said.fileno(), 1)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            sys.stdout = os.fdopen(1, "w")
            first_reading._main(command[command.index(first_reading.__name__) + 1 :])
            sys.stdout.flush()
            os._exit(0)
        status = _awaited(child, time.monotonic() + timeout)
        said.seek(0)
        if status is None:
            raise subprocess.TimeoutExpired(command, timeout, output=said.read())
        return subprocess.CompletedProcess(command, os.waitstatus_to_exitcode(status), said.read(), "")


def _awaited(child: int, end: float) -> int | None:
    """The status that a child ends with; None if it had to be killed at a time."""
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        time.sleep(0.001)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return None


def batch(name: str, first: int) -> Counter[str]:
    """How the reading of some altered files of a form ended; what is no error of ours has its place."""
    form, ends = forms()[name], Counter()
    first_reading.subprocess = argparse.Namespace(run=forked, TimeoutExpired=subprocess.TimeoutExpired)
    for number in range(first, first + BATCH):
        data = altered(form.whole, np.random.default_rng([number, 2]))
        with tempfile.TemporaryDirectory() as folder:
            try:
                ends[outcome(form, data, Path(folder))] += 1
            except BaseException as error:  # these are what is looked for
                last = traceback.extract_tb(error.__traceback__)[-1]
                ends[
                    f"FAULT {type(error).__name__} file {number}, {Path(last.filename).name}:{last.lineno}"
                ] += 1
    return ends


def main() -> None:
    """Run all, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args()
    shares = {name: 1 if name.startswith(SLOW) else 2 for name in forms()}
    batches = {
        name: max(round(chosen.files * share / sum(shares.values()) / BATCH), 1)
        for name, share in shares.items()
    }
    counts: dict[str, Counter[str]] = {name: Counter() for name in shares}
    with ProcessPoolExecutor(chosen.jobs) as pool:
        waiting = [
            (name, pool.submit(batch, name, BATCH * k)) for name, n in batches.items() for k in range(n)
        ]
        for name, result in waiting:
            try:
                counts[name] += result.result()
            except BrokenProcessPool:
                counts[name]["FAULT the process died"] += 1
            sys.stderr.write(f"{name}: {counts[name].total()} files\r")
    chosen.out.write_text(_report(counts))


def _report(counts: dict[str, Counter[str]]) -> str:
    total = sum(count.total() for count in counts.values())
    faults = [
        f"- {name}: {end} ({n})"
        for name, count in counts.items()
        for end, n in count.items()
        if "FAULT" in end
    ]
    rows = [
        f"| {name} | {count.total()} | {count['read']} | {count['faults']} | "
        + ", ".join(f"{end} {n}" for end, n in count.most_common() if end not in ("read", "faults"))
        + " |"
        for name, count in counts.items()
    ]
    lines = [
        "# Altered files",
        "",
        f"{total} files, each altered at one to three places (bits, cuts, extreme numbers, spans twice or away,",
        "other words), read as whoever adds, scores or submits them does. `read` is a file that still passes all",
        "checks, `faults` one that `data add` refuses with a reason; the rest are typed errors. Nothing of a",
        "refused data set is kept.",
        "",
        "| file | altered | read | faults | refused by |",
        "|---|---|---|---|---|",
        *rows,
        "",
        "Anything else: " + ("none." if not faults else ""),
        *faults,
    ]
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    main()
