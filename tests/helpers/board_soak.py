"""A board under fire: hostile and honest submissions to a real server, and a worker that is killed at random."""

import itertools
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from innerscore.core.bundles import pack_folder
from innerscore.scoring.sandbox.resources import usage_of

BENCHMARK = "SimulatedMEC.rsa"
MEMORY_MB, SCORE_MEMORY_MB, WORKER_MB, CACHE_MB = 600, 2048, 600, 64
LIMITS = {
    "--wall-seconds": 20,
    "--memory-mb": MEMORY_MB,
    "--score-memory-mb": SCORE_MEMORY_MB,
    "--score-seconds": 60,
    "--lease-seconds": 5,
}
HONEST = "return {'a': np.sin(%d * stimulus.velocity)}"
WIDE = "return {'a': np.float32(stimulus.velocity) @ np.random.default_rng(0).random((2, 9000), np.float32)}"
QUICK = (
    "eats memory",
    "eats memory at once",
    "forks without end",
    "returns NaN",
    "is killed",
    "prints without end",
    "fills sockets",
    "makes files without end",
    "ends without a word",
    "answers with rubbish",
)
SLOW = ("sleeps for ever", "holds page tables", "writes a huge file", "spins for ever")
_ENDED = ("scored", "failed", "withdrawn")


@dataclass
class Seen:
    """What was seen of the board while it was under fire."""

    states: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    kills: int = 0
    requests: int = 0
    refused: int = 0
    slowest_s: float = 0.0
    peak_mb: float = 0.0
    peak_cache_mb: float = 0.0
    cache_mb: float = 0.0
    folders_left: int = 0
    seconds: float = 0.0


@dataclass
class Board:
    """A server and a worker, each a process of its own, in a folder."""

    folder: Path
    server: subprocess.Popen
    url: str
    token: str
    worker: subprocess.Popen | None = None

    @classmethod
    def started(cls, folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "tmp").mkdir()
        token = _innerscore(folder, "board", "token", "create", "soak", stdout=subprocess.PIPE)
        secret = re.search(r"\S{30,}", token.communicate()[0]).group()
        log = (folder / "server.log").open("w")
        server = _innerscore(folder, "board", "serve", "--port", "0", stderr=log)
        until = time.monotonic() + 120
        while not (found := re.search(r"http://\S+?/", (folder / "server.log").read_text())):
            assert time.monotonic() < until, "the server did not start"
            time.sleep(0.2)
        return cls(folder, server, found.group(), secret)

    def submit(self, data):
        """Send a bundle, as slowly as the server wants; the submission's identifier."""
        headers = {"Authorization": f"Bearer {self.token}"}
        while True:
            answer = httpx.post(
                f"{self.url}api/v1/submissions",
                files={"bundle": ("bundle.zip", data, "application/zip")},
                data={"benchmarks": BENCHMARK},
                headers=headers,
                timeout=60,
            )
            if answer.status_code not in (429, 503):
                return answer.raise_for_status().json()["identifier"]
            time.sleep(float(answer.headers.get("Retry-After", 1)))

    def start_worker(self):
        options = [str(one) for pair in LIMITS.items() for one in pair]
        log = (self.folder / "worker.log").open("a")
        self.worker = _innerscore(self.folder, "worker", *options, stderr=log, stdout=log)

    def end(self):
        for process in filter(None, (self.worker, self.server)):
            process.kill()
            process.wait()


