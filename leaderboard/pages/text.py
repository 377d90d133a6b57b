"""Numbers, intervals, dates and sizes as people read them."""

from __future__ import annotations

import math
from datetime import datetime

from ...core.records import EstimateRecord

__all__ = ["DIGITS", "animal", "date", "duration", "interval", "number", "p_value", "rank", "short_hash"]

DIGITS = 3
_ANIMALS = {
    "Homo sapiens": "human",
    "Macaca mulatta": "macaque",
    "Mus musculus": "mouse",
    "Rattus norvegicus": "rat",
}


def number(value: float | None) -> str:
    """Three decimals and a true minus sign; "undefined" for None and NaN."""
    if value is None or math.isnan(value):
        return "undefined"
    shown = f"{value:.{DIGITS}f}"
    return shown.replace("-", "−") if float(shown) else shown.lstrip("-")


def interval(estimate: EstimateRecord) -> str:
    """``[0.888, 0.936]``; empty without an interval."""
    if estimate.low is None or estimate.high is None:
        return ""
    return f"[{number(estimate.low)}, {number(estimate.high)}]"


def p_value(value: float) -> str:
    """``p = 0.012``; ``p < 0.001`` below that: no test on a few dozen conditions knows a smaller one."""
    return "p < 0.001" if value < 0.001 else f"p = {value:.2g}"


def rank(low: int | None, high: int | None) -> str:
    """``1–3``; one number where the tests leave one, empty without a rank."""
    if low is None or high is None:
        return ""
    return str(low) if low == high else f"{low}–{high}"


def date(created: str) -> str:
    """``24 November 2026, 11:53 UTC`` of ISO 8601; text that is no date as it is."""
    try:
        moment = datetime.fromisoformat(created)
    except ValueError:
        return created
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def duration(seconds: float) -> str:
    """``0.8 s``, ``4 min 10 s`` or ``3 h 5 min``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def short_hash(sha256: str) -> str:
    """The first twelve digits, as many as a reader can compare."""
    return sha256[:12]


def animal(species: str) -> str:
    """``macaque and human`` of ``Macaca mulatta, Homo sapiens``; a species without a common name here as it is."""
    return " and ".join(_ANIMALS.get(one.strip(), one.strip()) for one in species.split(","))
