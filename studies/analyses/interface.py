"""The form of an analysis of a study's recordings: a data set in, findings and pictures out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from ...data_registry import Dataset
from ...figures import Figure
from ..findings import Finding

__all__ = ["Analysed", "Analysis", "Say"]

Say: TypeAlias = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Analysed:
    """Findings on the recordings themselves.

    Parameters
    ----------
    findings : list of Finding
    figures : mapping of str to Figure
        Figures by file name without suffix.
    notes : tuple of str
        Notes on what was left out, and why.
    """

    findings: list[Finding] = field(default_factory=list)
    figures: dict[str, Figure] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


#: Analyses take the data set and a function that is called with what is being done.
Analysis: TypeAlias = Callable[[Dataset, Say], Analysed]
