"""The store's tables as this version uses them; how they came to be is in ``migrations/``."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ..core.records import ResultRecord

__all__ = [
    "ATTACHMENTS",
    "HIDINGS",
    "NUMBER",
    "ORIGINS",
    "RECORDS",
    "REVISION",
    "REVISIONS",
    "TOLD",
    "WITHHELD",
    "look_up_columns",
    "record_row",
    "was_told",
]

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007")
REVISION = REVISIONS[-1]

#: Type of a column that numbers the rows.
NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_METADATA = sa.MetaData()

RECORDS = sa.Table(
    "records",
    _METADATA,
    sa.Column("seq", NUMBER, primary_key=True),
    sa.Column("record_sha256", sa.String(64), nullable=False, unique=True),
    sa.Column("run_sha256", sa.String(64), nullable=False),
    sa.Column("supersedes", sa.String(64), nullable=False),
    # Empty for the first record of a run; a record of the same run from another board carries its own hash.
    sa.Column("twin", sa.String(64), nullable=False),
    sa.Column("candidate", sa.Text, nullable=False),
    sa.Column("benchmark", sa.Text, nullable=False),
    sa.Column("benchmark_version", sa.Integer, nullable=False),
    sa.Column("data_sha256", sa.String(64), nullable=False),
    sa.Column("bundle_sha256", sa.String(64), nullable=False),
    sa.Column("stimuli_sha256", sa.String(64), nullable=False),
    sa.Column("benchmark_card_sha256", sa.String(64), nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("created", sa.Text, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("run_sha256", "supersedes", "twin"),
)
ATTACHMENTS = sa.Table(
    "attachments",
    _METADATA,
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("body", sa.LargeBinary, nullable=False),
)
# Where this board has a record from; none of those from before this was noted.
ORIGINS = sa.Table(
    "origins",
    _METADATA,
    sa.Column("record_sha256", sa.String(64), primary_key=True),
    sa.Column("origin", sa.Text, nullable=False),
)
HIDINGS = sa.Table(
    "hidings",
    _METADATA,
    sa.Column("seq", NUMBER, primary_key=True),
    sa.Column("hiding_sha256", sa.String(64), nullable=False, unique=True),
    sa.Column("record_sha256", sa.String(64), nullable=False),
    sa.Column("hidden", sa.Boolean, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("created", sa.Text, nullable=False),
)
# Files that records name and that stayed on another board, as their data set's card has it.
WITHHELD = sa.Table("withheld", _METADATA, sa.Column("sha256", sa.String(64), primary_key=True))
TOLD = "token:"


def was_told() -> sa.Exists:
    """The condition that a record was sent by the holder of a token, for a query of `RECORDS`."""
    return sa.exists().where(
        ORIGINS.c.record_sha256 == RECORDS.c.record_sha256, ORIGINS.c.origin.startswith(TOLD)
    )


def record_row(record: ResultRecord, *, twin: str = "") -> dict[str, Any]:
    """A record's row, but for its number."""
    return {
        "record_sha256": record.record_sha256,
        "run_sha256": record.run_sha256,
        "supersedes": record.supersedes or "",
        "twin": twin,
        "body": record.to_json(),
        **look_up_columns(record.model_dump(mode="json")),
    }


def look_up_columns(content: dict[str, Any]) -> dict[str, Any]:
    """The columns that repeat what the record's JSON says, so that it can be looked up by them."""
    inputs = content["inputs"]
    return {
        "candidate": inputs["candidate"]["identifier"],
        "benchmark": inputs["benchmark"]["identifier"],
        "benchmark_version": inputs["benchmark"]["version"],
        "data_sha256": inputs["data"]["sha256"],
        "bundle_sha256": inputs["candidate"]["bundle_sha256"],
        "stimuli_sha256": inputs["stimuli_sha256"],
        "benchmark_card_sha256": inputs["benchmark"]["card_sha256"],
        "status": content["status"],
        "created": content["created"],
    }
