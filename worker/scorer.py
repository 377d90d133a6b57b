"""Scoring a submission: its candidate is checked, run in the sandbox, scored and recorded on each benchmark."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from ..benchmarks import load_benchmarks
from ..candidates.interface import accepts
from ..checking.candidates import behaviour_faults, observed, probes_of
from ..core.bundles import unpack_bundle
from ..core.errors import CandidateError, InnerscoreError
from ..core.records import ResultRecord, Stage
from ..core.settings import Settings
from ..core.stimuli import StimulusKind
from ..leaderboard.queue import BundleStore, Failed, Lease, Queue
from ..leaderboard.store import Entry, Store
from ..scoring import Job, Outcome, job_of
from ..scoring.run import Run, lost, opener
from ..scoring.sandbox import Sandbox, SandboxLimits, own_folder
from .reasons import RefusedError, failed_of_record

__all__ = ["NOTHING", "Scorer", "Tell", "Workplace"]

#: No benchmark on which an earlier process was ended.
NOTHING: Mapping[str, tuple[Stage, InnerscoreError]] = MappingProxyType({})


class Tell(Protocol):
    """Whoever is told how scoring goes on."""

    def at(self, stage: str) -> None:
        """Say how far it is, as ``benchmark: stage``."""

    def on_output(self, piece: bytes) -> None:
        """Pass on what the candidate prints."""


@dataclass(frozen=True)
class Workplace:
    """The place where submissions are scored: a board, and the limits for its candidates.

    Parameters
    ----------
    queue, store, bundles : Queue, Store, BundleStore
        Queue, store and bundles of the board.
    settings : Settings
        Folders of data and cache.
    limits : SandboxLimits
        Limits for candidates.
    """

    queue: Queue
    store: Store
    bundles: BundleStore
    settings: Settings
    limits: SandboxLimits


@dataclass(frozen=True)
class Scorer(Workplace):
    """Scores submissions in this process; its parameters are those of the workplace."""

    def score(
        self, lease: Lease, tell: Tell, ended: Mapping[str, tuple[Stage, InnerscoreError]] = NOTHING
    ) -> Failed | None:
        """Score the submission on its benchmarks, storing each record as soon as it is there.

        Parameters
        ----------
        lease : Lease
            Claim of the submission.
        tell : Tell
            Is told how far it is, and what the candidate prints.
        ended : mapping of str to (Stage, InnerscoreError)
            Benchmarks on which an earlier process was ended, with the stage and the reason.

        Returns
        -------
        failed : Failed or None
            None if every benchmark has a value.

        Raises
        ------
        LeaseLostError
            If the submission is no longer ours.
        NoSandboxError
            If the sandbox has gone.
        InnerscoreError
            If the submission cannot be scored at all.
        """
        bundle = self.bundles.read(lease.submission.zip_sha256)
        with own_folder() as folder:
            unpack_bundle(bundle, folder / "bundle")
            records = self._records(str(folder / "bundle"), lease, tell, ended)
        failed = [record for record in records if record.status == "failed"]
        return failed_of_record(failed[0]) if failed else None

    def _records(
        self, candidate: str, lease: Lease, tell: Tell, ended: Mapping[str, tuple[Stage, InnerscoreError]]
    ) -> list[ResultRecord]:
        sandbox = Sandbox(self.settings, self.limits, tell.on_output)
        checked: set[StimulusKind] = set()
        records = []
        names = lease.submission.benchmarks
        for name, benchmark in zip(names, load_benchmarks(names, self.settings), strict=True):
            tell.at(f"{name}: data")
            job = job_of(candidate, benchmark, self.settings, seed=0, sandbox=sandbox)
            known = self.store.current(job.inputs.run_sha256)
            corrected = None if known is None else known.record_sha256
            outcome = self._kept(lease, known)
            if outcome is None and name in ended and job.run is not None:
                outcome = lost(job.run, self.settings, *ended[name], supersedes=corrected, sandbox=sandbox)
            if outcome is None and (run := _unchecked(job, checked)) is not None:
                tell.at(f"{name}: check")
                outcome = self._checked(run, corrected, sandbox)
                checked.add(benchmark.stimuli.kind)
            if outcome is None:
                outcome = job.do(corrected, partial(_report, tell, name))
            self.queue.add_record(lease, Entry(outcome.record, outcome.all_files))
            records.append(outcome.record)
        return records

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


def _report(tell: Tell, benchmark: str, stage: str, done: int, of: int) -> None:
    tell.at(f"{benchmark}: {stage} {done}/{of}")
