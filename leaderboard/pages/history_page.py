"""The history of a cell: every record of one candidate on one benchmark, whatever the version."""

from __future__ import annotations

import math

from ...core.records import ResultRecord
from ...figures import history
from ...figures.history import Moment
from .candidate_page import command_of
from .content import PageContent, ends
from .drawing import drawn
from .snapshot import Records

__all__ = ["history_page"]


def history_page(candidate: str, benchmark: str, source: Records) -> PageContent:
    """Records oldest first, each with what it corrected."""
    records = source.records(candidate=candidate, benchmark=benchmark)
    superseded = {record.supersedes for record in records}
    moments = [_moment(record, record.record_sha256 in superseded) for record in records]
    title = f"{candidate} on {benchmark}"
    values = {
        "candidate": candidate,
        "benchmark": benchmark,
        "records": [(one, one.record_sha256 in superseded, command_of(one)) for one in records],
    }
    figures = {"history": drawn(history, moments, title, key="history")} if records else {}
    return PageContent("history.html", title, values, figures)


def _moment(record: ResultRecord, superseded: bool) -> Moment:
    value, low, high = ends(record.score.normalised) if record.score else (math.nan,) * 3
    return Moment(record.created, value, low, high, superseded)
