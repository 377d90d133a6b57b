"""The content of a page, before its template turns it into HTML."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...core.records import TARGETS_FILE, EstimateRecord, ResultRecord
from ...figures import Figure
from .snapshot import Records

__all__ = ["PageContent", "as_float", "ends", "read_targets", "targets_of"]

_VALUES = ("raw", "ceiling", "normalised")


@dataclass(frozen=True, eq=False)
class PageContent:
    """A template's name and values, and the page's figures by key.

    Parameters
    ----------
    template : str
        File in ``templates/``.
    title : str
        Title of the page.
    values : mapping
        Values for the template.
    figures : mapping of str to Figure
        Figures, in the template as ``figures``; each has an address of its own as SVG and as CSV.
    """

    template: str
    title: str
    values: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, Figure] = field(default_factory=dict)


def as_float(value: float | None) -> float:
    """NaN for None."""
    return math.nan if value is None else value


def ends(estimate: EstimateRecord) -> tuple[float, float, float]:
    """Value, low and high, NaN where there is none."""
    return as_float(estimate.value), as_float(estimate.low), as_float(estimate.high)


def targets_of(records: Sequence[ResultRecord], source: Records) -> dict[str, dict[str, dict[str, float]]]:
    """Per-target values by record hash, target and part: of those records that have a score."""
    hashes = {one.record_sha256: one.files[TARGETS_FILE] for one in records if TARGETS_FILE in one.files}
    files = source.attachments(list(hashes.values()))
    return {record: read_targets(files[sha256]) for record, sha256 in hashes.items() if sha256 in files}


def read_targets(data: bytes) -> dict[str, dict[str, float]]:
    """A file of per-target values: by target the parts of its score, NaN where not defined.

    A target's name is made of its first columns, up to the first part of a score.
    """
    try:
        rows = list(csv.reader(io.StringIO(data.decode("utf-8", "replace"))))
    except csv.Error:
        return {}
    if not rows:
        return {}
    header, *body = rows
    parts = {name: header.index(name) for name in _VALUES if name in header}
    n_names = min(parts.values(), default=1)
    return {
        " ".join(row[:n_names]): {name: _number(row[place]) for name, place in parts.items()}
        for row in body
        if len(row) == len(header)
    }


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
