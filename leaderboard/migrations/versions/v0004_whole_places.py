"""More columns to look records up by: the candidate's bundle, the stimuli, the benchmark's card.

With them a database can tell which records a board shows: a row of it is one bundle, and a column is all that
determines a value besides the candidate. The guards against change stand as they were.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_BATCH = 500
_COMMON = (
    "seq",
    "record_sha256",
    "run_sha256",
    "supersedes",
    "twin",
    "candidate",
    "benchmark",
    "benchmark_version",
    "data_sha256",
    "status",
    "created",
    "body",
)
_NEW = ("bundle_sha256", "stimuli_sha256", "benchmark_card_sha256")


def upgrade() -> None:
    """Copy the records into the new form."""
    _copied(_NEW)


def downgrade() -> None:
    """Copy the records back, if none has what the older code cannot read."""
    newer = sum(json.loads(bytes(row.body))["schema_version"] > 2 for row in _rows("records"))
    if newer:
        raise ValueError(
            f"{newer} records of a newer form, which the older version cannot hold; export them, then restore the "
            "backup that was made before the migration"
        )
    _copied(())


def _copied(further: tuple[str, ...]) -> None:
    op.rename_table("records", "records_before")
    for name in ("supersedes", "candidate", "benchmark"):
        op.drop_index(f"ix_records_{name}", table_name="records_before")
    op.create_table(
        "records",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("record_sha256", sa.String(64), nullable=False, unique=True),
        sa.Column("run_sha256", sa.String(64), nullable=False),
        sa.Column("supersedes", sa.String(64), nullable=False),
        sa.Column("twin", sa.String(64), nullable=False),
        sa.Column("candidate", sa.Text, nullable=False),
        sa.Column("benchmark", sa.Text, nullable=False),
        sa.Column("benchmark_version", sa.Integer, nullable=False),
        sa.Column("data_sha256", sa.String(64), nullable=False),
        *(sa.Column(name, sa.String(64), nullable=False) for name in further),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("created", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("run_sha256", "supersedes", "twin"),
    )
    _fill(further)
    op.drop_table("records_before")
    op.create_index("ix_records_supersedes", "records", ["supersedes"])
    op.create_index("ix_records_candidate", "records", ["candidate"])
    op.create_index("ix_records_benchmark", "records", ["benchmark", "benchmark_version"])
    _guard()


def _fill(further: tuple[str, ...]) -> None:
    records = sa.Table("records", sa.MetaData(), autoload_with=op.get_bind())
    batch: list[dict[str, Any]] = []
    for row in _rows("records_before"):
        values = _look_up(row.body)
        batch.append(dict(row._mapping) | {name: values[name] for name in further})
        if len(batch) == _BATCH:
            op.get_bind().execute(records.insert(), batch)
            batch = []
    if batch:
        op.get_bind().execute(records.insert(), batch)


def _rows(table: str) -> Iterator[sa.Row[Any]]:
    query = sa.select(sa.table(table, *map(sa.column, _COMMON))).order_by(sa.text("seq"))
    yield from op.get_bind().execute(query, execution_options={"yield_per": _BATCH})


def _look_up(body: bytes) -> Mapping[str, str]:
    inputs = json.loads(bytes(body))["inputs"]
    return {
        "bundle_sha256": inputs["candidate"]["bundle_sha256"],
        "stimuli_sha256": inputs["stimuli_sha256"],
        "benchmark_card_sha256": inputs["benchmark"]["card_sha256"],
    }


def _guard() -> None:
    if op.get_bind().dialect.name != "sqlite":
        refuse = "EXECUTE FUNCTION innerscore_refuse()"
        op.execute(
            f"CREATE TRIGGER records_no_change BEFORE UPDATE OR DELETE ON records FOR EACH ROW {refuse}"
        )
        op.execute(f"CREATE TRIGGER records_no_truncate BEFORE TRUNCATE ON records {refuse}")
        return
    refuse = "BEGIN SELECT RAISE(ABORT, 'innerscore: records are never changed'); END"
    for action in ("update", "delete"):
        op.execute(f"CREATE TRIGGER records_no_{action} BEFORE {action} ON records {refuse}")
    there = (
        "SELECT 1 FROM records WHERE record_sha256 = NEW.record_sha256 OR seq = NEW.seq OR (run_sha256 = "
        "NEW.run_sha256 AND supersedes = NEW.supersedes AND twin = NEW.twin)"
    )
    op.execute(f"CREATE TRIGGER records_no_replace BEFORE INSERT ON records WHEN EXISTS ({there}) {refuse}")
