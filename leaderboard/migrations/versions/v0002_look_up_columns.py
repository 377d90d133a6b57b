"""Records numbered in the order in which they came, with columns to look them up by, and room for twins.

A twin is a record of a run that was done on two boards: merging keeps both. On SQLite a further guard refuses
INSERT OR REPLACE, which deletes without asking the guard against deletion.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_BATCH = 500
_OLD = ("record_sha256", "run_sha256", "supersedes", "body")


def upgrade() -> None:
    """Copy the records into the new form."""
    order = "rowid" if _is_sqlite() else "ctid"
    op.rename_table("records", "records_before")
    _create_records()
    rows = _rows("records_before", order)
    _fill((dict(zip(_OLD, row, strict=True)) | _look_up(row[-1]) for row in rows), twin="")
    op.drop_table("records_before")
    op.create_index("ix_records_supersedes", "records", ["supersedes"])
    op.create_index("ix_records_candidate", "records", ["candidate"])
    op.create_index("ix_records_benchmark", "records", ["benchmark", "benchmark_version"])
    _guard()


def downgrade() -> None:
    """Copy the records back into the first form, if none is lost by it."""
    _refuse_what_would_be_lost()
    op.rename_table("records", "records_after")
    op.create_table(
        "records",
        sa.Column("record_sha256", sa.String(64), primary_key=True),
        sa.Column("run_sha256", sa.String(64), nullable=False),
        sa.Column("supersedes", sa.String(64), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("run_sha256", "supersedes"),
    )
    rows = _rows("records_after", "seq")
    _fill(dict(zip(_OLD, row, strict=True)) for row in rows)
    op.drop_table("records_after")
    op.create_index("ix_records_run_sha256", "records", ["run_sha256"])
    _guard(against_replace=False)


def _create_records() -> None:
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
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("created", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("run_sha256", "supersedes", "twin"),
    )


def _rows(table: str, order: str) -> Iterator[sa.Row[Any]]:
    query = sa.select(sa.table(table, *map(sa.column, _OLD))).order_by(sa.text(order))
    yield from op.get_bind().execute(query, execution_options={"yield_per": _BATCH})


def _fill(rows: Iterable[dict[str, Any]], **same: str) -> None:
    records = sa.Table("records", sa.MetaData(), autoload_with=op.get_bind())
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row | same)
        if len(batch) == _BATCH:
            op.get_bind().execute(records.insert(), batch)
            batch = []
    if batch:
        op.get_bind().execute(records.insert(), batch)


def _look_up(body: bytes) -> dict[str, Any]:
    content = json.loads(bytes(body))
    inputs = content["inputs"]
    return {
        "candidate": inputs["candidate"]["identifier"],
        "benchmark": inputs["benchmark"]["identifier"],
        "benchmark_version": inputs["benchmark"]["version"],
        "data_sha256": inputs["data"]["sha256"],
        "status": content["status"],
        "created": content["created"],
    }


def _refuse_what_would_be_lost() -> None:
    """The first form has no twins, and its code reads records of schema version 1 only."""
    twins = op.get_bind().exec_driver_sql("SELECT count(*) FROM records WHERE twin <> ''").scalar_one()
    newer = sum(json.loads(bytes(row.body))["schema_version"] > 1 for row in _rows("records", "seq"))
    if twins or newer:
        raise ValueError(
            f"{twins} twins and {newer} records of a newer form, which the older version cannot hold; "
            "export them, then restore the backup that was made before the migration"
        )


def _guard(*, against_replace: bool = True) -> None:
    if not _is_sqlite():
        refuse = "EXECUTE FUNCTION innerscore_refuse()"
        op.execute(
            f"CREATE TRIGGER records_no_change BEFORE UPDATE OR DELETE ON records FOR EACH ROW {refuse}"
        )
        op.execute(f"CREATE TRIGGER records_no_truncate BEFORE TRUNCATE ON records {refuse}")
        return
    refuse = "BEGIN SELECT RAISE(ABORT, 'innerscore: records are never changed'); END"
    for action in ("update", "delete"):
        op.execute(f"CREATE TRIGGER records_no_{action} BEFORE {action} ON records {refuse}")
    if against_replace:
        there = (
            "SELECT 1 FROM records WHERE record_sha256 = NEW.record_sha256 OR seq = NEW.seq OR (run_sha256 = "
            "NEW.run_sha256 AND supersedes = NEW.supersedes AND twin = NEW.twin)"
        )
        op.execute(
            f"CREATE TRIGGER records_no_replace BEFORE INSERT ON records WHEN EXISTS ({there}) {refuse}"
        )
        there = "SELECT 1 FROM attachments WHERE sha256 = NEW.sha256"
        op.execute(
            f"CREATE TRIGGER attachments_no_replace BEFORE INSERT ON attachments WHEN EXISTS ({there}) {refuse}"
        )
    else:
        op.execute("DROP TRIGGER attachments_no_replace")


def _is_sqlite() -> bool:
    return bool(op.get_bind().dialect.name == "sqlite")
