"""Where each record came from: computed here, imported, or sent by the holder of a token.

It is a statement of this board and no part of the record, which is the same on every board. Of records that were
here before nothing is noted.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "origins",
        sa.Column("record_sha256", sa.String(64), primary_key=True),
        sa.Column("origin", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Drop the table; the records stay."""
    op.drop_table("origins")
