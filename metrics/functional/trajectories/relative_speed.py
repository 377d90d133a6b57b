"""Kinematic analysis of neural trajectories: how fast states run through a condition, relative to another one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from ....core.errors import InvalidArgumentError
from .._arrays import Array, as_tensor, check_same_length
from .._correlation import centred
from .._scale import unit_of
from .._splits import Ints, check_integer, condition_codes

__all__ = ["RelativeSpeeds", "relative_speeds"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RelativeSpeeds:
    """Times at which conditions come to the states of a reference.

    Attributes
    ----------
    conditions : tuple
        Labels of the conditions, sorted.
    slopes : array of shape (n_conditions,)
        Slope of a condition's times on those of the reference, through the event at which both begin: 1 for the
        reference and for equal speed, above 1 where states run more slowly. NaN where states never vary.
    times : array of shape (n_conditions, n_compared)
        Time of the nearest state of each condition to each state of the reference, in bins.
    n_components : int
        Principal components in which states were compared.
    """

    conditions: tuple[object, ...]
    slopes: Floats
    times: Floats
    n_components: int


def relative_speeds(
    x: Array,
    conditions: npt.ArrayLike,
    reference: object,
    *,
    share: float = 0.75,
    least_components: int = 3,
    components_of: Array | None = None,
) -> RelativeSpeeds:
    r"""Compare the speed of trajectories by the time at which each comes nearest to the states of one of them.

    States of all conditions are projected on the first principal components that hold `share` of their variance.
    With :math:`t_k = k + 1/2` the times of the reference's states, in bins, and :math:`\tau_k` the time of the
    nearest state of another condition, its slope is

    .. math:: s = \sum_k t_k \tau_k / \sum_k t_k^2.

    The reference is followed no longer than the shortest condition lasts. Beyond, the nearest state of a shorter
    trajectory can only be its last: by this alone a code of absolute time would seem to run at a speed that follows
    the conditions' lengths.

    Parameters
    ----------
    x : array of shape (n_samples, n_units)
        States in bins of equal length; those of a condition in the order of time, from the event at which it
        begins.
    conditions : array of shape (n_samples,)
        The condition of each sample.
    reference : object
        Label of the reference condition.
    share : float, default=0.75
        Share of the variance that components hold at the least, in (0, 1].
    least_components : int, default=3
        Components that are kept in any case, as far as states have so many.
    components_of : array of shape (n_others, n_units), optional
        States whose components are taken instead of those of `x`: such as the mean of two halves of the trials, for
        either half, whose own components would be more of noise.

    Returns
    -------
    speeds : RelativeSpeeds

    Raises
    ------
    InvalidArgumentError
        If an argument is not as described, or the reference has no sample.

    References
    ----------
    Remington, Narain, Hosseini & Jazayeri (2018), Neuron 98:1005 (KiNeT).

    Examples
    --------
    >>> t = np.arange(40) / 40
    >>> slow, fast = (np.stack([np.sin(3 * v * t), np.cos(3 * v * t), v * t], axis=1) for v in (0.5, 1.0))
    >>> found = relative_speeds(np.concatenate([slow, fast]), np.repeat(["slow", "fast"], 40), "slow")
    >>> found.slopes.round(1)
    array([0.5, 1. ])
    """
    states = as_tensor("x", x, ndim=2).double().cpu()
    codes = condition_codes(conditions, len(states), name="conditions")
    labels = np.unique(np.asarray(conditions))
    middle = _place_of(reference, labels)
    fitted = (
        states if components_of is None else as_tensor("components_of", components_of, ndim=2).double().cpu()
    )
    check_same_length(("x", "components_of"), (states.shape[1], fitted.shape[1]), "units")
    axes = _axes(fitted, share, check_integer("least_components", least_components, least=1))
    scores = (states * unit_of(fitted)) @ axes
    trajectories = [scores[torch.from_numpy(codes == code)] for code in range(len(labels))]
    n_compared = int(np.bincount(codes).min())
    followed = trajectories[middle][:n_compared]
    times = np.stack(
        [
            torch.cdist(followed, one, compute_mode="donot_use_mm_for_euclid_dist").argmin(1).numpy() + 0.5
            for one in trajectories
        ]
    )
    own = np.arange(n_compared) + 0.5
    slopes = times @ own / (own @ own) if scores.shape[1] else np.full(len(labels), np.nan)
    return RelativeSpeeds(tuple(labels.tolist()), slopes, times, scores.shape[1])


def _place_of(reference: object, labels: npt.NDArray[np.generic]) -> int:
    found: Ints = np.flatnonzero(labels == reference)
    if len(found) != 1:
        raise InvalidArgumentError(
            "The 'reference' parameter", got=repr(reference), needed=f"one of {labels.tolist()}"
        )
    return int(found[0])


def _axes(states: torch.Tensor, share: float, least: int) -> torch.Tensor:
    """The first components that hold the share of the variance, (n_units, n_components)."""
    if not 0 < share <= 1:
        raise InvalidArgumentError("The 'share' parameter", got=share, needed="in (0, 1]")
    _, strength, right = torch.linalg.svd(centred(states * unit_of(states)), full_matrices=False)
    varies = strength > strength[0] * max(states.shape) * torch.finfo(states.dtype).eps
    variance = strength.square().cumsum(0)
    n = int((variance < share * (1 - 1e-12) * variance[-1]).sum()) + 1
    axes: torch.Tensor = right[: min(max(n, least), int(varies.sum()))].T
    return axes
