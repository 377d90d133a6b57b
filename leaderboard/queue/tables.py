"""The tables of submissions as this version uses them."""

from __future__ import annotations

import sqlalchemy as sa

from ..schema import NUMBER

__all__ = ["EVENTS", "SUBMISSIONS"]

_METADATA = sa.MetaData()

SUBMISSIONS = sa.Table(
    "submissions",
    _METADATA,
    sa.Column("seq", NUMBER, primary_key=True),
    sa.Column("identifier", sa.String(40), nullable=False, unique=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("candidate", sa.Text, nullable=False),
    sa.Column("content_sha256", sa.String(64), nullable=False),
    sa.Column("zip_sha256", sa.String(64), nullable=False),
    sa.Column("benchmarks", sa.Text, nullable=False),  # JSON list
    sa.Column("submitter", sa.Text, nullable=False),
    sa.Column("worker", sa.Text, nullable=False),
    sa.Column(
        "fence", sa.Integer, nullable=False
    ),  # grows with each claim; a worker of an older one is refused
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("lease_until", sa.Float(53), nullable=False),  # seconds since 1970, by the database's clock
    sa.Column("reason_code", sa.String(40), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("hint", sa.Text, nullable=False),
    sa.Column("log", sa.Text, nullable=False),
    sa.Column("created", sa.Text, nullable=False),
    sa.Column("changed", sa.Text, nullable=False),
)
EVENTS = sa.Table(
    "submission_events",
    _METADATA,
    sa.Column("seq", NUMBER, primary_key=True),
    sa.Column("submission", sa.String(40), nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("record_sha256", sa.String(64), nullable=False),
)
