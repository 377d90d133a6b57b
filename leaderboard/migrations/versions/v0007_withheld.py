"""Which files of records did not come with them, since the data that they were made of do not allow it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table("withheld", sa.Column("sha256", sa.String(64), primary_key=True))


def downgrade() -> None:
    """Drop the table, if no file is missed by it."""
    count = op.get_bind().exec_driver_sql("SELECT count(*) FROM withheld").scalar_one()
    if count:
        raise ValueError(f"{count} withheld files, which an older version would miss")
    op.drop_table("withheld")
