"""The queue of submissions in the board's database: submit, claim, heartbeat, finish.

A worker claims a submission for some seconds and goes on claiming it by heartbeats. If it falls silent the claim
runs out and another worker takes over, with a higher fence; whatever the first one sends then is refused, within
the transaction that would have stored it. So each submission ends once, whichever process dies when.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ...core.bundles import Bundle
from ...core.errors import DuplicateNameError, InvalidInputError, StoreError, UnknownNameError
from ...core.provenance import utc_now
from ...core.words import number_of
from ..database import open_engine, reading, store_errors, writing
from ..hiding import SHOWN, insert_hiding
from ..inserting import Entry, insert_run
from ..schema import RECORDS
from .quotas import Quotas, check_quotas
from .submission import ACTIVE, ENDED, WAITING, Event, Failed, Lease, State, Submission, submission_of
from .tables import EVENTS, SUBMISSIONS

__all__ = ["LOCAL", "LeaseLostError", "Queue", "version_taken"]

LOCAL = "local"

_MOST_ATTEMPTS = 3
_MOST_LOG = 8192
_MOST_WORDS = 4000


def version_taken(bundle: Bundle, other_sha256: str) -> InvalidInputError:
    """The error of a bundle whose version is that of another one."""
    card = bundle.card
    return InvalidInputError(
        f"Version {card.version} of the candidate '{card.identifier}'",
        got=f"a bundle of hash {bundle.content_sha256[:12]}, and it is here as {other_sha256[:12]}",
        needed="the same files under the same version",
        hint="Raise 'version' in candidate.yaml.",
    )


def name_taken(candidate: str, owner: str) -> DuplicateNameError:
    """The error of a bundle whose candidate has a name that is not its submitter's."""
    return DuplicateNameError(
        f"The candidate's name '{candidate}'",
        got=owner,
        needed="your own or a new one",
        hint="Choose another 'identifier' on the card.",
    )


class LeaseLostError(StoreError):
    """A worker's claim ran out and another one has the submission, or it was withdrawn."""


