"""A board that is a folder: proposals are checked, or scored in the sandbox, and its export is written anew.

The folder holds the last export and nothing else keeps state. A run copies its store, once every byte was held
against its hash, queues the proposals there, works the queue off, and exports what came of it. A proposal that is
on the board already gives the same runs, which are there.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from .. import benchmarks as benchmarks_room
from .. import candidates as candidates_room
from ..checking import PROBES, check_candidate
from ..core.bundles import CARD_NAME, Bundle, pack_folder, read_bundle
from ..core.errors import InnerscoreError, InvalidInputError
from ..core.settings import Settings
from ..core.sqlite_urls import sqlite_url
from ..core.stimuli import StimulusSet
from ..leaderboard.checksums import SUMS
from ..leaderboard.importing import copy_export, import_board
from ..leaderboard.queue import BundleStore, Failed, Queue, Submission, SubmissionResult, receive, results_of
from ..leaderboard.store import Entry, Store
from ..scoring.sandbox import Sandbox, SandboxLimits, try_sandbox
from ..scoring.threads import limit_threads
from ..worker import ScoringLimits, Worker
from ..worker.reasons import RefusedError, failed_of
from .board_contents import export_shareable
from .placement import places

__all__ = ["BoardUpdate", "Verdict", "check_proposals", "update_board"]

State: TypeAlias = Literal["scored", "unchanged", "sound", "refused", "failed"]

#: Told of each submission whenever its state has changed.
Tell: TypeAlias = Callable[[Submission], None]

_NOT_PROPOSED = ("README.md",)


@dataclass(frozen=True)
class Verdict:
    """The outcome of one proposal.

    Parameters
    ----------
    proposal : str
        Name of its folder.
    state : {"scored", "unchanged", "sound", "refused", "failed"}
        Scored now; on the board already; without a fault, where it was only checked; refused as a bundle; or failed
        while it was checked or scored.
    failed : Failed or None
        Reason for which it was refused or failed.
    results : sequence of SubmissionResult
        Its results on the board.
    """

    proposal: str
    state: State
    failed: Failed | None = None
    results: Sequence[SubmissionResult] = ()

    def to_json(self) -> dict[str, Any]:
        """The outcome for programs."""
        content: dict[str, Any] = {"proposal": self.proposal, "state": self.state}
        if self.failed is not None:
            content |= {"code": self.failed.code, "reason": self.failed.reason, "hint": self.failed.hint}
        return content | {"results": [result.to_json() for result in self.results]}


@dataclass(frozen=True)
class BoardUpdate:
    """The result of an update.

    Parameters
    ----------
    verdicts : sequence of Verdict
        A verdict for each proposal.
    added : int
        Records that the board did not have before.
    written : bool
        Whether the folder was written.
    """

    verdicts: Sequence[Verdict]
    added: int
    written: bool


@dataclass(frozen=True)
class _Scratch:
    """A copy of the board to work on, with the queue of its proposals."""

    settings: Settings
    store: Store
    queue: Queue
    bundles: BundleStore
    benchmarks: Sequence[str]
    verdicts: dict[str, Verdict] = field(default_factory=dict)


def check_proposals(
    folder: Path,
    proposals: Path,
    benchmarks: Sequence[str],
    settings: Settings,
    limits: SandboxLimits | None = None,
) -> list[Verdict]:
    """Check the proposals that are not on a board, and change nothing.

    Each is held against the rules by which the board takes a bundle, its names and versions among them, and against
    those of ``innerscore check``, in the sandbox.

    Parameters
    ----------
    folder : pathlib.Path
        The board: an export, or a folder that is not there yet.
    proposals : pathlib.Path
        Folder with a candidate's folder for each proposal.
    benchmarks : sequence of str
        Benchmarks of the board; all, if empty.
    settings : Settings
        Folders of data and cache.
    limits : SandboxLimits, optional
        Limits for candidates.

    Raises
    ------
    NoSandboxError
        If there is no sandbox here.
    InvalidDataError
        If the board is damaged.
    UnknownNameError
        If there is no such benchmark.
    """
    try_sandbox(settings)
    limit_threads(settings)
    with _scratch(folder, (), benchmarks, settings) as scratch:
        received = _receive(proposals, scratch)
        on_board = {record.inputs.candidate.bundle_sha256 for record in scratch.store.records()}
        stimuli = _stimuli(benchmarks, settings) if received else {}
        for path, submission in received.items():
            if submission.content_sha256 in on_board:
                verdict = Verdict(path.name, "unchanged")
            else:
                verdict = _checked(path, stimuli, settings, limits)
            scratch.verdicts[path.name] = verdict
        return _in_order(scratch)


def update_board(
    folder: Path,
    proposals: Path | None,
    benchmarks: Sequence[str],
    settings: Settings,
    *,
    sources: Sequence[str] = (),
    rewrite: bool = False,
    limits: SandboxLimits | None = None,
    scoring: ScoringLimits | None = None,
    tell: Tell = lambda _: None,
) -> BoardUpdate:
    """Take in other boards, score the proposals in the sandbox, and write the board anew.

    A proposal that is refused, or fails on one of the benchmarks, adds nothing; the others are added all the same.
    Where nothing was added the folder stays as it is, byte for byte.

    Parameters
    ----------
    folder : pathlib.Path
        The board: an export, which is replaced as a whole, or a folder that is not there yet.
    proposals : pathlib.Path or None
        Folder with a candidate's folder for each proposal; None for none.
    benchmarks : sequence of str
        Benchmarks to score them on; all, if empty.
    settings : Settings
        Folders of data and cache.
    sources : sequence of str
        Boards to take in first, as for :func:`~innerscore.leaderboard.importing.import_board`.
    rewrite : bool, default=False
        Write the folder even if nothing was added, as after an upgrade that changed the pages.
    limits, scoring : SandboxLimits, ScoringLimits, optional
        Limits for candidates, and for the processes that score them.
    tell : callable, optional
        Told of each submission whenever its state has changed.

    Raises
    ------
    NoSandboxError
        If there are proposals and no sandbox here.
    InvalidDataError, InvalidRecordError
        If the board or a source is damaged; nothing is changed then.
    UnknownNameError
        If there is no such benchmark.
    """
    if proposals is not None:
        try_sandbox(settings)
        limit_threads(settings)
    with _scratch(folder, sources, benchmarks, settings) as scratch:
        before = {record.record_sha256 for record in scratch.store.records(with_hidden=True)}
        received = {} if proposals is None else _receive(proposals, scratch)
        _drain(scratch, limits or SandboxLimits(), scoring or ScoringLimits(), tell)
        ended = {path: scratch.queue.get(one.identifier) for path, one in received.items()}
        made = {path: _records_of(one, scratch.queue) for path, one in ended.items()}
        failed = {path: made[path] - before for path, one in ended.items() if one.state != "scored"}
        with _without(scratch.store, frozenset().union(*failed.values())) as kept:
            for path, one in ended.items():
                is_new = not made[path] <= before
                scratch.verdicts[path.name] = _verdict(path.name, one, is_new, scratch.queue, kept)
            added, written = _write(kept, scratch.settings, folder, rewrite=rewrite)
        return BoardUpdate(_in_order(scratch), added, written)


@contextmanager
def _scratch(
    folder: Path, sources: Sequence[str], benchmarks: Sequence[str], settings: Settings
) -> Iterator[_Scratch]:
    """A copy of the board, with other boards taken in; it goes again."""
    known = benchmarks_room.registry(settings)
    for name in benchmarks:
        known.find(name)
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "board.sqlite"
        if (folder / SUMS).exists():
            copy_export(folder, path)
        store = Store(sqlite_url(path))
        for source in sources:
            import_board(store, source)
        own = settings.model_copy(update={"store_url": store.url})
        queue, bundles = Queue(store.url), BundleStore(Path(place) / "bundles")
        try:
            yield _Scratch(own, store, queue, bundles, benchmarks)
        finally:
            queue.close()
            store.close()


def _receive(proposals: Path, scratch: _Scratch) -> dict[Path, Submission]:
    """Queue every proposal that may be; the others get their verdict."""
    known = benchmarks_room.registry(scratch.settings).entries()
    reserved = candidates_room.registry(scratch.settings).entries()
    received = {}
    for path in _proposed(proposals):
        try:
            data = _packed(path)
            received[path] = receive(
                data, scratch.benchmarks, scratch.queue, scratch.bundles, known=known, reserved=reserved
            )
        except InnerscoreError as error:
            scratch.verdicts[path.name] = Verdict(path.name, "refused", failed_of(error))
    return received


def _proposed(proposals: Path) -> list[Path]:
    try:
        found = sorted(proposals.iterdir())
    except OSError as error:
        raise InvalidInputError(
            f"The proposals {proposals}", got=error.strerror or str(error), needed="a folder"
        ) from error
    return [path for path in found if not path.name.startswith(".") and path.name not in _NOT_PROPOSED]


def _packed(path: Path) -> bytes:
    """The bundle of a proposal, whose folder is named as its candidate: so each name is at one place."""
    if path.is_symlink() or not path.is_dir():
        raise InvalidInputError(f"The proposal {path.name}", got="no folder", needed="a candidate's folder")
    data = pack_folder(path)
    card = read_bundle(data).card
    if card.identifier != path.name:
        raise InvalidInputError(
            f"The folder of the proposal {path.name}",
            got=f"the candidate '{card.identifier}' in it",
            needed="named as the identifier on the card",
        )
    return data


def _checked(
    path: Path, stimuli: dict[str, StimulusSet], settings: Settings, limits: SandboxLimits | None
) -> Verdict:
    bundle: Bundle = read_bundle(pack_folder(path))
    sandbox = Sandbox(settings, limits or SandboxLimits())
    report = check_candidate(
        str(path), path / CARD_NAME, bundle.card, stimuli, settings, seed=0, sandbox=sandbox
    )
    if report.faults:
        return Verdict(path.name, "failed", failed_of(RefusedError(report.faults)))
    return Verdict(path.name, "sound")


def _stimuli(benchmarks: Sequence[str], settings: Settings) -> dict[str, StimulusSet]:
    """Stimuli of the board's benchmarks, and of those that ``innerscore check`` takes for the other kinds."""
    names = dict.fromkeys((*benchmarks, *PROBES))
    loaded = benchmarks_room.load_benchmarks(list(names), settings)
    return {name: benchmark.stimuli for name, benchmark in zip(names, loaded, strict=True)}


