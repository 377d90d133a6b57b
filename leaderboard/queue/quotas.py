"""Quotas: how much of a board one owner of tokens may take."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from ...core.errors import InvalidInputError
from .submission import ACTIVE, WAITING
from .tables import SUBMISSIONS

__all__ = ["QuotaError", "Quotas", "check_bytes", "check_quotas"]


class QuotaError(InvalidInputError):
    """An owner has as much of something as one may have."""


@dataclass(frozen=True)
class Quotas:
    """The most that one owner may have.

    Parameters
    ----------
    open : int
        Submissions that have not ended.
    hourly : int
        Submissions in an hour.
    names : int
        Names of candidates.
    bundle_bytes : int
        Bytes of the bundles that are kept.
    """

    open: int = 20
    hourly: int = 20
    names: int = 20
    bundle_bytes: int = 2 * 2**30


def check_quotas(connection: sa.Connection, quotas: Quotas, owner: str, candidate: str) -> None:
    """Refuse one more submission of an owner who has enough of them, or of names.

    Raises
    ------
    QuotaError
        If so.
    """
    own = SUBMISSIONS.c.submitter == owner
    hour_ago = (datetime.now(UTC) - timedelta(hours=1)).isoformat(timespec="seconds")
    count = sa.select(sa.func.count()).select_from(SUBMISSIONS)
    n_open = connection.execute(count.where(own, SUBMISSIONS.c.state.in_((*WAITING, *ACTIVE)))).scalar_one()
    n_recent = connection.execute(count.where(own, SUBMISSIONS.c.created > hour_ago)).scalar_one()
    names = sa.select(SUBMISSIONS.c.candidate).where(own, SUBMISSIONS.c.state != "withdrawn").distinct()
    known = {*connection.execute(names).scalars(), candidate}
    _check(
        n_open < quotas.open,
        "submissions that wait or run",
        n_open,
        quotas.open,
        "Wait until some have ended.",
    )
    _check(
        n_recent < quotas.hourly, "submissions in the last hour", n_recent, quotas.hourly, "Send it later."
    )
    _check(
        len(known) <= quotas.names,
        "names of candidates",
        len(known) - 1,
        quotas.names,
        "Raise 'version' on the card of one of your candidates in place of a new name.",
    )


def check_bytes(quotas: Quotas, sizes: Iterable[int], more: int) -> None:
    """Refuse more bytes of an owner whose bundles take enough.

    Raises
    ------
    QuotaError
        If so.
    """
    there = sum(sizes)
    _check(
        there + more <= quotas.bundle_bytes,
        "bytes of bundles",
        f"{there} and {more} more",
        quotas.bundle_bytes,
        "Bundles of failed and withdrawn submissions are removed after some time; ask the board's owner.",
    )


def _check(within: bool, what: str, got: object, most: int, hint: str) -> None:
    if not within:
        raise QuotaError(f"Your {what}", got=got, needed=f"at most {most}", hint=hint)
