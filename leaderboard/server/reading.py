"""Records page by page as the bytes that are stored: nothing is parsed that is only passed on."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from ..database import reading, store_errors
from ..schema import RECORDS

__all__ = ["RecordPage", "read_page"]


@dataclass(frozen=True, eq=False)
class RecordPage:
    """Some records, and where the next page begins.

    Parameters
    ----------
    bodies : tuple of bytes
        Canonical JSON of each.
    after : int or None
        Position after which the next page begins; None if this is the last.
    """

    bodies: tuple[bytes, ...]
    after: int | None


def read_page(
    engine: sa.Engine, url: str, *, candidate: str | None, benchmark: str | None, after: int, limit: int
) -> RecordPage:
    """Records in the order in which they were added, from a position on.

    Raises
    ------
    StoreError
        If the database cannot be read.
    """
    wanted = {RECORDS.c.candidate: candidate, RECORDS.c.benchmark: benchmark}
    chosen = [column == name for column, name in wanted.items() if name is not None]
    query = sa.select(RECORDS.c.seq, RECORDS.c.body).where(RECORDS.c.seq > after, *chosen)
    with store_errors(url), reading(engine) as connection:
        rows = connection.execute(query.order_by(RECORDS.c.seq).limit(limit + 1)).all()
    shown = rows[:limit]
    return RecordPage(
        tuple(bytes(row.body) for row in shown), shown[-1].seq if len(rows) > limit and shown else None
    )
