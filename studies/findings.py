"""Findings of a study computed here, compared with the printed numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..figures import Figure
from .published import PublishedNumber, Study

__all__ = ["Finding", "Report", "Row", "laid_beside"]


@dataclass(frozen=True)
class Finding:
    """One number that was computed here.

    Parameters
    ----------
    key : str
        Its name; it is compared with the printed number of the same key.
    what : str
        Description in words, with the unit.
    value : float
    spread : float
        NaN where there is none.
    spread_is : str
        Kind of spread.
    unit : str
        Unit by which findings share a picture, such as "ms"; empty for correlations and shares.
    """

    key: str
    what: str
    value: float
    spread: float = math.nan
    spread_is: str = ""
    unit: str = ""


@dataclass(frozen=True)
class Row:
    """A finding with the printed number, and whether the two can be compared."""

    finding: Finding
    printed: PublishedNumber | None
    comparable: bool
    why: str


@dataclass(frozen=True, eq=False)
class Report:
    """All of a study's rows and pictures.

    Parameters
    ----------
    study : Study
    dataset : str
        The data set it was run on.
    simulated : bool
        Whether the data set is simulated.
    rows : tuple of Row
    figures : mapping of str to Figure
        Figures by file name without suffix.
    notes : tuple of str
        Notes on what was left out, and why.
    """

    study: Study
    dataset: str
    simulated: bool
    rows: tuple[Row, ...]
    figures: dict[str, Figure] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def laid_beside(findings: Sequence[Finding], study: Study, *, simulated: bool) -> tuple[Row, ...]:
    """Each finding with the printed number of its key and a judgement of whether they are comparable."""
    return tuple(_row(finding, study.printed(finding.key), simulated) for finding in findings)


def _row(finding: Finding, printed: PublishedNumber | None, simulated: bool) -> Row:
    if printed is None:
        return Row(finding, None, False, "no printed number")
    if simulated:
        return Row(finding, printed, False, "no: the recording is simulated")
    if printed.differs is not None:
        return Row(finding, printed, False, f"no: {printed.differs}")
    if printed.measured:
        return Row(finding, printed, True, "yes: measured elsewhere on the same files, not printed")
    return Row(finding, printed, True, "yes")
