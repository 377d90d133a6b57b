"""Intervals of resampled values: the percentile bootstrap, with its unit of resampling said."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...core.errors import InvalidArgumentError
from ._arrays import Array, as_tensor

__all__ = ["Interval", "percentile_interval"]


@dataclass(frozen=True)
class Interval:
    """An interval of a score, with what was resampled to get it.

    Parameters
    ----------
    low, high : float
        Its ends, in the score's own units; NaN where it could not be estimated.
    level : float
        Nominal coverage, in (0, 1).
    unit : str
        The unit of resampling, for instance ``"conditions"`` or ``"targets within animals"``.
    """

    low: float
    high: float
    level: float
    unit: str


def percentile_interval(values: Array, *, level: float = 0.95, unit: str) -> Interval:
    """Percentile interval of resampled values (Efron & Tibshirani 1993, section 13.3).

    The ends are the ``(1 - level) / 2`` and ``(1 + level) / 2`` quantiles, linearly interpolated. NaN
    values (resamples in which the score was undefined) are dropped; if they are more than half, so are
    the ends: NaN.

    Parameters
    ----------
    values : array of shape (n_boot,)
        The score in each resample; may hold NaN, not infinities.
    level : float, default=0.95
        Nominal coverage, in (0, 1).
    unit : str
        The unit of resampling, kept in the result.

    Returns
    -------
    interval : Interval
        Ends in the units of `values`.

    Raises
    ------
    InvalidArgumentError
        If `values` is not a non-empty floating vector, holds infinities, or `level` is out of (0, 1).

    Examples
    --------
    >>> import numpy as np
    >>> percentile_interval(np.arange(0.0, 101.0), level=0.5, unit="conditions")
    Interval(low=25.0, high=75.0, level=0.5, unit='conditions')
    """
    _check_level(level)
    sample = as_tensor("values", values, ndim=1, finite=False).detach().cpu().numpy().astype(np.float64)
    kept = sample[~np.isnan(sample)]
    if np.isinf(kept).any():
        raise InvalidArgumentError("The 'values' parameter", got="infinite entries", needed="finite or NaN")
    if 2 * kept.size < sample.size:
        return Interval(float("nan"), float("nan"), level, unit)
    low, high = np.quantile(kept, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), level, unit)


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise InvalidArgumentError("The 'level' parameter", got=level, needed="between 0 and 1")
