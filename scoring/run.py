"""Running one candidate on one benchmark: first what it is (:func:`prepare`), then doing it (:func:`execute`).

Preparing reads data and cards and imports nothing of the candidate; it gives the hash by which a run that was
already done is known. Executing never raises for what the candidate does: a failure is a result, too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from ..benchmarks import Benchmark
from ..candidates import load_candidate
from ..candidates.interface import accepts, bundle_sha256, find_candidate
from ..core.activations import Activations
from ..core.cards import CandidateCard
from ..core.errors import CandidateError, InnerscoreError, MissingPartError, UnfitRecordingError
from ..core.extras import check_extra
from ..core.hashing import canonical_json, sha256_of_bytes
from ..core.identity import code_sha256, entry_of
from ..core.records import (
    CARD_FILE,
    TARGETS_FILE,
    BenchmarkRef,
    CandidateRef,
    DataRef,
    ResultRecord,
    RunInputs,
    ScoreRecord,
    Stage,
    candidate_card_json,
    score_record,
)
from ..core.scores import Score
from ..core.settings import Settings
from ..core.stimuli import StimulusSet
from .activation_cache import SANDBOXED, ActivationCache, Showing, delete_oldest, show_stimuli
from .ending import Clock, Ending
from .pictures import with_pictures
from .sandbox import Sandbox

__all__ = [
    "Opener",
    "Outcome",
    "Report",
    "Run",
    "code_of",
    "execute",
    "lost",
    "opener",
    "prepare",
    "run_inputs",
    "scored",
    "show",
]

Report = Callable[[str, int, int], None]
#: Builds a candidate anew, to be shown the stimuli of a set until the block ends.
Opener = Callable[[StimulusSet], AbstractContextManager[Showing]]


@dataclass(frozen=True, eq=False)
class Run:
    """A run that has not happened yet.

    Parameters
    ----------
    candidate : str
        Name or folder of the candidate.
    card : CandidateCard
        Its card.
    benchmark : Benchmark
        Benchmark that it is scored on.
    inputs : RunInputs
        All that determines the values.
    """

    candidate: str
    card: CandidateCard
    benchmark: Benchmark
    inputs: RunInputs


@dataclass(frozen=True, eq=False)
class Outcome:
    """A record with the files that it names by hash.

    Parameters
    ----------
    record : ResultRecord
        The record of the run.
    targets_csv : bytes or None
        The table of per-target values; with status "value" only.
    files : mapping of str to bytes
        Further files that the record names: the candidate's card, the resamples that paired tests need.
    error : InnerscoreError or None
        The error itself, with status "failed".
    """

    record: ResultRecord
    targets_csv: bytes | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    error: InnerscoreError | None = None

    @property
    def all_files(self) -> dict[str, bytes]:
        """Every file that the record names, that of per-target values among them."""
        targets = {} if self.targets_csv is None else {TARGETS_FILE: self.targets_csv}
        return targets | dict(self.files)


def prepare(candidate: str, benchmark: Benchmark, settings: Settings, *, seed: int = 0) -> Run:
    """Gather all that determines a run, without running or importing the candidate.

    Raises
    ------
    UnknownNameError, InvalidCardError
        If the candidate is not known or its card is not valid.
    MissingPartError, ChecksumError
        If the benchmark's data cannot be had or are not the published ones; if the candidate's extra is missing.
    """
    registered = find_candidate(candidate, settings)
    if registered.card.extra is not None:
        check_extra(registered.card.extra)
    whose = CandidateRef(
        identifier=registered.card.identifier,
        version=registered.card.version,
        bundle_sha256=bundle_sha256(registered),
    )
    inputs = run_inputs(whose, benchmark, stimuli_sha256=benchmark.stimuli.content_hash, seed=seed)
    return Run(candidate, registered.card, benchmark, inputs)


def run_inputs(candidate: CandidateRef, benchmark: Benchmark, *, stimuli_sha256: str, seed: int) -> RunInputs:
    """All that determines a run: candidate, benchmark, data, stimuli, our own code and the seed."""
    card, dataset = benchmark.card, benchmark.dataset.card
    return RunInputs(
        candidate=candidate,
        benchmark=BenchmarkRef(
            identifier=card.identifier,
            version=card.version,
            card_sha256=sha256_of_bytes(canonical_json(card.model_dump(mode="json"))),
            metric=card.metric,
            parameters=dict(card.parameters),
        ),
        data=DataRef(
            dataset=dataset.identifier,
            version=dataset.version,
            simulated=dataset.simulated,
            sha256=benchmark.data_sha256,
        ),
        stimuli_sha256=stimuli_sha256,
        code_sha256=code_of(benchmark),
        seed=seed,
    )


def code_of(benchmark: Benchmark) -> str:
    """Hash, by meaning, of our own code that a benchmark's scores depend on.

    That of the benchmark, its metric and its data set's loader, and that which shows stimuli to candidates. What
    starts, isolates, records and tells the run is no part of it.
    """
    parts = (type(benchmark), type(benchmark.metric), type(benchmark.dataset), ActivationCache)
    loader = benchmark.dataset.card.entry
    return code_sha256([*map(entry_of, parts), loader])


def execute(
    run: Run,
    settings: Settings,
    *,
    report: Report | None = None,
    supersedes: str | None = None,
    sandbox: Sandbox | None = None,
) -> Outcome:
    """Do a run.

    Parameters
    ----------
    run : Run
        A run from :func:`prepare`.
    settings : Settings
        Cache folder and device.
    report : callable, optional
        Called with the stage, the number done and the number of all.
    supersedes : str, optional
        Hash of the record that this run's record corrects.
    sandbox : Sandbox, optional
        Sandbox that the candidate runs in; without one, it runs in this process. The record says which.

    Returns
    -------
    outcome : Outcome
        An outcome with status "value", "not applicable", or "failed" with the stage and the reason.

    Raises
    ------
    InnerscoreError
        If anything but the candidate is at fault.
    """
    attempt = _Attempt(run, settings, supersedes, report or _silent, Clock.start(), sandbox=sandbox)
    shown = attempt.show()
    return shown if isinstance(shown, Outcome) else attempt.score(shown)


def show(
    run: Run, settings: Settings, *, report: Report | None = None, supersedes: str | None = None
) -> Outcome | None:
    """Do the first half of a run: show the stimuli and keep the activations in the cache.

    Parameters
    ----------
    run, settings, report, supersedes
        As for :func:`execute`, which finds the activations afterwards and does not build the candidate again.

    Returns
    -------
    outcome : Outcome or None
        The whole run's outcome where it ends here: "not applicable", or "failed". None if the score is to come.
    """
    shown = _Attempt(run, settings, supersedes, report or _silent, Clock.start()).show()
    return shown if isinstance(shown, Outcome) else None


def lost(
    run: Run,
    settings: Settings,
    stage: Stage,
    error: InnerscoreError,
    *,
    supersedes: str | None = None,
    sandbox: Sandbox | None = None,
) -> Outcome:
    """The outcome of a run whose process ended without one: "failed", at the stage that it was in."""
    attempt = _Attempt(run, settings, supersedes, _silent, Clock.start(), stage, sandbox)
    return attempt.failed(error)


def opener(
    candidate: str, bundle_sha256: str, settings: Settings, *, seed: int, sandbox: Sandbox | None = None
) -> Opener:
    """A function that builds a candidate anew, to be shown the stimuli of a set, here or in a sandbox."""

    def opened(stimuli: StimulusSet) -> AbstractContextManager[Showing]:
        if sandbox is None:
            return nullcontext(load_candidate(candidate, settings, seed=seed))
        return sandbox.opened(candidate, bundle_sha256, stimuli, seed=seed)

    return opened


@dataclass
class _Attempt:
    """A run as it goes on: what is to be done, since when, and at which stage it is."""

    run: Run
    settings: Settings
    supersedes: str | None
    say: Report
    clock: Clock
    stage: Stage = "load"
    sandbox: Sandbox | None = None

    def show(self) -> dict[str, Activations] | Outcome:
        """The activations; or how it ended without."""
        if not accepts(self.run.card, self.run.benchmark.stimuli):
            return Outcome(self._record(Ending("not applicable")), files=self._card)
        try:
            self.run.benchmark.check_recording()
        except UnfitRecordingError as error:
            return self.impossible(error)
        try:
            activations = self._activations()
        except MissingPartError:
            raise
        except InnerscoreError as error:
            return self.failed(error)
        self.clock.activations_done()
        return activations

    def score(self, activations: Mapping[str, Activations]) -> Outcome:
        """Score the activations."""
        self.stage = "score"
        self.say(self.stage, 0, 1)
        try:
            score = self.run.benchmark.score(activations)
            packed = scored(with_pictures(score, self.run.benchmark, activations))
        except MissingPartError:
            raise
        except UnfitRecordingError as error:
            return self.impossible(error)
        except InnerscoreError as error:
            return self.failed(error)
        self.say(self.stage, 1, 1)
        files = {**packed.files, **self._card}
        return Outcome(self._record(Ending("value", packed.record)), packed.targets_csv, files)

    def impossible(self, error: UnfitRecordingError) -> Outcome:
        """Nobody can be scored on these data."""
        return Outcome(self._record(Ending("not applicable", reason=str(error))), files=self._card)

    def failed(self, error: InnerscoreError) -> Outcome:
        """It ends here."""
        return Outcome(self._record(Ending.failed(self.stage, error)), files=self._card, error=error)

    @property
    def _card(self) -> dict[str, bytes]:
        """The candidate's card, which goes with the record: a board elsewhere has no other."""
        return {CARD_FILE: candidate_card_json(self.run.card)}

    def _activations(self) -> dict[str, Activations]:
        """Activations from the cache if it has them all; else the candidate is built and shown what is missing."""
        run, stimuli = self.run, self.run.benchmark.stimuli.stimuli
        made_of = run.inputs.candidate.bundle_sha256
        cache = ActivationCache.named(run.card, made_of, self._cache_dir, run.inputs.seed)
        self.say(self.stage, 0, 1)
        if (known := cache.all(stimuli)) is not None:
            return known
        try:
            with self._built() as candidate:
                self.stage = "activations"
                return show_stimuli(
                    candidate, stimuli, cache, lambda done, of: self.say("activations", done, of)
                )
        finally:  # a candidate that fails at the last stimulus has filled it as well
            delete_oldest(self.settings.cache_dir, self.settings.cache_mb * 2**20)

    @property
    def _cache_dir(self) -> Path:
        """Cache folder, apart for sandboxed runs: a record that says sandboxed must not rest on an open run."""
        return self.settings.cache_dir / ("" if self.sandbox is None else SANDBOXED)

    def _built(self) -> AbstractContextManager[Showing]:
        run, made_of = self.run, self.run.inputs.candidate.bundle_sha256
        opened = opener(run.candidate, made_of, self.settings, seed=run.inputs.seed, sandbox=self.sandbox)
        return opened(run.benchmark.stimuli)

    def _record(self, ending: Ending) -> ResultRecord:
        return ending.record(
            self.run.inputs,
            self.settings,
            self.clock.cost(),
            supersedes=self.supersedes,
            sandboxed=self.sandbox is not None,
            card_sha256=sha256_of_bytes(self._card[CARD_FILE]),
        )


