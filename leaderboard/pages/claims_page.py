"""Published claims, and what candidates and benchmarks say to them."""

from __future__ import annotations

from .content import PageContent
from .snapshot import Snapshot

__all__ = ["claims_page"]


def claims_page(snapshot: Snapshot) -> PageContent:
    """The page with the report that the board was given; recorded neurons come before simulated ones."""
    report = snapshot.contents.claims
    known = set(snapshot.benchmarks.values())
    papers: dict[str, list[object]] = {}
    for claim in () if report is None else report.claims:
        evidence = sorted(claim.evidence, key=lambda one: one.simulated)
        papers.setdefault(claim.paper, []).append((claim, evidence))
    values = {"report": report, "papers": papers, "known": known}
    return PageContent("claims.html", "Claims and what we see", values)