def soak(folder, n_submissions, hostile, make, seed=0, share=0.5, which=QUICK):
    """Send submissions, kill the worker at random, and look on until all have ended.

    `hostile` has bodies of hostile candidates by name, `make` writes a candidate's folder. The worker is killed at
    most once in the time in which two submissions end, so that no submission sees it die three times.
    """
    draw, seen, began = random.Random(seed), Seen(), time.monotonic()
    board = Board.started(folder)
    try:
        kinds, waiting = {}, {}
        bodies = itertools.cycle(_bad(hostile, which))
        for number, bad in enumerate(itertools.islice(bodies, n_submissions)):
            name, body = bad if draw.random() < share else ("honest", HONEST % (number + 2))
            place = folder / "candidates" / f"c{number}"
            make(place, body.replace("{{", "{").replace("}}", "}"), identifier=f"c{number}")
            identifier = board.submit(pack_folder(place))
            kinds[identifier] = waiting[identifier] = name
        board.start_worker()
        _look_on(board, draw, seen, waiting)
        seen.cache_mb = _cached_mb(folder)
    finally:
        board.end()
    seen.states = {f"{kinds[one]} ({one})": state for one, state in seen.states.items()}
    seen.reasons = {f"{kinds[one]} ({one})": reason for one, reason in seen.reasons.items()}
    seen.folders_left, seen.seconds = _folders_left(folder), time.monotonic() - began
    return seen


def _look_on(board, draw, seen, waiting):
    ended_since, kill_at = 2, time.monotonic() + draw.uniform(5, 30)
    until = time.monotonic() + 120 * len(waiting) + 300
    while waiting:
        assert time.monotonic() < until, f"still waiting for {waiting}"
        seen.peak_mb = max(seen.peak_mb, usage_of(board.worker.pid).memory_mb)
        seen.peak_cache_mb = max(seen.peak_cache_mb, _cached_mb(board.folder))
        if ended_since >= 2 and time.monotonic() > kill_at:
            board.worker.send_signal(signal.SIGKILL)
            board.worker.wait()
            board.start_worker()
            seen.kills, ended_since = seen.kills + 1, 0
            kill_at = time.monotonic() + draw.uniform(5, 30)
        _ask(board, "", seen)
        for identifier in list(waiting)[:3]:
            found = _ask(board, f"api/v1/submissions/{identifier}", seen)
            if found is not None and found.json()["state"] in _ENDED:
                seen.states[identifier] = found.json()["state"]
                seen.reasons[identifier] = found.json()["reason_code"]
                waiting.pop(identifier)
                ended_since += 1
        time.sleep(1)


def _ask(board, path, seen):
    """An answer; None if the board says that it has answered too often of late."""
    start = time.monotonic()
    answer = httpx.get(board.url + path, timeout=60)
    seen.slowest_s = max(seen.slowest_s, time.monotonic() - start)
    seen.requests += 1
    if answer.status_code == 429:
        time.sleep(float(answer.headers.get("Retry-After", 1)))
        return None
    seen.refused += answer.status_code != 200
    return answer if answer.status_code == 200 else None


def _bad(hostile, which):
    return [("wide", WIDE), *((name, hostile[name][0]) for name in which)]


def _innerscore(folder, *arguments, **streams):
    own = {name: value for name, value in os.environ.items() if not name.startswith("INNERSCORE_")}
    own |= {
        "INNERSCORE_CONFIG": os.devnull,
        "INNERSCORE_HOME": str(folder / "home"),
        "INNERSCORE_CACHE_MB": str(CACHE_MB),
        "INNERSCORE_OFFLINE": "true",
        **{f"INNERSCORE_QUOTA_{of}": "10000" for of in ("OPEN", "HOURLY", "NAMES")},
        "TMPDIR": str(folder / "tmp"),
    }
    return subprocess.Popen([sys.executable, "-m", "innerscore", *arguments], env=own, text=True, **streams)


def _cached_mb(folder):
    size = 0
    for path in folder.glob("home/cache/**/activations/*/*"):
        try:
            size += path.stat().st_size
        except FileNotFoundError:
            continue
    return size / 2**20


def _folders_left(folder):
    """Sandbox folders that are there once another worker has started, some time after the last one was killed."""
    for path in (folder / "tmp").iterdir():
        os.utime(path, (time.time() - 3600,) * 2)
    code = "from innerscore.scoring.sandbox.folders import delete_abandoned; delete_abandoned()"
    environment = os.environ | {"TMPDIR": str(folder / "tmp")}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    left = len(list((folder / "tmp").glob("innerscore-sandbox-*")))
    shutil.rmtree(folder / "tmp")
    return left
