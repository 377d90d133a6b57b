"""Records from outside, checked before anything is stored: by an import, or sent to the server."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import datetime

from ..core.errors import InvalidDataError, InvalidRecordError
from ..core.hashing import sha256_of_bytes
from ..core.records import CARD_FILE, TARGETS_FILE, ResultRecord, read_candidate_card, read_record
from ..core.resamples import RESAMPLES_FILE, read_resamples
from .inserting import IMPORTED, NEVER_WITHHELD, Entry

__all__ = ["MOST_FILE_BYTES", "MOST_RECORD_BYTES", "read_entry"]

MOST_RECORD_BYTES = 2**20
MOST_FILE_BYTES = 64 * 2**20


def read_entry(
    data: bytes,
    files: Mapping[str, bytes],
    *,
    expected_sha256: str | None = None,
    origin: str = IMPORTED,
    withheld: frozenset[str] = frozenset(),
) -> Entry:
    """Read a record and the files that it names, trusting none of them.

    Parameters
    ----------
    data : bytes
        The record's canonical JSON.
    files : mapping of str to bytes
        Files by hash; those that the record does not name are not looked at.
    expected_sha256 : str, optional
        The record's hash, where it is known.
    origin : str
        Where it comes from; see :class:`~innerscore.leaderboard.inserting.Entry`.
    withheld : frozenset of str, default=frozenset()
        Names of files that the record names and that need not be there.

    Raises
    ------
    InvalidRecordError
        If the record is too large, not canonical, not valid, or of another hash.
    InvalidDataError
        If a file that it names is not among them, too large, or not what its name says.
    """
    if len(data) > MOST_RECORD_BYTES:
        raise InvalidRecordError(
            "The record", got=f"{len(data)} bytes", needed=f"of at most {MOST_RECORD_BYTES}"
        )
    record = read_record(data, expected_sha256=expected_sha256)
    _check_record(record, data)
    chosen = {
        name: _file(name, sha256, files)
        for name, sha256 in record.files.items()
        if name not in withheld - NEVER_WITHHELD
    }
    _check_targets(record, chosen)
    _check_card(record, chosen)
    return Entry(record, chosen, origin, frozenset(record.files) - chosen.keys())


def _check_record(record: ResultRecord, data: bytes) -> None:
    try:
        canonical = record.to_json()
    except ValueError as error:
        raise InvalidRecordError("The record", got=str(error), needed="of numbers and text") from error
    if canonical != data:
        raise InvalidRecordError("The record", got="JSON of another form", needed="canonical JSON")
    if (record.status == "value") != (record.score is not None):
        raise InvalidRecordError("The record's score", got=record.status, needed="there with status 'value'")
    if (record.status == "failed") != (record.failure is not None):
        raise InvalidRecordError(
            "The record's failure", got=record.status, needed="there with status 'failed'"
        )
    try:
        datetime.fromisoformat(record.created)
    except ValueError as error:
        raise InvalidRecordError("The record's 'created'", got=record.created, needed="ISO 8601") from error


def _file(name: str, sha256: str, files: Mapping[str, bytes]) -> bytes:
    body = files.get(sha256)
    if body is None:
        raise InvalidDataError(f"The file '{name}' of hash {sha256}", got="nothing", needed="there")
    if len(body) > MOST_FILE_BYTES:
        raise InvalidDataError(
            f"The file '{name}'", got=f"{len(body)} bytes", needed=f"of at most {MOST_FILE_BYTES}"
        )
    if sha256_of_bytes(body) != sha256:
        raise InvalidDataError(
            f"The file '{name}'", got=f"SHA-256 {sha256_of_bytes(body)}", needed=f"of SHA-256 {sha256}"
        )
    return body


def _check_targets(record: ResultRecord, files: Mapping[str, bytes]) -> None:
    score = record.score
    if score is None:
        return
    if score.resampling is not None:
        plan = score.resampling
        read_resamples(files[RESAMPLES_FILE], kind=plan.kind, n_units=plan.n_units)
    n_rows = _csv_rows(files[TARGETS_FILE]) if TARGETS_FILE in files else score.n_targets
    if n_rows != score.n_targets:
        raise InvalidDataError(
            "The file of per-target values", got=f"{n_rows} rows", needed=f"of {score.n_targets} targets"
        )


def _check_card(record: ResultRecord, files: Mapping[str, bytes]) -> None:
    """The card is one, of the candidate that was scored."""
    if record.card_sha256 is None:
        return
    card, whose = read_candidate_card(files[CARD_FILE]), record.inputs.candidate
    if (card.identifier, card.version) != (whose.identifier, whose.version):
        raise InvalidDataError(
            "The file of the candidate's card",
            got=f"that of '{card.identifier}', version {card.version}",
            needed=f"of '{whose.identifier}', version {whose.version}",
        )


def _csv_rows(data: bytes) -> int:
    """Rows below the header, each as long as it."""
    try:
        header, *rows = csv.reader(io.StringIO(data.decode(), newline=""), strict=True)
    except (ValueError, csv.Error) as error:
        raise InvalidDataError(
            "The file of per-target values", got=str(error), needed="UTF-8 CSV with a header"
        ) from error
    if any(len(row) != len(header) for row in rows):
        raise InvalidDataError(
            "The file of per-target values", got="rows of several lengths", needed="one row a target"
        )
    return len(rows)
