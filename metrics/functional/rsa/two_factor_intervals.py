"""Intervals of representational similarity for conditions and subjects that are both samples."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .._arrays import Array
from .._splits import condition_codes, n_conditions
from ..statistics.interval import Interval, t_interval
from ._rdm_checks import as_rdms, n_states_of
from .bootstrap import bootstrap_rsa
from .compare_rdms import compare_rdms
from .two_factor import two_factor_error

__all__ = ["rsa_two_factor_intervals"]


def rsa_two_factor_intervals(
    models: Array,
    data: Array,
    *,
    n_boot: int = 1000,
    method: str = "pearson",
    groups: npt.ArrayLike | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> list[Interval]:
    """Interval of each model's mean similarity, for claims about other conditions and other subjects.

    Percentiles of `bootstrap_rsa` with ``over="both"`` are too wide, since resamples of both factors count the
    noise of single measurements three times. Here the error is that of `two_factor_error`, from the resamples
    over conditions, over RDMs and over both; the interval is Student's.

    Parameters
    ----------
    models : array of shape (n_pairs,) or (n_models, n_pairs)
        Condensed RDMs of models.
    data : array of shape (n_rdms, n_pairs)
        Condensed RDMs, one a subject, n_rdms >= 2.
    n_boot, method, groups, seed
        As in `bootstrap_rsa`.
    level : float, default=0.95
        Nominal coverage, in (0, 1).

    Returns
    -------
    intervals : list of Interval
        One a model; degrees of freedom are the smaller of subjects and conditions, less one.

    Raises
    ------
    InvalidArgumentError
        As `bootstrap_rsa`.

    References
    ----------
    Schütt, Kipnis, Diedrichsen & Kriegeskorte 2023, eLife 12:e82566.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> shared = rng.random(45)
    >>> [interval] = rsa_two_factor_intervals(shared, shared + 0.3 * rng.random((6, 45)), n_boot=200)
    >>> 0.8 < interval.low < interval.high < 1.0
    True
    """
    stack, rdms = as_rdms("models", models), as_rdms("data", data)
    both, conditions, subjects = (
        bootstrap_rsa(stack, rdms, n_boot=n_boot, method=method, over=over, groups=groups, seed=seed)
        for over in ("both", "conditions", "rdms")
    )
    n_states = n_states_of("data", rdms.shape[1])
    n_drawn = n_states if groups is None else n_conditions(condition_codes(groups, n_states))
    errors = two_factor_error(both, conditions, subjects, n_first=n_drawn, n_second=len(rdms))
    estimates = np.asarray(compare_rdms(stack, rdms, method=method)).mean(axis=1)
    degrees = min(n_drawn, len(rdms)) - 1
    return [
        t_interval(float(estimate), float(error), degrees=degrees, level=level, unit="conditions and RDMs")
        for estimate, error in zip(estimates, errors, strict=True)
    ]
