"""One worker: claims submissions one after the other; every one of them ends, whatever its candidate does."""

from __future__ import annotations

import logging
from collections.abc import Set
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ..benchmarks import load_benchmarks
from ..benchmarks import registry as benchmarks_registry
from ..candidates import registry as candidates_registry
from ..candidates.interface import accepts
from ..checking.candidates import behaviour_faults, observed, probes_of
from ..core.errors import CandidateError, InnerscoreError
from ..core.records import ResultRecord
from ..core.settings import Settings
from ..core.stimuli import StimulusKind
from ..leaderboard.queue import BundleStore, Lease, LeaseLostError, Queue, Submission, name_taken
from ..leaderboard.store import Entry, Store
from ..scoring import Job, Outcome, job_of
from ..scoring.bundle_folder import unpacked
from ..scoring.run import Run, lost, opener
from ..scoring.sandbox import NoSandboxError, Sandbox, SandboxLimits
from .heartbeat import Heartbeat
from .reasons import RefusedError, failed_of, failed_of_record, internal

__all__ = ["Worker"]

_LOGGER = logging.getLogger("innerscore.worker")


@dataclass(frozen=True)
class Worker:
    """Works on the submissions of a board.

    Parameters
    ----------
    name : str
        Name of the worker in the events of submissions.
    queue, store, bundles : Queue, Store, BundleStore
        Queue, store and bundles of the board.
    settings : Settings
        Folders of data and cache.
    limits : SandboxLimits
        Limits for candidates.
    lease_seconds : float
        Time that a claim holds without a heartbeat.
    """

    name: str
    queue: Queue
    store: Store
    bundles: BundleStore
    settings: Settings
    limits: SandboxLimits = field(default_factory=SandboxLimits)
    lease_seconds: float = 60.0

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
                self._score(lease, heartbeat)
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

    def _score(self, lease: Lease, heartbeat: Heartbeat) -> None:
        folder = unpacked(self.bundles.read(lease.submission.zip_sha256), self.settings.cache_dir)
        sandbox = Sandbox(self.settings, self.limits, heartbeat.on_output)
        checked: set[StimulusKind] = set()
        records = []
        names = lease.submission.benchmarks
        for name, benchmark in zip(names, load_benchmarks(names, self.settings), strict=True):
            heartbeat.at(f"{name}: data")
            job = job_of(str(folder), benchmark, self.settings, seed=0, sandbox=sandbox)
            known = self.store.current(job.inputs.run_sha256)
            corrected = None if known is None else known.record_sha256
            outcome = self._kept(lease, known)
            if outcome is None and (run := _unchecked(job, checked)) is not None:
                heartbeat.at(f"{name}: check")
                outcome = self._checked(run, corrected, sandbox)
                checked.add(benchmark.stimuli.kind)
            if outcome is None:
                outcome = job.do(corrected, partial(_report, heartbeat, name))
            self.queue.add_record(lease, Entry(outcome.record, outcome.all_files))
            records.append(outcome.record)
        failed = [record for record in records if record.status == "failed"]
        self.queue.finish(lease, failed_of_record(failed[0]) if failed else None, log=heartbeat.log)

    def _kept(self, lease: Lease, known: ResultRecord | None) -> Outcome | None:
        """The record of a pair that is here, if it is one of a sandbox.

        A failed one is tried again, unless it is of this submission, whose worker died after storing it.
        """
        own = {event.record_sha256 for event in self.queue.events(lease.submission.identifier)}
        if known is None or not known.environment.sandboxed:
            return None
        return Outcome(known) if known.status != "failed" or known.record_sha256 in own else None

    def _checked(self, run: Run, corrected: str | None, sandbox: Sandbox) -> Outcome | None:
        """Hold the candidate against the rules of ``innerscore check``; the outcome if it cannot be run at all.

        Raises
        ------
        RefusedError
            If it runs, but its values depend on more than stimulus and seed.
        """
        stimuli, made_of = run.benchmark.stimuli, run.inputs.candidate.bundle_sha256
        probes = probes_of(run.card, stimuli.kind, {run.benchmark.identifier: stimuli})
        if probes is None:
            return None
        opened = opener(run.candidate, made_of, self.settings, seed=0, sandbox=sandbox)
        try:
            behaviour = observed(opened, probes)
        except CandidateError as error:
            return lost(run, self.settings, "activations", error, supersedes=corrected, sandbox=sandbox)
        if faults := behaviour_faults(behaviour, Path(run.card.entry.partition(":")[0])):
            raise RefusedError(faults)
        return None


def _unchecked(job: Job, checked: Set[StimulusKind]) -> Run | None:
    """The run of a job whose candidate accepts the stimuli, and was shown none of their kind yet."""
    run = job.run
    if run is None or run.benchmark.stimuli.kind in checked or not accepts(run.card, run.benchmark.stimuli):
        return None
    return run


def _report(heartbeat: Heartbeat, benchmark: str, stage: str, done: int, of: int) -> None:
    heartbeat.at(f"{benchmark}: {stage} {done}/{of}")
