"""Resamples of targets within animals, and of animals."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from ....core.errors import InvalidArgumentError
from .._arrays import Array, as_tensor, like
from .._resample import check_n_resamples, child_generators
from .._splits import condition_codes
from ._sign_flips import chunks

__all__ = ["hierarchical_bootstrap"]


def hierarchical_bootstrap(
    values: Array,
    groups: object,
    *,
    n_boot: int = 1000,
    resample_groups: bool = False,
    resample_members: bool = True,
    statistic: str = "median",
    by_size: bool = False,
    seed: int = 0,
) -> Array:
    """Resamples of the mean over groups of the median (or mean) within each: targets within animals.

    Within each group as many members are drawn with replacement as it has. With `resample_groups`, groups
    are drawn with replacement as well: for claims about animals not recorded, given more than a handful.

    To resample conditions too, give one row of `values` per resample of the conditions: row b holds the
    scores of the targets in resample b, and its targets are drawn in turn.

    Parameters
    ----------
    values : array of shape (n_members,) or (n_boot, n_members)
        Score of each member (target); with two axes, in each resample of something above it. NaN: not
        defined; such members are left out of the median, and a resample in which a group has none is NaN.
    groups : array-like of shape (n_members,)
        Group (animal) of each member.
    n_boot : int, default=1000
        Number of resamples, where `values` is a vector; otherwise it is the number of rows.
    resample_groups : bool, default=False
        Whether groups are drawn too.
    resample_members : bool, default=True
        Whether members are. Where groups are drawn, what members add to the error is in the differences
        between groups already; drawing both counts it twice, which matters with few groups.
    statistic : {"median", "mean"}, default="median"
        Statistic within groups.
    by_size : bool, default=False
        Whether a group counts in the mean by its number of members, and not like any other.
    seed : int, default=0
        Seed of the draws.

    Returns
    -------
    resampled : array of shape (n_boot,)
        float64. Hand it to `percentile_interval`. Where groups are drawn and are few, say below 20, percentiles
        are too narrow: draw groups alone, and hand their `bootstrap_error` to `t_interval`.

    Raises
    ------
    InvalidArgumentError
        If shapes disagree, names are unknown, or groups are to be drawn and there is one only.

    References
    ----------
    Davison & Hinkley 1997, Bootstrap Methods and their Application, sect. 3.8; Saravanan, Berman & Sober
    2020, Neurons Behav. Data Anal. Theory 3(5).

    Examples
    --------
    >>> import numpy as np
    >>> scores = np.array([0.2, 0.4, 0.3, 0.9, 0.8])
    >>> hierarchical_bootstrap(scores, ["a", "a", "a", "b", "b"], n_boot=4).shape
    (4,)
    """
    check_n_resamples("n_boot", n_boot)
    _check_statistic(statistic)
    table = as_tensor("values", values, ndim=(1, 2), finite=False).detach().cpu().double().numpy()
    rows = np.broadcast_to(table, (n_boot, len(table))) if table.ndim == 1 else table
    codes = condition_codes(groups, rows.shape[1])
    for_members, for_groups = child_generators(seed, 2)
    per_group = _per_group(rows, codes, statistic, for_members if resample_members else None)
    sizes = np.bincount(codes).astype(np.float64)
    weights = np.broadcast_to(sizes if by_size else np.ones_like(sizes), per_group.shape)
    if resample_groups:
        drawn = _drawn_groups(per_group.shape, for_groups)
        per_group = np.take_along_axis(per_group, drawn, axis=1)
        weights = np.take_along_axis(weights, drawn, axis=1)
    return like(torch.from_numpy((per_group * weights).sum(1) / weights.sum(1)), values)


def _per_group(
    rows: npt.NDArray[np.float64],
    codes: npt.NDArray[np.int64],
    statistic: str,
    generator: np.random.Generator | None,
) -> npt.NDArray[np.float64]:
    """The statistic of redrawn members in each resample and group, (n_boot, n_groups); of all without generator."""
    out = np.empty((len(rows), int(codes.max()) + 1))
    for group in range(out.shape[1]):
        members = np.flatnonzero(codes == group)
        for chunk in chunks(len(rows), len(members)):
            size = (chunk.stop - chunk.start, len(members))
            places = (
                np.arange(len(members)) if generator is None else generator.integers(len(members), size=size)
            )
            drawn = np.broadcast_to(members[places], size)
            out[chunk, group] = _of_defined(np.take_along_axis(rows[chunk], drawn, axis=1), statistic)
    return out


def _of_defined(values: npt.NDArray[np.float64], statistic: str) -> npt.NDArray[np.float64]:
    """Median or mean of the entries of each row that are not NaN; NaN where there is none."""
    tensor = torch.from_numpy(values)
    if statistic == "mean":
        return tensor.nanmean(1).numpy()
    return tensor.nanquantile(0.5, dim=1).numpy()


def _drawn_groups(shape: tuple[int, ...], generator: np.random.Generator) -> npt.NDArray[np.int64]:
    """The groups of each resample, (n_boot, n_groups)."""
    if shape[1] < 2:
        raise InvalidArgumentError("The 'groups' parameter", got="1 group", needed="of at least 2 groups")
    return generator.integers(shape[1], size=shape)


def _check_statistic(statistic: str) -> None:
    if statistic not in ("median", "mean"):
        raise InvalidArgumentError(
            "The 'statistic' parameter", got=repr(statistic), needed="'median' or 'mean'"
        )
