"""Why a submission failed, as its author is told: a code, the reason, and what to do.

Whoever knows a submission's identifier reads it, so that of this machine's paths the file names are left alone.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Sequence
from pathlib import Path

from ..checking import Fault
from ..core.errors import (
    ActivationError,
    CandidateError,
    DuplicateNameError,
    InnerscoreError,
    InvalidInputError,
    LimitError,
    MissingPartError,
    UnfitRecordingError,
    UnknownNameError,
)
from ..core.records import ResultRecord
from ..leaderboard.queue import Failed

__all__ = ["RefusedError", "failed_of", "failed_of_record", "internal"]

_AGAIN = "Then submit it again."


class RefusedError(CandidateError):
    """A candidate runs, but breaks a rule of ``innerscore check``, so that a score of it would not be its own."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(
            "The candidate",
            got="; ".join(fault.reason for fault in faults),
            needed="one whose values depend on stimulus and seed alone",
            hint=" ".join(fault.fix for fault in faults),
        )


# The first kind that fits counts, so the narrower ones come first.
_CODES: tuple[tuple[type[InnerscoreError], str, str], ...] = (
    (RefusedError, "check", f"'innerscore check' finds such faults on your machine. {_AGAIN}"),
    (LimitError, "limit", f"Make it take less, or ask the board's owner for more. {_AGAIN}"),
    (ActivationError, "activations", f"'innerscore check' finds such faults on your machine. {_AGAIN}"),
    (CandidateError, "candidate", f"Look at the log; 'innerscore check' runs it on your machine. {_AGAIN}"),
    (DuplicateNameError, "name-taken", f"Choose another name on the card. {_AGAIN}"),
    (UnknownNameError, "unknown-name", f"'innerscore list' shows the names. {_AGAIN}"),
    (MissingPartError, "data-missing", "Something that the worker needs is missing; tell the board's owner."),
    (UnfitRecordingError, "data-unfit", "The data cannot carry the benchmark's metric, whoever is scored."),
    (InvalidInputError, "bundle", f"Mend the bundle. {_AGAIN}"),
)
_INTERNAL = "A fault of innerscore, not of the candidate; tell the board's owner, whose worker logged it."
_FOLDERS = re.compile(r"(?<![\w.~:/-])(?:/[^\s/'\":,;()\[\]]+)+/(?=[^\s/])")


def failed_of(error: InnerscoreError) -> Failed:
    """The failure that an error is."""
    for kind, code, advice in _CODES:
        if isinstance(error, kind):
            return Failed(code, _without_folders(str(error)), advice)
    return Failed("internal", _without_folders(str(error)), _INTERNAL)


def failed_of_record(record: ResultRecord) -> Failed:
    """The failure of a run that has a record."""
    failure = record.failure
    if failure is None:
        return Failed("internal", "a failed record without a failure", _INTERNAL)
    where = f"{record.inputs.benchmark.identifier}, {failure.stage}: {_without_folders(failure.reason)}"
    for kind, code, advice in _CODES:
        if kind.__name__ == failure.kind:
            return Failed(code, where, advice)
    return Failed("candidate", where, "Look at the record on the board.")


def internal(error: BaseException) -> Failed:
    """The failure of our own code: the kind of error and its place, since a message may say anything."""
    place = traceback.extract_tb(error.__traceback__)[-1:]
    where = "".join(f" in {Path(frame.filename).name}, line {frame.lineno}" for frame in place)
    return Failed("internal", f"{type(error).__name__}{where}", _INTERNAL)


def _without_folders(text: str) -> str:
    return _FOLDERS.sub("", text)