class Queue:
    """The submissions of a store.

    Parameters
    ----------
    url : str
        URL of a store that is of this version: opened before as :class:`~innerscore.leaderboard.store.Store`.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine = open_engine(url)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def check_free(self, bundle: Bundle, submitter: str) -> None:
        """Refuse a name that is another submitter's, and a version that is another bundle's, before it is kept.

        Raises
        ------
        InvalidInputError
            If it is.
        """
        with store_errors(self.url), reading(self._engine) as connection:
            _refuse_taken_name(connection, bundle.card.identifier, submitter)
            _refuse_taken_version(connection, bundle)

    def check_quotas(self, bundle: Bundle, submitter: str, quotas: Quotas) -> None:
        """Refuse one more submission of somebody who has enough, before it is kept.

        Raises
        ------
        QuotaError
            If so.
        """
        with store_errors(self.url), reading(self._engine) as connection:
            check_quotas(connection, quotas, submitter, bundle.card.identifier)

    def bundles_of(self, submitter: str) -> set[str]:
        """Hashes of the zips that somebody submitted."""
        query = sa.select(SUBMISSIONS.c.zip_sha256).where(SUBMISSIONS.c.submitter == submitter)
        with store_errors(self.url), reading(self._engine) as connection:
            return set(connection.execute(query).scalars())

    def needed_bundles(self, before: datetime) -> set[str]:
        """Hashes of the zips of all submissions but those that failed or were withdrawn before a moment."""
        nothing = SUBMISSIONS.c.state.in_(("failed", "withdrawn"))
        long_ago = SUBMISSIONS.c.changed < before.isoformat(timespec="seconds")
        query = sa.select(SUBMISSIONS.c.zip_sha256).where(~(nothing & long_ago))
        with store_errors(self.url), reading(self._engine) as connection:
            return set(connection.execute(query).scalars())

    def submit(
        self,
        bundle: Bundle,
        benchmarks: Sequence[str],
        *,
        submitter: str = LOCAL,
        quotas: Quotas | None = None,
    ) -> Submission:
        """Take a submission; one that is here and has not failed is given back instead of a second one.

        Raises
        ------
        InvalidInputError
            If the candidate's name is another submitter's, or its version another bundle's.
        QuotaError
            If the submitter has enough submissions or names.
        """
        wanted = _as_kept(benchmarks)
        with self._writing() as connection:
            _refuse_taken_name(connection, bundle.card.identifier, submitter)
            _refuse_taken_version(connection, bundle)
            known = _known(connection, bundle, wanted, submitter)
            if known is not None:
                return known
            if quotas is not None:
                check_quotas(connection, quotas, submitter, bundle.card.identifier)
            return _insert(connection, bundle, wanted, submitter)

    def known(
        self, bundle: Bundle, benchmarks: Sequence[str], *, submitter: str = LOCAL
    ) -> Submission | None:
        """The submission that :meth:`submit` would return instead of a second one; None if there is none."""
        with store_errors(self.url), reading(self._engine) as connection:
            return _known(connection, bundle, _as_kept(benchmarks), submitter)

    def get(self, identifier: str) -> Submission:
        """The submission of an identifier.

        Raises
        ------
        UnknownNameError
            If there is none.
        """
        with store_errors(self.url), reading(self._engine) as connection:
            return submission_of(_row(connection, identifier))

    def events(self, identifier: str) -> list[Event]:
        """The events of a submission, in order."""
        query = sa.select(EVENTS).where(EVENTS.c.submission == identifier).order_by(EVENTS.c.seq)
        with store_errors(self.url), reading(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
        return [Event(row["at"], row["state"], row["note"], row["record_sha256"]) for row in rows]

    def as_dict(self, submission: Submission) -> dict[str, Any]:
        """A submission with what happened to it, for programs."""
        return {
            **submission.to_json(),
            "events": [asdict(event) for event in self.events(submission.identifier)],
        }

    def all(self, *, limit: int = 100) -> list[Submission]:
        """The last submissions, newest first."""
        query = sa.select(SUBMISSIONS).order_by(SUBMISSIONS.c.seq.desc()).limit(limit)
        with store_errors(self.url), reading(self._engine) as connection:
            return [submission_of(row) for row in connection.execute(query).mappings()]

    def pending(self, candidate: str) -> list[Submission]:
        """The submissions of a candidate that have not ended."""
        query = sa.select(SUBMISSIONS).where(
            SUBMISSIONS.c.candidate == candidate, SUBMISSIONS.c.state.in_((*WAITING, *ACTIVE))
        )
        with store_errors(self.url), reading(self._engine) as connection:
            return [submission_of(row) for row in connection.execute(query).mappings()]

    def withdraw(self, identifier: str, *, submitter: str | None = None) -> Submission:
        """Take a submission back, if it has not ended; a worker that has it is refused from then on.

        Raises
        ------
        UnknownNameError
            If there is none, or it is another submitter's.
        InvalidInputError
            If it has ended.
        """
        with self._writing() as connection:
            row = _owned(connection, identifier, submitter)
            if row["state"] in ENDED:
                raise InvalidInputError(
                    f"The submission {identifier}", got=row["state"], needed="one that has not ended"
                )
            _change(connection, row, "withdrawn", "withdrawn", fence=row["fence"] + 1)
            return submission_of(_row(connection, identifier))

    def retire(self, identifier: str, *, submitter: str | None = None) -> Submission:
        """Take the failures of a submission that has ended off the board; they are kept as hidden records.

        Scores stay: whoever could take back the bad ones would choose among them.

        Raises
        ------
        UnknownNameError
            If there is none, or it is another submitter's.
        InvalidInputError
            If it has not ended, or no failure of it is on the board.
        """
        with self._writing() as connection:
            row = _owned(connection, identifier, submitter)
            failures = _shown_failures(connection, identifier) if row["state"] in ENDED else []
            if not failures:
                raise InvalidInputError(
                    f"The submission {identifier}",
                    got=f"{row['state']}, without a failure on the board",
                    needed="one that has ended with a failure that the board shows",
                    hint="Scores stay on the board; one that has not ended can be withdrawn.",
                )
            for record_sha256 in failures:
                reason = f"taken off the board by its author: a failure of the submission {identifier}"
                insert_hiding(connection, record_sha256, reason, hidden=True)
            note = f"{number_of(len(failures), 'failure')} taken off the board by its author"
            _note(connection, identifier, row["state"], note)
            return submission_of(row)

    def claim(self, worker: str, *, seconds: float) -> Lease | None:
        """Take the next submission that waits, or whose worker fell silent; None if there is none.

        One that was claimed too often without an end is ended as failed: it seems to kill its workers.
        """
        with self._writing() as connection:
            while (row := self._next(connection)) is not None:
                if row["attempts"] >= _MOST_ATTEMPTS:
                    _fail(connection, row, _WORKER_LOST, fence=row["fence"] + 1)
                    continue
                state: State = "checking" if row["state"] in ("received", "checking") else "running"
                values = {
                    "worker": worker,
                    "fence": row["fence"] + 1,
                    "attempts": row["attempts"] + 1,
                    "lease_until": _now(connection) + seconds,
                }
                _change(connection, row, state, f"claimed by {worker}", **values)
                return Lease(submission_of(_row(connection, row["identifier"])), values["fence"])
        return None

    def heartbeat(self, lease: Lease, *, seconds: float, stage: str = "", log: str = "") -> None:
        """Go on claiming; say how far it is and what the candidate printed last.

        Raises
        ------
        LeaseLostError
            If the submission is another's by now.
        """
        with self._writing() as connection:
            _held(connection, lease)
            values = {
                "lease_until": _now(connection) + seconds,
                "stage": stage,
                "log": _clean(log[-_MOST_LOG:]),
            }
            _update(connection, lease.submission.identifier, values)

    def passed(self, lease: Lease) -> None:
        """Say that a submission was checked and waits to be run.

        Raises
        ------
        LeaseLostError
            As :meth:`heartbeat`.
        """
        self._leave(lease, "queued", "checked")

    def release(self, lease: Lease) -> None:
        """Give a submission back as it was claimed, as a worker does that is told to stop.

        Raises
        ------
        LeaseLostError
            As :meth:`heartbeat`.
        """
        state: State = "received" if lease.submission.state == "checking" else "queued"
        self._leave(lease, state, "given back by its worker")

    def add_record(self, lease: Lease, entry: Entry) -> bool:
        """Store a record of a submission, or nothing if the claim is lost.

        Returns
        -------
        added : bool
            False if the same run is stored already.

        Raises
        ------
        LeaseLostError
            As :meth:`heartbeat`.
        StoreError
            As :meth:`~innerscore.leaderboard.store.Store.add`.
        """
        record = entry.record
        with self._writing() as connection:
            row = _held(connection, lease)
            added = insert_run(connection, entry)
            note = f"{record.inputs.benchmark.identifier}: {record.status}"
            _note(connection, row["identifier"], row["state"], note, record.record_sha256)
        return added

    def finish(self, lease: Lease, failed: Failed | None = None, *, log: str = "") -> None:
        """End a submission: scored, or failed with the reason.

        Raises
        ------
        LeaseLostError
            As :meth:`heartbeat`.
        """
        with self._writing() as connection:
            row = _held(connection, lease)
            _update(connection, row["identifier"], {"log": _clean(log[-_MOST_LOG:]), "stage": ""})
            if failed is None:
                _change(connection, row, "scored", "done")
            else:
                _fail(connection, row, failed)

    def _leave(self, lease: Lease, state: State, note: str) -> None:
        with self._writing() as connection:
            row = _held(connection, lease)
            _change(connection, row, state, note, attempts=0, worker="", lease_until=0.0)

    def _next(self, connection: sa.Connection) -> sa.RowMapping | None:
        silent = SUBMISSIONS.c.state.in_(ACTIVE) & (SUBMISSIONS.c.lease_until < _now(connection))
        query = sa.select(SUBMISSIONS).where(SUBMISSIONS.c.state.in_(WAITING) | silent)
        return connection.execute(query.order_by(SUBMISSIONS.c.seq).limit(1)).mappings().first()

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        with store_errors(self.url), writing(self._engine) as connection:
            yield connection


_WORKER_LOST = Failed(
    "worker-lost",
    f"its workers ended {_MOST_ATTEMPTS} times before it was done",
    "Look at the workers' logs; submit it again once the cause is found.",
)


def _now(connection: sa.Connection) -> float:
    """One clock for all workers: the database server's, or this machine's, on which all of SQLite's users are."""
    if connection.dialect.name != "postgresql":
        return time.time()
    return float(connection.execute(sa.text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())


def _row(connection: sa.Connection, identifier: str) -> sa.RowMapping:
    row = (
        connection.execute(sa.select(SUBMISSIONS).where(SUBMISSIONS.c.identifier == identifier))
        .mappings()
        .first()
    )
    if row is None:
        raise UnknownNameError("submission", identifier, ())
    return row


def _held(connection: sa.Connection, lease: Lease) -> sa.RowMapping:
    row = _row(connection, lease.submission.identifier)
    if row["fence"] != lease.fence or row["state"] not in ACTIVE:
        raise LeaseLostError(
            f"The claim of submission {row['identifier']}",
            got=f"number {lease.fence}, while it is {row['state']} under number {row['fence']}",
            needed="in force",
            hint="Another worker has it, or it was withdrawn; nothing of this one was kept.",
        )
    return row


def _owned(connection: sa.Connection, identifier: str, submitter: str | None) -> sa.RowMapping:
    """The row of a submission; another submitter's is as unknown as none."""
    row = _row(connection, identifier)
    if submitter is not None and row["submitter"] != submitter:
        raise UnknownNameError("submission", identifier, ())
    return row


def _shown_failures(connection: sa.Connection, identifier: str) -> list[str]:
    """Hashes of the failed records of a submission that the board shows."""
    named = sa.select(EVENTS.c.record_sha256).where(EVENTS.c.submission == identifier)
    query = sa.select(RECORDS.c.record_sha256).where(
        RECORDS.c.record_sha256.in_(named), RECORDS.c.status == "failed", SHOWN
    )
    return list(connection.execute(query.order_by(RECORDS.c.seq)).scalars())


def _as_kept(benchmarks: Sequence[str]) -> str:
    return json.dumps(list(dict.fromkeys(benchmarks)))


def _known(connection: sa.Connection, bundle: Bundle, benchmarks: str, submitter: str) -> Submission | None:
    """The submission of the same content, benchmarks and submitter that has not failed."""
    query = sa.select(SUBMISSIONS).where(
        SUBMISSIONS.c.content_sha256 == bundle.content_sha256,
        SUBMISSIONS.c.benchmarks == benchmarks,
        SUBMISSIONS.c.submitter == submitter,
        SUBMISSIONS.c.state.not_in(("failed", "withdrawn")),
    )
    row = connection.execute(query).mappings().first()
    return None if row is None else submission_of(row)


def _insert(connection: sa.Connection, bundle: Bundle, benchmarks: str, submitter: str) -> Submission:
    identifier, now = f"s-{secrets.token_hex(8)}", utc_now()
    row = {column.name: "" for column in SUBMISSIONS.c if column.name != "seq"}
    row |= {"identifier": identifier, "state": "received", "candidate": bundle.card.identifier}
    row |= {"content_sha256": bundle.content_sha256, "zip_sha256": bundle.zip_sha256}
    row |= {"benchmarks": benchmarks, "submitter": submitter, "created": now, "changed": now}
    connection.execute(SUBMISSIONS.insert(), [{**row, "fence": 0, "attempts": 0, "lease_until": 0.0}])
    _note(connection, identifier, "received", "received")
    return submission_of(_row(connection, identifier))


def _change(connection: sa.Connection, row: sa.RowMapping, state: State, note: str, **values: Any) -> None:
    _update(connection, row["identifier"], {**values, "state": state, "changed": utc_now()})
    _note(connection, row["identifier"], state, note)


def _fail(connection: sa.Connection, row: sa.RowMapping, failed: Failed, **values: Any) -> None:
    words = {"reason": _clean(failed.reason[:_MOST_WORDS]), "hint": _clean(failed.hint[:_MOST_WORDS])}
    _change(connection, row, "failed", failed.code, reason_code=failed.code, **words, **values)


def _update(connection: sa.Connection, identifier: str, values: Mapping[str, Any]) -> None:
    connection.execute(SUBMISSIONS.update().where(SUBMISSIONS.c.identifier == identifier).values(**values))


def _note(connection: sa.Connection, identifier: str, state: str, note: str, record_sha256: str = "") -> None:
    row = {"submission": identifier, "at": utc_now(), "state": state, "note": note}
    connection.execute(EVENTS.insert(), [row | {"record_sha256": record_sha256}])


def _clean(text: str) -> str:
    """Printable text and line ends; PostgreSQL takes no NUL, and a terminal obeys others."""
    return "".join(one if one.isprintable() or one == "\n" else "\N{REPLACEMENT CHARACTER}" for one in text)


def _refuse_taken_version(connection: sa.Connection, bundle: Bundle) -> None:
    """A version of a candidate is one bundle, as soon as that has a value; one that only failed may be mended."""
    first = (
        sa.select(sa.func.min(RECORDS.c.seq))
        .where(
            RECORDS.c.candidate == bundle.card.identifier,
            RECORDS.c.status == "value",
            RECORDS.c.bundle_sha256 != bundle.content_sha256,
        )
        .group_by(RECORDS.c.bundle_sha256)
    )
    bodies = connection.execute(sa.select(RECORDS.c.body).where(RECORDS.c.seq.in_(first))).scalars()
    for body in bodies:
        known = json.loads(bytes(body))["inputs"]["candidate"]
        if known["version"] == bundle.card.version:
            raise version_taken(bundle, known["bundle_sha256"])


def _refuse_taken_name(connection: sa.Connection, candidate: str, submitter: str) -> None:
    """A name is its first submitter's; what the board's owner scored by hand is the owner's."""
    owners = set(
        connection.execute(
            sa.select(SUBMISSIONS.c.submitter).where(
                SUBMISSIONS.c.candidate == candidate, SUBMISSIONS.c.state != "withdrawn"
            )
        ).scalars()
    )
    query = sa.select(RECORDS.c.seq).where(RECORDS.c.candidate == candidate).limit(1)
    if not owners and connection.execute(query).first() is not None:
        owners = {LOCAL}
    if owners and submitter not in owners:
        raise name_taken(candidate, "another submitter's")