def _drain(scratch: _Scratch, limits: SandboxLimits, scoring: ScoringLimits, tell: Tell) -> None:
    worker = Worker(
        scratch.queue,
        scratch.store,
        scratch.bundles,
        scratch.settings,
        limits,
        "board update",
        scoring=scoring,
    )
    while (found := worker.step()) is not None:
        tell(found)


def _records_of(submission: Submission, queue: Queue) -> set[str]:
    return {event.record_sha256 for event in queue.events(submission.identifier)} - {""}


def _verdict(name: str, submission: Submission, is_new: bool, queue: Queue, kept: Store) -> Verdict:
    if submission.state != "scored":
        reason = Failed(submission.reason_code, submission.reason, submission.hint)
        return Verdict(name, "failed", reason)
    events = queue.events(submission.identifier)
    results = results_of(events, kept, lambda records: places(records, kept))
    return Verdict(name, "scored" if is_new else "unchanged", results=results)


@contextmanager
def _without(store: Store, lost: Collection[str]) -> Iterator[Store]:
    """A copy of a store without some records, which goes again."""

    def passing(entries: Iterator[Entry]) -> Iterator[Entry]:
        return (entry for entry in entries if entry.record.record_sha256 not in lost)

    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "board.sqlite"
        store.copy_to(path, passing)
        copy = Store(sqlite_url(path))
        try:
            yield copy
        finally:
            copy.close()


def _write(kept: Store, settings: Settings, folder: Path, *, rewrite: bool) -> tuple[int, bool]:
    """Export what is to stay, if it is not what the folder has: the number of new records, and whether it was."""
    had = {path.stem for path in (folder / "records").glob("*.json")}
    has = {record.record_sha256 for record in kept.records()}
    written = rewrite or has != had or not (folder / SUMS).exists()
    if written:
        export_shareable(kept, settings, folder)
    return len(has - had), written


def _in_order(scratch: _Scratch) -> list[Verdict]:
    return [scratch.verdicts[name] for name in sorted(scratch.verdicts)]
