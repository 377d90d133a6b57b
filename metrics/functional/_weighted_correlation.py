"""Pearson correlation in many resamples at once, each given by how often it draws each item."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ._scale import ordinary_array

Floats = npt.NDArray[np.float64]


def weighted_correlation(x: Floats, y: Floats, weights: Floats) -> Floats:
    """Pearson r of two vectors under each row of weights.

    Parameters
    ----------
    x, y : array of shape (n_items,)
    weights : array of shape (n_resamples, n_items)
        Number of times that each item is drawn.

    Returns
    -------
    r : array of shape (n_resamples,)
        NaN where a vector does not vary among the drawn items.
    """
    # Centred on the whole first, so that little is lost in the difference of moments.
    x, y, total = _centred(x), _centred(y), weights.sum(axis=1)
    mean_x, mean_y = weights @ x / total, weights @ y / total
    covariance = weights @ (x * y) / total - mean_x * mean_y
    variances = [weights @ (v * v) / total - m * m for v, m in ((x, mean_x), (y, mean_y))]
    rounding = [1e-13 * max(float(v @ v) / len(v), 1e-300) for v in (x, y)]
    varies = (variances[0] > rounding[0]) & (variances[1] > rounding[1])
    norm = np.sqrt(np.where(varies, variances[0] * variances[1], 1.0))
    return np.where(varies, covariance / norm, np.nan)


def _centred(values: Floats) -> Floats:
    scaled = ordinary_array(values, axis=0)
    return np.asarray(scaled - scaled.mean())
