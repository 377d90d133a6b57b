"""Scoring of results computed elsewhere: a file's bytes are the candidate's identity, its name the candidate's."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from ..core.errors import CandidateError, InvalidDataError, UnfitRecordingError
from ..core.hashing import sha256_of_file
from ..core.records import CandidateRef, ResultRecord, RunInputs
from ..core.scores import Score
from ..core.settings import Settings
from .ending import Clock, Ending
from .run import Outcome, scored

__all__ = ["file_candidate", "score_file", "score_inputs"]


def file_candidate(path: Path) -> CandidateRef:
    """The file as a candidate.

    Raises
    ------
    InvalidDataError
        If it is a link or cannot be read.
    """
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise InvalidDataError(
            f"The file {path}", got="a link" if path.is_symlink() else "no file", needed="a regular file"
        )
    try:
        return CandidateRef(identifier=_name(path), version=1, bundle_sha256=sha256_of_file(path))
    except OSError as error:
        raise InvalidDataError(
            f"The file {path}", got=error.strerror or str(error), needed="one that can be read"
        ) from error


def score_file(
    path: Path, inputs: RunInputs, compute: Callable[[], Score], settings: Settings, *, supersedes: str | None
) -> Outcome:
    """Compute a file's score and make its record.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    inputs : RunInputs
        Inputs of the run, with the file as the candidate.
    compute : callable
        Reads the file and gives its score.
    settings : Settings
        Settings for the record.
    supersedes : str or None
        Hash of the record that this one corrects.

    Returns
    -------
    outcome : Outcome
        A record with status "value"; "failed" where the score is not defined, and "not applicable" with the reason
        where the recording cannot carry the metric.

    Raises
    ------
    InvalidDataError
        If the file was changed while it was read.
    """

    def unchanged() -> Score:
        score = compute()
        if file_candidate(path) != inputs.candidate:
            raise InvalidDataError(
                f"The file {path}", got="changed meanwhile", needed="left as it is while it is read"
            )
        return score

    return score_inputs(inputs, unchanged, settings, supersedes=supersedes)


def score_inputs(
    inputs: RunInputs, compute: Callable[[], Score], settings: Settings, *, supersedes: str | None = None
) -> Outcome:
    """Compute a score and make its record, where nothing of a model is run any more.

    Parameters
    ----------
    inputs, compute, settings, supersedes
        As for :func:`score_file`.

    Returns
    -------
    outcome : Outcome
        As of :func:`score_file`.
    """
    clock = Clock.start()

    def recorded(ending: Ending) -> ResultRecord:
        return ending.record(inputs, settings, clock.cost(), supersedes=supersedes)

    try:
        score = compute()  # a failure here is the file's, and raised
        try:
            packed = scored(score)
        except CandidateError as error:
            return Outcome(recorded(Ending.failed("score", error)), error=error)
    except UnfitRecordingError as error:
        return Outcome(recorded(Ending("not applicable", reason=str(error))))
    return Outcome(recorded(Ending("value", packed.record)), packed.targets_csv, packed.files)


def _name(path: Path) -> str:
    """The file's name as a candidate's: small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")[:60].strip("-") or "table"
