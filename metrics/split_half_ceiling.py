"""The noise ceiling of a metric on populations, from how alike the halves of a recording are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .functional.statistics.reliability import spearman_brown

__all__ = ["split_half_ceiling"]

Array = npt.NDArray[np.float64]


def split_half_ceiling(half_similarity: Array) -> Array:
    """Ceiling from the similarity of halves: sqrt of the mean over splits of SB(r), NaN where that is not positive.

    Parameters
    ----------
    half_similarity : array of shape (n_boot, n_splits)

    Returns
    -------
    ceiling : array of shape (n_boot,)
    """
    reliability: Array = np.asarray(spearman_brown(half_similarity)).mean(axis=1)
    return np.asarray(np.sqrt(np.where(reliability > 0, reliability, np.nan)))