@dataclass(frozen=True, eq=False)
class Scored:
    """A score as it is recorded, with the files that it names."""

    record: ScoreRecord
    targets_csv: bytes
    files: Mapping[str, bytes]


def scored(score: Score) -> Scored:
    """A score as it is recorded, with its per-target values and further files in bytes.

    Raises
    ------
    UnfitRecordingError
        If its ceiling, which is the recording's, is not defined.
    CandidateError
        If its raw or its normalised value is not defined: that is no value, but a failure.
    """
    _check_defined(score)
    targets_csv = score.targets.to_csv(index=False, lineterminator="\n", float_format="%.17g").encode()
    files = score.files
    hashes = {name: sha256_of_bytes(body) for name, body in files.items()}
    return Scored(score_record(score, sha256_of_bytes(targets_csv), hashes), targets_csv, files)


def _check_defined(score: Score) -> None:
    if not math.isfinite(score.ceiling.value):
        raise UnfitRecordingError("The ceiling of the recording", got="undefined", needed="defined")
    values = {"raw": score.raw.value, "normalised": score.normalised.value}
    missing = [name for name, value in values.items() if not math.isfinite(value)]
    if not missing:
        return
    known = [name for name in missing if name in score.targets]
    of_targets = [f"'{name}' of {int(score.targets[name].isna().sum())}" for name in known]
    raise CandidateError(
        "The score",
        got=f"{' and '.join(missing)} value undefined ({', '.join(of_targets)} of {len(score.targets)} targets)",
        needed="defined",
        hint="States that are constant, or equal for all conditions, have no likeness to anything.",
    )


def _silent(stage: str, done: int, of: int) -> None:
    """Report nothing."""
