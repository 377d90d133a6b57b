"""Scoring a submission in a process of its own, whose memory and time are limited.

What a candidate gives is checked and bounded, but what a metric makes of it need not be: one that makes a square of
many units takes memory and time that no limit of a sandbox knows of. So the worker itself scores nothing. It starts
a process for each submission (:mod:`._scoring_process`) and hears from it, in lines of JSON, how far it is. If that
takes too much it ends; then the benchmark that it was at has failed, and another process goes on with the others.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import IO, Any, cast

from ..core.errors import CandidateError, LimitError
from ..core.records import Stage
from ..core.settings import Settings
from ..leaderboard.queue import BundleStore, Failed, Lease, LeaseLostError
from ..scoring.executors.local import how_it_died
from ..scoring.sandbox import NoSandboxError, SandboxLimits
from .scorer import Tell

__all__ = ["OUT_OF_MEMORY", "ScorerApart", "ScoringLimits", "error_of_status"]

OUT_OF_MEMORY = 71  # exit status of a process that scores

_STAGES: dict[str, Stage] = {"activations": "activations", "score": "score"}
_TOO_MUCH = {
    OUT_OF_MEMORY: "more memory",
    -signal.SIGALRM: "more time",
    -signal.SIGKILL: "an end by the system, as when memory runs out",
}


@dataclass(frozen=True)
class ScoringLimits:
    """Limits of the process that scores a submission; what runs in the sandbox has its own.

    Parameters
    ----------
    memory_mb : int
        Its memory, with recordings and activations, in MiB.
    seconds : float
        Time for making a score of the activations, on one benchmark.
    """

    memory_mb: int = 16384
    seconds: float = 3600.0


@dataclass(frozen=True)
class ScorerApart:
    """Scores submissions as :class:`.scorer.Scorer` does, each in a process of its own.

    Parameters
    ----------
    bundles : BundleStore
        Bundles of the board.
    settings : Settings
        Store, folders of data and cache.
    limits : SandboxLimits
        Limits for candidates.
    scoring : ScoringLimits
        Limits for the process.
    """

    bundles: BundleStore
    settings: Settings
    limits: SandboxLimits
    scoring: ScoringLimits

    def score(self, lease: Lease, tell: Tell) -> Failed | None:
        """Score the submission; see :meth:`.scorer.Scorer.score`."""
        ended: dict[str, tuple[Stage, int]] = {}
        while True:
            process = _start()
            try:
                told, at = _heard(process, self._job(lease, ended), tell)
            finally:
                _end(process)
            if told is not None:
                return _outcome(told, lease)
            benchmark, stage = _benchmark_and_stage(at)
            if benchmark in ended or not benchmark:  # storing that it failed ended it, or it never began
                raise error_of_status(process.returncode, lease.submission.candidate, at, self.scoring)
            ended[benchmark] = stage, process.returncode

    def _job(self, lease: Lease, ended: Mapping[str, tuple[Stage, int]]) -> dict[str, Any]:
        return {
            "settings": self.settings.model_dump(mode="json"),
            "bundles": str(self.bundles.folder),
            "submission": lease.submission.identifier,
            "fence": lease.fence,
            "limits": asdict(self.limits),
            "scoring": asdict(self.scoring),
            "ended": ended,
        }


def error_of_status(status: int, candidate: str, at: str, limits: ScoringLimits) -> CandidateError:
    """Why a process ended while it scored, by its exit status."""
    subject = f"The scoring of candidate '{candidate}' ({at or 'before it began'})"
    needed = f"possible with {limits.memory_mb} MiB of memory and in {limits.seconds:g} s"
    hint = "Pool the units of large layers, or give fewer layers."
    if status in _TOO_MUCH:
        return LimitError(subject, got=_TOO_MUCH[status], needed=needed, hint=hint)
    return CandidateError(subject, got=how_it_died(status), needed=needed, hint=hint)


def _start() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", f"{__package__}._scoring_process"]
    pipe = subprocess.PIPE
    return subprocess.Popen(  # noqa: S603  (our own program)
        command, stdin=pipe, stdout=pipe, start_new_session=True
    )


def _heard(
    process: subprocess.Popen[bytes], job: Mapping[str, Any], tell: Tell
) -> tuple[dict[str, Any] | None, str]:
    """What a process says at its end, None if it ended without a word; and how far it was."""
    at = ""
    given, told = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
    with contextlib.suppress(BrokenPipeError):
        given.write(json.dumps(job).encode() + b"\n")
        given.flush()
    for line in told:
        if not line.endswith(b"\n"):  # it was ended while it wrote
            break
        said = json.loads(line)
        if "at" in said:
            at = said["at"]
            tell.at(at)
        elif "heard" in said:
            tell.on_output(b64decode(said["heard"]))
        else:
            return said, at
    process.wait()
    return None, at


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it with all that it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        with contextlib.suppress(BrokenPipeError):
            cast(IO[bytes], pipe).close()


def _outcome(told: Mapping[str, Any], lease: Lease) -> Failed | None:
    if "lost" in told:
        raise LeaseLostError(
            f"The claim of submission {lease.submission.identifier}", got="another's", needed="held"
        )
    if "no_sandbox" in told:
        raise NoSandboxError("The sandbox", got=told["no_sandbox"], needed="able to start on this machine")
    return None if told["failed"] is None else Failed(**told["failed"])


def _benchmark_and_stage(at: str) -> tuple[str, Stage]:
    benchmark, _, rest = at.partition(": ")
    return benchmark, _STAGES.get(rest.partition(" ")[0], "load")
