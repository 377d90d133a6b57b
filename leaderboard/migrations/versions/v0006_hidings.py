"""Room for what an operator hides: a line for each time that a record was hidden, or shown again.

Lines are only added, as records are; the guards against change hold for them, too.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and its guards."""
    op.create_table(
        "hidings",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("hiding_sha256", sa.String(64), nullable=False, unique=True),
        sa.Column("record_sha256", sa.String(64), nullable=False),
        sa.Column("hidden", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("created", sa.Text, nullable=False),
    )
    op.create_index("ix_hidings_record_sha256", "hidings", ["record_sha256"])
    _guard()


def downgrade() -> None:
    """Drop the table, if nothing was ever hidden."""
    count = op.get_bind().exec_driver_sql("SELECT count(*) FROM hidings").scalar_one()
    if count:
        raise ValueError(f"{count} lines on hidden records, which an older version would show")
    op.drop_table("hidings")


def _guard() -> None:
    if op.get_bind().dialect.name == "postgresql":
        refuse = "EXECUTE FUNCTION innerscore_refuse()"
        op.execute(
            f"CREATE TRIGGER hidings_no_change BEFORE UPDATE OR DELETE ON hidings FOR EACH ROW {refuse}"
        )
        op.execute(f"CREATE TRIGGER hidings_no_truncate BEFORE TRUNCATE ON hidings {refuse}")
        return
    refuse = "BEGIN SELECT RAISE(ABORT, 'innerscore: hidings are never changed'); END"
    for action in ("update", "delete"):
        op.execute(f"CREATE TRIGGER hidings_no_{action} BEFORE {action} ON hidings {refuse}")
    there = "SELECT 1 FROM hidings WHERE hiding_sha256 = NEW.hiding_sha256 OR seq = NEW.seq"
    op.execute(f"CREATE TRIGGER hidings_no_replace BEFORE INSERT ON hidings WHEN EXISTS ({there}) {refuse}")
