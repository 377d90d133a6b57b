"""The program that scores one submission: a job in on a line, lines of how far it is out, and how it ended last.

Its memory is limited by the system: an allocation beyond fails, and then it ends. The time of a score is limited by
an alarm, which ends a process even in the middle of a library's call.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import signal
import sys
import threading
from base64 import b64encode
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from ..core.errors import InnerscoreError
from ..core.memory import ran_out
from ..core.settings import Settings
from ..leaderboard.queue import BundleStore, Failed, Lease, LeaseLostError, Queue
from ..leaderboard.store import Store
from ..scoring.sandbox import NoSandboxError, SandboxLimits
from ..scoring.threads import limit_threads
from .apart import OUT_OF_MEMORY, ScoringLimits, error_of_status
from .reasons import failed_of, internal
from .scorer import Scorer

_LOGGER = logging.getLogger("innerscore.worker")


def main() -> None:
    """Serve one job; end at once, in the middle of it, too, when the input ends, since then the worker has."""
    telling = _Telling(os.fdopen(os.dup(1), "wb"))
    os.dup2(2, 1)
    job = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_wait_for_end, args=(sys.stdin.buffer,), daemon=True).start()
    limits = ScoringLimits(**job["scoring"])
    _limit_memory(limits.memory_mb)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    try:
        telling.write(_last_words(job, _Stages(telling, limits.seconds), limits))
    except Exception as error:
        if ran_out(error):
            os._exit(OUT_OF_MEMORY)
        _LOGGER.exception("submission %s failed by a fault of innerscore", job["submission"])
        telling.write(_failed(internal(error)))


@dataclass(frozen=True)
class _Telling:
    """Writes lines, for several threads."""

    pipe: IO[bytes]
    lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, line: dict[str, Any]) -> None:
        with self.lock:
            self.pipe.write(json.dumps(line).encode() + b"\n")
            self.pipe.flush()


@dataclass(frozen=True)
class _Stages:
    """Tells how far it is, and sets the alarm while a score is made."""

    telling: _Telling
    seconds: float

    def at(self, stage: str) -> None:
        scoring = stage.partition(": ")[2] == "score 0/1"
        signal.setitimer(signal.ITIMER_REAL, self.seconds if scoring else 0)
        self.telling.write({"at": stage})

    def on_output(self, piece: bytes) -> None:
        self.telling.write({"heard": b64encode(piece).decode()})


def _last_words(job: dict[str, Any], stages: _Stages, limits: ScoringLimits) -> dict[str, Any]:
    settings = Settings(**job["settings"])
    limit_threads(settings)
    queue = Queue(settings.store)
    bundles = BundleStore(Path(job["bundles"]))
    scorer = Scorer(queue, Store(settings.store), bundles, settings, SandboxLimits(**job["limits"]))
    lease = Lease(queue.get(job["submission"]), job["fence"])
    ended = {
        name: (stage, error_of_status(status, lease.submission.candidate, f"{name}: {stage}", limits))
        for name, (stage, status) in job["ended"].items()
    }
    try:
        return _failed(scorer.score(lease, stages, ended))
    except LeaseLostError:
        return {"lost": True}
    except NoSandboxError as error:
        return {"no_sandbox": str(error)}
    except InnerscoreError as error:
        return _failed(failed_of(error))


def _failed(failed: Failed | None) -> dict[str, Any]:
    return {"failed": None if failed is None else asdict(failed)}


def _limit_memory(megabytes: int) -> None:
    """The soft limit alone: what runs in a sandbox has a limit of its own."""
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    wanted = megabytes * 2**20
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def _wait_for_end(given: IO[bytes]) -> None:
    given.read()
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
