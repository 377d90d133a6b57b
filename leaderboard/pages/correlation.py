"""Correlations of benchmarks over candidates."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

__all__ = ["Correlation", "correlation_of"]

_Z_95 = 1.959964


@dataclass(frozen=True)
class Correlation:
    """Pearson's r over candidates with its 95 % interval by Fisher's z; NaN where it is not defined."""

    r: float
    low: float = math.nan
    high: float = math.nan


def correlation_of(pairs: Iterable[tuple[float, float]]) -> Correlation:
    """Pearson's r; NaN with fewer than three pairs or without spread, no interval with fewer than four."""
    values = np.asarray(list(pairs), dtype=np.float64).reshape(-1, 2)
    if len(values) < 3 or not np.ptp(values, axis=0).all():
        return Correlation(math.nan)
    r = float(np.clip(np.corrcoef(values[:, 0], values[:, 1])[0, 1], -1.0, 1.0))
    if len(values) < 4 or abs(r) == 1.0:
        return Correlation(r)
    reach = _Z_95 / math.sqrt(len(values) - 3)
    return Correlation(r, math.tanh(math.atanh(r) - reach), math.tanh(math.atanh(r) + reach))
