"""The present state of a submission, and its events."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

import sqlalchemy as sa

__all__ = ["ACTIVE", "ENDED", "WAITING", "Event", "Failed", "Lease", "State", "Submission", "submission_of"]

State: TypeAlias = Literal["received", "checking", "queued", "running", "scored", "failed", "withdrawn"]

WAITING: tuple[State, ...] = ("received", "queued")
ACTIVE: tuple[State, ...] = ("checking", "running")
ENDED: tuple[State, ...] = ("scored", "failed", "withdrawn")


@dataclass(frozen=True)
class Event:
    """Something that happened to a submission.

    Parameters
    ----------
    at : str
        ISO 8601, UTC.
    state : str
        State from then on.
    note : str
        Description of the event.
    record_sha256 : str
        The record that was added, or empty.
    """

    at: str
    state: State
    note: str
    record_sha256: str = ""


@dataclass(frozen=True)
class Failed:
    """The reason that a submission failed.

    Parameters
    ----------
    code : str
        Code for programs: ``"check"``, ``"limit"``, ``"activations"``, ``"candidate"``, ``"bundle"``,
        ``"name-taken"``, ``"unknown-name"``, ``"data-missing"``, ``"data-unfit"``, ``"worker-lost"``,
        ``"internal"``.
    reason : str
        Text on what was got and what is needed.
    hint : str
        Advice on what to do.
    """

    code: str
    reason: str
    hint: str


@dataclass(frozen=True)
class Submission:
    """The present state of a submission.

    Parameters
    ----------
    identifier : str
        Name by which it is requested.
    state : str
        received, checking, queued, running, scored, failed or withdrawn.
    stage : str
        Stage of a running one.
    candidate, content_sha256, zip_sha256 : str
        The candidate's name, and hashes of the content and of the zip submitted.
    benchmarks : tuple of str
        Benchmarks to score it on.
    submitter : str
        Owner of the token, or ``"local"``.
    reason_code, reason, hint : str
        The reason that it failed and advice on what to do; else empty.
    log : str
        The end of what the candidate printed.
    created, changed : str
        ISO 8601, UTC.
    """

    identifier: str
    state: State
    stage: str
    candidate: str
    content_sha256: str
    zip_sha256: str
    benchmarks: tuple[str, ...]
    submitter: str
    reason_code: str
    reason: str
    hint: str
    log: str
    created: str
    changed: str

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in ENDED

    def to_json(self) -> dict[str, Any]:
        """The submission for programs, without its submitter."""
        return {name: value for name, value in asdict(self).items() if name != "submitter"}


@dataclass(frozen=True)
class Lease:
    """A worker's right to a submission, until it runs out or somebody else has a higher fence.

    Parameters
    ----------
    submission : Submission
        The submission as it was when claimed, in state checking or running.
    fence : int
        Number of the claim.
    """

    submission: Submission
    fence: int


def submission_of(row: sa.RowMapping) -> Submission:
    """The submission in a row."""
    names = Submission.__dataclass_fields__
    content = {name: row[name] for name in names}
    return Submission(**content | {"benchmarks": tuple(json.loads(row["benchmarks"]))})
