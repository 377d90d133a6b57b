"""A submission as it stands, and what happened to it."""

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
        The state it was in from then on.
    note : str
        What happened.
    record_sha256 : str
        The record that was added, or empty.
    """

    at: str
    state: State
    note: str
    record_sha256: str = ""


@dataclass(frozen=True)
class Failed:
    """Why a submission failed.

    Parameters
    ----------
    code : str
        For programs: ``"limit"``, ``"activations"``, ``"candidate"``, ``"bundle"``, ``"name-taken"``,
        ``"unknown-name"``, ``"data-missing"``, ``"worker-lost"``, ``"internal"``.
    reason : str
        What was got and what is needed.
    hint : str
        What to do.
    """

    code: str
    reason: str
    hint: str


@dataclass(frozen=True)
class Submission:
    """A submission as it stands.

    Parameters
    ----------
    identifier : str
        By which it is asked for.
    state : str
        received, checking, queued, running, scored, failed or withdrawn.
    stage : str
        How far a running one is.
    candidate, content_sha256, zip_sha256 : str
        What was submitted.
    benchmarks : tuple of str
        On which it is to be scored.
    submitter : str
        Identifier of the token, or ``"local"``.
    reason_code, reason, hint : str
        Why it failed and what to do; else empty.
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
        """For programs; who submitted it is not said."""
        return {name: value for name, value in asdict(self).items() if name != "submitter"}


@dataclass(frozen=True)
class Lease:
    """A worker's right to a submission, until it runs out or somebody else has a higher fence.

    Parameters
    ----------
    submission : Submission
        As it was when it was claimed, in state checking or running.
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
