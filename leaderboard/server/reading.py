"""Records page by page as the bytes that are stored: nothing is parsed that is only passed on."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from fastapi import HTTPException

from ...core.errors import StoreError
from ...core.records import ResultRecord
from ..database import reading, store_errors
from ..hiding import SHOWN, Hiding
from ..schema import RECORDS
from ..store import Store

__all__ = ["HiddenRecordError", "RecordPage", "read_page", "shown_record"]


class HiddenRecordError(StoreError):
    """The record that was asked for is hidden."""

    def __init__(self, hiding: Hiding) -> None:
        self.hiding = hiding
        super().__init__(
            f"The record {hiding.record_sha256}",
            got=f"hidden by whoever keeps this board ({hiding.reason})",
            needed="one that is shown",
        )


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


def shown_record(store: Store, record_sha256: str) -> ResultRecord:
    """The record of a hash.

    Raises
    ------
    HiddenRecordError
        If it is hidden.
    HTTPException
        If it is not here.
    """
    found = store.record(record_sha256)
    if found is not None:
        return found
    hiding = store.hiding(record_sha256)
    if hiding is not None:
        raise HiddenRecordError(hiding)
    raise HTTPException(404, "There is no such record.")


def read_page(
    engine: sa.Engine, url: str, *, candidate: str | None, benchmark: str | None, after: int, limit: int
) -> RecordPage:
    """Records in the order in which they were added, but for hidden ones, from a position on.

    Raises
    ------
    StoreError
        If the database cannot be read.
    """
    wanted = {RECORDS.c.candidate: candidate, RECORDS.c.benchmark: benchmark}
    chosen = [column == name for column, name in wanted.items() if name is not None]
    query = sa.select(RECORDS.c.seq, RECORDS.c.body).where(RECORDS.c.seq > after, SHOWN, *chosen)
    with store_errors(url), reading(engine) as connection:
        rows = connection.execute(query.order_by(RECORDS.c.seq).limit(limit + 1)).all()
    shown = rows[:limit]
    return RecordPage(
        tuple(bytes(row.body) for row in shown), shown[-1].seq if len(rows) > limit and shown else None
    )
