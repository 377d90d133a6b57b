"""Intervals, each with its unit of resampling: percentiles of resamples, bootstrap-t, and Student's t."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.special

from ....core.errors import InvalidArgumentError
from .._arrays import Array, as_tensor, check_same_length

__all__ = ["Interval", "bootstrap_t_interval", "percentile_interval", "t_interval"]


@dataclass(frozen=True)
class Interval:
    """An interval of a score, with the unit that was resampled.

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
    low, high = _quantiles(_as_sample("values", values), level)
    return Interval(low, high, level, unit)


def bootstrap_t_interval(
    estimate: float, error: float, values: Array, errors: Array, *, level: float = 0.95, unit: str
) -> Interval:
    r"""Bootstrap-t interval: Student's, with the quantiles of t taken from resamples.

    With the estimate :math:`\hat\theta` of standard error se, and in resample b :math:`\hat\theta_b` of
    :math:`se_b`, and q the quantiles of :math:`(\hat\theta_b - \hat\theta) / se_b`, the ends are
    :math:`\hat\theta - q_{(1 + level) / 2} \, se` and :math:`\hat\theta - q_{(1 - level) / 2} \, se`. Second-order
    accurate: it covers where the distribution is skewed and units are few, as percentiles do not.

    Parameters
    ----------
    estimate, error : float
        The estimate and its standard error, at least 0.
    values, errors : array of shape (n_boot,)
        The same in each resample. A resample without spread (error 0) is dropped, as is NaN.
    level, unit
        As in `percentile_interval`.

    Returns
    -------
    interval : Interval
        Interval in the units of `estimate`; both ends are the estimate if `error` is 0.

    Raises
    ------
    InvalidArgumentError
        If the vectors differ in length, hold infinities, or `level` is out of (0, 1).

    References
    ----------
    Efron & Tibshirani (1993), An Introduction to the Bootstrap, section 12.5.

    Examples
    --------
    >>> import numpy as np
    >>> bootstrap_t_interval(1.0, 2.0, np.array([0.0, 1.0, 3.0]), np.ones(3), level=0.5, unit="conditions")
    Interval(low=-1.0, high=2.0, level=0.5, unit='conditions')
    """
    sample, spread = _as_sample("values", values), _as_sample("errors", errors)
    check_same_length(("values", "errors"), (len(sample), len(spread)), "resamples")
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(spread > 0, (sample - estimate) / spread, np.nan)
    low, high = _quantiles(t, level)
    if error == 0:
        return Interval(estimate, estimate, level, unit)
    return Interval(estimate - high * error, estimate - low * error, level, unit)


def t_interval(estimate: float, error: float, *, degrees: int, level: float = 0.95, unit: str) -> Interval:
    """Student's t interval: the estimate plus and minus t times its standard error.

    For few units drawn (animals, subjects), whose resamples have too short tails for percentiles.

    Parameters
    ----------
    estimate, error : float
        The estimate and its standard error, such as `bootstrap_error` gives.
    degrees : int
        Degrees of freedom: units drawn less one; of two factors, the smaller number less one.
    level, unit
        As in `percentile_interval`.

    Returns
    -------
    interval : Interval
        Interval in the units of `estimate`.

    Raises
    ------
    InvalidArgumentError
        If `degrees` is below 1 or `level` is out of (0, 1).

    Examples
    --------
    >>> interval = t_interval(0.5, 0.1, degrees=4, unit="animals")
    >>> round(interval.low, 3), round(interval.high, 3)
    (0.222, 0.778)
    """
    check_level(level)
    if degrees < 1:
        raise InvalidArgumentError("The 'degrees' parameter", got=degrees, needed="at least 1")
    half = float(scipy.special.stdtrit(degrees, (1 + level) / 2)) * error
    return Interval(estimate - half, estimate + half, level, unit)


def _as_sample(name: str, values: Array) -> npt.NDArray[np.float64]:
    sample = as_tensor(name, values, ndim=1, finite=False).detach().cpu().numpy().astype(np.float64)
    if np.isinf(sample).any():
        raise InvalidArgumentError(f"The '{name}' parameter", got="infinite entries", needed="finite or NaN")
    return sample


def _quantiles(sample: npt.NDArray[np.float64], level: float) -> tuple[float, float]:
    """The two quantiles of what is not NaN; NaN where that is less than half."""
    check_level(level)
    kept = sample[~np.isnan(sample)]
    if 2 * kept.size < sample.size:
        return float("nan"), float("nan")
    low, high = np.quantile(kept, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def check_level(level: float) -> None:
    if not 0 < level < 1:
        raise InvalidArgumentError("The 'level' parameter", got=level, needed="between 0 and 1")
