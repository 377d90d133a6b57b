"""Standard errors from resamples of one factor, and of two that are drawn together.

A bootstrap that draws two factors at once counts their noise too often. What the noise of single measurements
adds to the variance is in the resamples of either factor once, and in those of both factors three times.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ....core.errors import InvalidArgumentError
from .._arrays import Array, as_tensor

__all__ = ["bootstrap_error", "two_factor_error"]

Floats = npt.NDArray[np.float64]


def bootstrap_error(values: Array, *, n_units: int) -> Floats:
    r"""Standard error from resamples of n units: :math:`\sqrt{n / (n - 1)}` times their standard deviation.

    The factor is that of an unbiased variance, and matters where units are few.

    Parameters
    ----------
    values : array of shape (n_boot,) or (n_boot, n_estimates)
        The estimates in each resample; NaN, a resample without one, is left out.
    n_units : int
        Number of units (animals, subjects, conditions) drawn, at least 2.

    Returns
    -------
    error : array of shape () or (n_estimates,)
        Standard error in the units of `values`.

    Raises
    ------
    InvalidArgumentError
        If `n_units` is below 2.

    References
    ----------
    Hesterberg 2015, Am. Stat. 69:371.

    Examples
    --------
    >>> import numpy as np
    >>> float(bootstrap_error(np.array([1.0, 2.0, 3.0]), n_units=4).round(3))
    0.943
    """
    return np.sqrt(_variance("values", values, "n_units", n_units))


def two_factor_error(both: Array, first: Array, second: Array, *, n_first: int, n_second: int) -> Floats:
    r"""Standard error of an estimate whose conditions *and* subjects (or targets) are samples.

    With the unbiased variances :math:`v_1, v_2` of the resamples of either factor, and :math:`v_{12}` of both,

    .. math:: v = v_1 + v_2 - \frac{n_1 n_2}{(n_1 - 1)(n_2 - 1)} (s_{12} - s_1 - s_2)

    where s are the variances as they are; v is kept between :math:`\max(v_1, v_2)` and :math:`s_{12}`.

    Parameters
    ----------
    both, first, second : array of shape (n_boot,) or (n_boot, n_estimates)
        Estimates in resamples of both factors, of the first alone, and of the second alone.
    n_first, n_second : int
        Number of units of each factor drawn, at least 2.

    Returns
    -------
    error : array of shape () or (n_estimates,)
        Standard error in the units of the estimates, for `t_interval` with ``min(n_first, n_second) - 1`` degrees.

    Raises
    ------
    InvalidArgumentError
        If there are fewer than two units of a factor.

    References
    ----------
    Schütt, Kipnis, Diedrichsen & Kriegeskorte 2023, eLife 12:e82566, eq. 6-7.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> one, two = rng.normal(size=(2, 1000))
    >>> float(two_factor_error(one + two, one, two, n_first=50, n_second=50).round(1))
    1.4
    """
    v_first = _variance("first", first, "n_first", n_first)
    v_second = _variance("second", second, "n_second", n_second)
    s_both = np.nanvar(_as_array("both", both), axis=0)
    s_first, s_second = v_first * (n_first - 1) / n_first, v_second * (n_second - 1) / n_second
    noise = n_first * n_second / (n_first - 1) / (n_second - 1) * (s_both - s_first - s_second)
    least = np.maximum(v_first, v_second)
    return np.asarray(np.sqrt(np.minimum(np.maximum(v_first + v_second - noise, least), s_both)))


def _variance(name: str, values: Array, n_name: str, n_units: int) -> Floats:
    if n_units < 2:
        raise InvalidArgumentError(f"The '{n_name}' parameter", got=n_units, needed="at least 2")
    return np.asarray(np.nanvar(_as_array(name, values), axis=0) * n_units / (n_units - 1))


def _as_array(name: str, values: Array) -> Floats:
    return as_tensor(name, values, ndim=(1, 2), finite=False).detach().cpu().double().numpy()
