"""Incomplete recordings: repetitions made equal in number, samples that lack neuroids left out, all of it counted.

A recording may lack single trials (images shown 6 to 10 times) or single neuroids (sessions on different days).
What is left out depends on the recording alone, so it is the same for all models, and is recorded in the
samples' attributes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..core.errors import UnfitRecordingError

__all__ = ["complete_only", "even_repetitions"]

Array = npt.NDArray[np.floating[Any]]
Mask = npt.NDArray[np.bool_]

# More than this share of the samples left out is a fault of the data set.
_MOST_LEFT_OUT = 0.2


def even_repetitions(values: Array, *, complete: bool) -> Array:
    """Bring all samples of all neuroids to one number of repetitions, the first that each has.

    The number, 2 or more, is the one that keeps the most trials; what has fewer becomes NaN in all repetitions.
    Trials that neuroids have in common stay side by side.

    Parameters
    ----------
    values : array of shape (n_repetitions, n_samples, n_neuroids)
        NaN where there was no trial.
    complete : bool
        Whether a sample counts only if it is kept in every neuroid.

    Returns
    -------
    even : array of shape (n_kept, n_samples, n_neuroids)
        Values with equally many repetitions: in each sample of a neuroid all finite, or all NaN.
    """
    present = np.isfinite(values)
    count = present.sum(axis=0)
    if not len(values) or np.isin(count, (0, len(values))).all():
        return values
    n_kept = _repetitions_kept(count[count.any(axis=1)], len(values), complete=complete)
    order = np.argsort(~present, axis=0, kind="stable")[:n_kept]
    even = np.take_along_axis(values, order, axis=0)
    even[:, count < n_kept] = np.nan
    return even


def complete_only(present: Mask) -> Mask:
    """Mask of the samples that were recorded in every neuroid.

    Parameters
    ----------
    present : bool array of shape (n_samples, n_neuroids)

    Raises
    ------
    UnfitRecordingError
        If more than a fifth of the samples would be lost.
    """
    complete: Mask = np.asarray(present.all(axis=1))
    lost = int((~complete).sum())
    if lost > _MOST_LEFT_OUT * len(complete):
        worst = int((~present).sum(axis=0).max())
        raise UnfitRecordingError(
            "The recording",
            got=f"{lost} of {len(complete)} samples that some neuroid lacks (one neuroid lacks {worst})",
            needed=f"at least {1 - _MOST_LEFT_OUT:.0%} of the samples recorded in every neuroid, for this metric",
            hint="Leave out the neuroids that lack most, or take a metric that gives each neuroid samples of its "
            "own: ridge, least-squares, one-to-one.",
        )
    return complete


def _repetitions_kept(count: npt.NDArray[np.int_], n_repetitions: int, *, complete: bool) -> int:
    """The number of repetitions that keeps most trials, given how many (n_samples, n_neuroids) there are."""

    def kept(n: int) -> int:
        enough = count >= n
        return n * int(enough.all(axis=1).sum() if complete else enough.sum())

    return max(range(min(2, n_repetitions), n_repetitions + 1), key=kept)
