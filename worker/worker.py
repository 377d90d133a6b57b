"""One worker: claims submissions one after the other; every one of them ends, whatever its candidate does."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from ..benchmarks import registry as benchmarks_registry
from ..candidates import registry as candidates_registry
from ..core.errors import InnerscoreError
from ..leaderboard.queue import Lease, LeaseLostError, Submission, name_taken
from ..scoring.sandbox import NoSandboxError
from .apart import ScorerApart, ScoringLimits
from .heartbeat import Heartbeat
from .reasons import failed_of, internal
from .scorer import Scorer, Workplace

__all__ = ["Worker"]

_LOGGER = logging.getLogger("innerscore.worker")


@dataclass(frozen=True)
class Worker(Workplace):
    """Works on the submissions of a board.

    Parameters
    ----------
    queue, store, bundles, settings, limits
        As for :class:`.scorer.Workplace`.
    name : str
        Name of the worker in the events of submissions.
    lease_seconds : float
        Time that a claim holds without a heartbeat.
    scoring : ScoringLimits or None
        Limits of the process in which each submission is scored; None to score in this one, without limits.
    """

    name: str
    lease_seconds: float = 60.0
    scoring: ScoringLimits | None = field(default_factory=ScoringLimits)

    def step(self) -> Submission | None:
        """Take the next submission and check it, or run it.

        Returns
        -------
        submission : Submission or None
            The submission in its state afterwards; None if there was none to take.

        Raises
        ------
        NoSandboxError
            If the sandbox has gone; the submission is given back.
        """
        lease = self.queue.claim(self.name, seconds=self.lease_seconds)
        if lease is None:
            return None
        with Heartbeat(self.queue, lease, self.lease_seconds) as heartbeat:
            try:
                self._work(lease, heartbeat)
            except LeaseLostError:
                pass  # whoever has it now ends it
            except (KeyboardInterrupt, SystemExit, NoSandboxError):
                self.queue.release(lease)
                raise
        return self.queue.get(lease.submission.identifier)

    def _work(self, lease: Lease, heartbeat: Heartbeat) -> None:
        """Check or score; what goes wrong ends the submission with its reason."""
        try:
            if lease.submission.state == "checking":
                self._check(lease.submission)
                self.queue.passed(lease)
            else:
                failed = self._scorer.score(lease, heartbeat)
                self.queue.finish(lease, failed, log=heartbeat.log)
        except (LeaseLostError, NoSandboxError):
            raise
        except InnerscoreError as error:
            self.queue.finish(lease, failed_of(error), log=heartbeat.log)
        except Exception as error:  # a fault of ours must not lose a submission
            _LOGGER.exception("submission %s failed by a fault of innerscore", lease.submission.identifier)
            self.queue.finish(lease, internal(error), log=heartbeat.log)

    def _check(self, submission: Submission) -> None:
        """Check what may have changed since it was received: its bytes, the names that are registered."""
        bundle = self.bundles.read(submission.zip_sha256)
        if bundle.card.identifier in candidates_registry(self.settings).entries():
            raise name_taken(bundle.card.identifier, "one that is registered here")
        known = benchmarks_registry(self.settings)
        for name in submission.benchmarks:
            known.find(name)

    @property
    def _scorer(self) -> Scorer | ScorerApart:
        if self.scoring is not None:
            return ScorerApart(self.bundles, self.settings, self.limits, self.scoring)
        return Scorer(self.queue, self.store, self.bundles, self.settings, self.limits)
