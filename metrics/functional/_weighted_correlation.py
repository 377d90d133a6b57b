"""Pearson correlation in many resamples at once, each given by how often it draws each item."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ._resample import child_generators, resample_counts
from ._scale import ordinary_array
from ._splits import condition_codes, n_conditions

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


def resampled_correlation(
    x: Floats, y: Floats, groups: npt.ArrayLike, *, n_boot: int, seed: int
) -> tuple[float, Floats]:
    """Pearson r of two vectors, and in resamples of whole groups of their items.

    Parameters
    ----------
    x, y : array of shape (n_items,)
        A model's and the data's; the former may be flat, which counts as 0.
    groups : array of shape (n_items,)
        Group of each item, drawn with replacement; the same seed draws the same for all vectors.
    n_boot, seed : int
        Number and seed of the resamples.

    Returns
    -------
    r : float
    draws : array of shape (n_boot,)
        NaN where `y` does not vary among the drawn items.
    """
    codes = condition_codes(groups, len(x))
    drawn = resample_counts(child_generators(seed, 1)[0], n_conditions(codes), n_boot).numpy()[:, codes]
    weights = np.concatenate([np.ones((1, len(x))), drawn])
    found = weighted_correlation(x, y, weights)
    flat = np.isnan(found) & np.isfinite(weighted_correlation(y, y, weights))
    found = np.where(flat, 0.0, found)
    return float(found[0]), found[1:]


def _centred(values: Floats) -> Floats:
    scaled = ordinary_array(values, axis=0)
    return np.asarray(scaled - scaled.mean())
