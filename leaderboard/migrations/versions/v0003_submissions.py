"""Room for submissions: what was asked for, how far it is, and what happened to it.

Unlike records, submissions change; the guards of the records' tables do not hold for these.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the two tables."""
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "submissions",
        sa.Column("seq", number, primary_key=True),
        sa.Column("identifier", sa.String(40), nullable=False, unique=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("candidate", sa.Text, nullable=False),
        sa.Column("content_sha256", sa.String(64), nullable=False),
        sa.Column("zip_sha256", sa.String(64), nullable=False),
        sa.Column("benchmarks", sa.Text, nullable=False),
        sa.Column("submitter", sa.Text, nullable=False),
        sa.Column("worker", sa.Text, nullable=False),
        sa.Column("fence", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("lease_until", sa.Float(53), nullable=False),
        sa.Column("reason_code", sa.String(40), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("hint", sa.Text, nullable=False),
        sa.Column("log", sa.Text, nullable=False),
        sa.Column("created", sa.Text, nullable=False),
        sa.Column("changed", sa.Text, nullable=False),
    )
    op.create_index("ix_submissions_state", "submissions", ["state", "seq"])
    op.create_index("ix_submissions_candidate", "submissions", ["candidate"])
    op.create_table(
        "submission_events",
        sa.Column("seq", number, primary_key=True),
        sa.Column("submission", sa.String(40), nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("record_sha256", sa.String(64), nullable=False),
    )
    op.create_index("ix_submission_events_submission", "submission_events", ["submission"])


def downgrade() -> None:
    """Drop the tables, if no submission is lost by it."""
    count = op.get_bind().exec_driver_sql("SELECT count(*) FROM submissions").scalar_one()
    if count:
        raise ValueError(f"{count} submissions, which an older version does not know")
    op.drop_table("submission_events")
    op.drop_table("submissions")
