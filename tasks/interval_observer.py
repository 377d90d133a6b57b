"""A Bayesian observer of intervals: what is best said of an interval that was measured with noise.

The measured interval scatters about the true one in proportion to it, ``t_m ~ N(t_s, (w_m t_s)^2)``, and the prior
is uniform over a range. The estimate with the least squared error is the posterior mean, ``t_e = E[t_s | t_m]``
(Jazayeri & Shadlen 2010; Sohn et al. 2019).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..core.errors import InvalidArgumentError

__all__ = ["bls_estimate", "mean_bls_estimate"]

Array = npt.NDArray[np.float64]

_PRIOR_NODES, _NOISE_NODES = 100, 21


def bls_estimate(measured_ms: npt.ArrayLike, prior_ms: tuple[float, float], *, w_m: float) -> Array:
    """The estimate of an interval with the least expected squared error, given one measurement.

    Parameters
    ----------
    measured_ms : array of any shape
        Measured intervals t_m in ms.
    prior_ms : tuple of float
        Shortest and longest interval of the uniform prior in ms.
    w_m : float
        Weber fraction of the measurement, above 0.

    Returns
    -------
    estimate_ms : array of the shape of `measured_ms`
        Within the prior's range. Near a measurement of 0 every interval is as unlikely as any other, measured by
        its own noise, and the estimate is near the middle.

    Raises
    ------
    InvalidArgumentError
        If the prior is no range above 0, or `w_m` is not above 0.

    Examples
    --------
    >>> bls_estimate([480, 640, 800], (480, 800), w_m=0.05).round(1)
    array([501. , 643.2, 770.6])
    """
    _check(prior_ms, w_m)
    nodes, weights = np.polynomial.legendre.leggauss(_PRIOR_NODES)
    low, high = prior_ms
    intervals = low + (nodes + 1) * (high - low) / 2
    deviation = (np.asarray(measured_ms, dtype=np.float64)[..., None] - intervals) / (w_m * intervals)
    log_likelihood = -(deviation**2) / 2 - np.log(intervals)
    posterior = weights * np.exp(log_likelihood - log_likelihood.max(axis=-1, keepdims=True))
    return np.asarray(posterior @ intervals / posterior.sum(axis=-1))


def mean_bls_estimate(interval_ms: npt.ArrayLike, prior_ms: tuple[float, float], *, w_m: float) -> Array:
    """The mean estimate over many measurements of one interval.

    Parameters
    ----------
    interval_ms : array of any shape
        True intervals t_s in ms; they may lie outside the prior.
    prior_ms, w_m : tuple of float, float
        As for :func:`bls_estimate`; it raises the same errors.

    Returns
    -------
    estimate_ms : array of the shape of `interval_ms`
        E[t_e | t_s]. Its slope below 1 within the prior is the regression to the mean.
    """
    _check(prior_ms, w_m)
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NOISE_NODES)
    interval = np.asarray(interval_ms, dtype=np.float64)[..., None]
    estimates = bls_estimate(interval * (1 + w_m * nodes), prior_ms, w_m=w_m)
    return np.asarray(estimates @ (weights / weights.sum()))


def _check(prior_ms: tuple[float, float], w_m: float) -> None:
    low, high = prior_ms
    if not 0 < low < high < np.inf:
        raise InvalidArgumentError(
            "The 'prior_ms' parameter", got=prior_ms, needed="two finite numbers above 0, the smaller first"
        )
    if not (w_m > 0 and np.isfinite(w_m)):
        raise InvalidArgumentError("The 'w_m' parameter", got=w_m, needed="finite and above 0")
