"""Records and attachments that cannot be changed: the first form of the store."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and their guards."""
    op.create_table(
        "records",
        sa.Column("record_sha256", sa.String(64), primary_key=True),
        sa.Column("run_sha256", sa.String(64), nullable=False),
        sa.Column("supersedes", sa.String(64), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("run_sha256", "supersedes"),
    )
    op.create_index("ix_records_run_sha256", "records", ["run_sha256"])
    op.create_table(
        "attachments",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_POSTGRESQL_REFUSAL)
    for table in ("records", "attachments"):
        _guard(table)


def downgrade() -> None:
    """There is nothing before."""
    raise NotImplementedError("the first form of the store has none before it")


_POSTGRESQL_REFUSAL = """
CREATE FUNCTION innerscore_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION USING MESSAGE = 'innerscore: ' || TG_TABLE_NAME || ' are never changed'; END
$$
"""


def _guard(table: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        refuse = "EXECUTE FUNCTION innerscore_refuse()"
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW {refuse}"
        )
        op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} {refuse}")
        return
    for action in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{action} BEFORE {action} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, 'innerscore: {table} are never changed'); END"
        )
