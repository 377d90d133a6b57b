"""Records that an operator hides: kept and verified, and not shown.

Each hiding is a line that is added, with its reason; the last line on a record says whether it is hidden. A board
is made as if hidden records were not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Annotated, Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..core.cards import Sha256
from ..core.errors import InvalidArgumentError, InvalidDataError, UnknownNameError
from ..core.hashing import canonical_json, sha256_of_bytes
from .inserting import here
from .schema import HIDINGS, RECORDS

__all__ = [
    "MOST_REASON",
    "SHOWN",
    "Hiding",
    "all_hidings",
    "hidden_now",
    "insert_hiding",
    "insert_hidings",
    "is_of_hidden_only",
    "read_hiding",
]

MOST_REASON = 500

_LAST = sa.select(sa.func.max(HIDINGS.c.seq)).group_by(HIDINGS.c.record_sha256)
_STANDING = sa.and_(HIDINGS.c.hidden, HIDINGS.c.seq.in_(_LAST))
_HIDDEN = sa.select(HIDINGS.c.record_sha256).where(_STANDING)
SHOWN = RECORDS.c.record_sha256.not_in(_HIDDEN)


class Hiding(BaseModel):
    """A line of the log: a record was hidden, or shown again.

    Attributes
    ----------
    record_sha256 : str
        Hash of the record.
    hidden : bool
        Whether it is hidden from then on.
    reason : str
        Reason in words, which pages show.
    created : str
        ISO 8601, UTC.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    record_sha256: Sha256
    hidden: bool
    reason: Annotated[str, Field(min_length=1, max_length=MOST_REASON)]
    created: Annotated[str, Field(min_length=1, max_length=40)]

    @cached_property
    def hiding_sha256(self) -> str:
        """Hash over all of it, under which it is stored."""
        return sha256_of_bytes(canonical_json(self.model_dump(mode="json")))


def read_hiding(row: Mapping[str, Any]) -> Hiding:
    """Read a row of the table, trusting none of it.

    Raises
    ------
    InvalidDataError
        If the row is no such line, or not the one that its hash says.
    """
    content = {name: row[name] for name in Hiding.model_fields}
    try:
        found = Hiding.model_validate(content)
    except ValidationError as error:
        raise InvalidDataError("A line on a hidden record", got=str(error), needed="a valid one") from error
    if found.hiding_sha256 != row["hiding_sha256"]:
        raise InvalidDataError(
            f"The line on the hidden record {found.record_sha256}",
            got=f"SHA-256 {found.hiding_sha256}",
            needed=f"of SHA-256 {row['hiding_sha256']}",
        )
    return found


def all_hidings(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> list[Hiding]:
    """Lines in the order in which they were added, all or those that meet conditions."""
    query = sa.select(HIDINGS).where(*conditions).order_by(HIDINGS.c.seq)
    return [read_hiding(dict(row)) for row in connection.execute(query).mappings()]


def hidden_now(connection: sa.Connection, record_sha256: str | None = None) -> list[Hiding]:
    """The last line on each record that is hidden, or on one record."""
    one = () if record_sha256 is None else (HIDINGS.c.record_sha256 == record_sha256,)
    return all_hidings(connection, _STANDING, *one)


def insert_hiding(connection: sa.Connection, record_sha256: str, reason: str, *, hidden: bool) -> Hiding:
    """Hide a record that is here, or show it again.

    Raises
    ------
    UnknownNameError
        If there is no record of that hash.
    InvalidArgumentError
        If the reason is empty or too long, or the record to be shown again is not hidden.
    """
    if not here(connection, RECORDS.c.record_sha256, [record_sha256]):
        raise UnknownNameError("record", record_sha256, ())
    if not hidden and not hidden_now(connection, record_sha256):
        raise InvalidArgumentError(f"The record {record_sha256}", got="shown", needed="hidden")
    words = " ".join(reason.split())
    if not 0 < len(words) <= MOST_REASON:
        raise InvalidArgumentError(
            "The reason", got=f"{len(words)} characters", needed=f"text of at most {MOST_REASON}"
        )
    now = datetime.now(UTC).isoformat(timespec="microseconds")
    made = Hiding(record_sha256=record_sha256, hidden=hidden, reason=words, created=now)
    connection.execute(HIDINGS.insert(), [_row(made)])
    return made


def insert_hidings(
    connection: sa.Connection, hidings: Iterable[Hiding], records_before: Iterable[str]
) -> None:
    """Take in lines of another board on records that this one knew nothing of.

    Parameters
    ----------
    connection : sqlalchemy.Connection
    hidings : iterable of Hiding
        Lines in their order.
    records_before : iterable of str
        Hashes of those of their records that were here before: whether these are shown is this board's own affair.
    """
    given = list(hidings)
    decided = {*records_before, *here(connection, HIDINGS.c.record_sha256, _records_of(given))}
    rows = [_row(one) for one in given if one.record_sha256 not in decided]
    if rows:
        connection.execute(HIDINGS.insert(), rows)


def is_of_hidden_only(connection: sa.Connection, sha256: str) -> bool:
    """Whether a file is named by a hidden record and by none that is shown."""
    digits = sha256.encode()
    rows = connection.execute(
        sa.select(RECORDS.c.candidate, RECORDS.c.benchmark, RECORDS.c.body).where(~SHOWN)
    ).all()
    naming = [row for row in rows if digits in bytes(row.body)]
    if not naming:
        return False
    # Equal files come of one candidate, or of one benchmark.
    near = sa.or_(
        RECORDS.c.candidate.in_({row.candidate for row in naming}),
        RECORDS.c.benchmark.in_({row.benchmark for row in naming}),
    )
    bodies = connection.execute(sa.select(RECORDS.c.body).where(SHOWN, near)).scalars()
    return not any(digits in bytes(body) for body in bodies)


def _row(hiding: Hiding) -> dict[str, Any]:
    return {**hiding.model_dump(), "hiding_sha256": hiding.hiding_sha256}


def _records_of(hidings: Iterable[Hiding]) -> list[str]:
    return list(dict.fromkeys(one.record_sha256 for one in hidings))
