"""Path integration: how far a linear readout of a model's state is from where the walker really is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from ....core.arrays import plain_array
from ....core.errors import InvalidArgumentError
from .._arrays import Array, as_tensor, check_same_length, like
from .._correlation import centred
from .._resample import check_n_resamples, child_generators, resample_counts
from .._splits import check_integer, condition_codes, n_conditions, outer_folds
from ..mapping._ridge import predict, prepared

__all__ = ["PositionReadout", "bootstrap_skill", "error_over_time", "position_skill", "read_out_position"]

_RELATIVE_PENALTIES = np.geomspace(1e-8, 1e2, 11)

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class PositionReadout:
    """Positions read out of the states of held-out walks.

    Attributes
    ----------
    position : array of shape (n_samples, n_axes)
        Decoded position in m; NaN at samples that were fitted on.
    error : array of shape (n_samples,)
        Euclidean distance to the true position, in m; NaN likewise.
    alpha : float
        The ridge penalty chosen.
    """

    position: Array
    error: Array
    alpha: float


def read_out_position(
    x: Array, position: Array, walks: npt.ArrayLike, fitted: Mask, *, n_folds: int = 4, seed: int = 0
) -> PositionReadout:
    r"""Fit one linear readout of position on some walks and apply it to the others.

    .. math:: \hat W = \arg\min_W \lVert P - X W \rVert^2 + \alpha \lVert W \rVert^2

    with intercept, on states and positions about their means over the fitted samples. The penalty is one of 11,
    from 1e-8 to 100 times the mean over features of their sum of squares: the strongest whose squared error over
    held-out folds of the fitted walks is within 1e-6 of the smallest.

    Parameters
    ----------
    x : array of shape (n_samples, n_features)
        States of the model.
    position : array of shape (n_samples, n_axes)
        Position of the walker, in m.
    walks : array of shape (n_samples,)
        The walk of each sample; walks are never cut.
    fitted : bool array of shape (n_samples,)
        Samples to fit on.
    n_folds : int, default=4
        Folds of the fitted walks for the choice of the penalty.
    seed : int, default=0
        Seed of the folds.

    Returns
    -------
    readout : PositionReadout

    Raises
    ------
    InvalidArgumentError
        If shapes disagree, values are not finite, a walk is fitted on in part, fewer walks than folds are fitted
        on, or none is left to be tested.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> where, walk = rng.uniform(size=(100, 2)), np.arange(100) // 10
    >>> readout = read_out_position(where @ rng.normal(size=(2, 9)), where, walk, walk < 6)
    >>> float(np.nanmax(readout.error)) < 1e-4
    True
    """
    states, truth = as_tensor("x", x, ndim=2).double(), as_tensor("position", position, ndim=2).double()
    check_same_length(("x", "position"), (len(states), len(truth)), "samples")
    train, test, codes = _parts(walks, fitted, len(states))
    alpha = _choose_penalty(states[train], truth[train], codes[train], n_folds, seed)
    read = torch.full_like(truth, torch.nan)
    read[test] = _apply(states, truth, torch.from_numpy(train), torch.from_numpy(test), [alpha])[0]
    return PositionReadout(like(read, x), like(torch.linalg.vector_norm(read - truth, dim=1), x), alpha)


def error_over_time(error: Array, time: Array, edges: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Mean error of the samples in each stretch of time since the start.

    Parameters
    ----------
    error : array of shape (n_samples,)
        Errors in m; NaN is left out.
    time : array of shape (n_samples,)
        Time since the walk's start.
    edges : array of shape (n_stretches + 1,)
        Increasing; a stretch is (edge, next edge].

    Returns
    -------
    mean : array of shape (n_stretches,)
        NaN where no sample is.
    """
    values = as_tensor("error", error, ndim=1, finite=False).double().cpu().numpy()
    times = as_tensor("time", time, ndim=1).double().cpu().numpy()
    check_same_length(("error", "time"), (len(values), len(times)), "samples")
    bounds = plain_array("The 'edges' parameter", edges, dtype=np.float64)
    if bounds.ndim != 1 or len(bounds) < 2 or (np.diff(bounds) <= 0).any():
        raise InvalidArgumentError(
            "The 'edges' parameter", got=bounds.tolist(), needed="two or more, increasing"
        )
    stretch = np.searchsorted(bounds, times, side="left") - 1
    counted = np.isfinite(values) & (stretch >= 0) & (stretch < len(bounds) - 1)
    n = len(bounds) - 1
    sums = np.bincount(stretch[counted], weights=values[counted], minlength=n)
    counts = np.bincount(stretch[counted], minlength=n)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def position_skill(error: Array, chance: Array) -> float:
    """Share of the chance error that the readout does without: 1 - mean error / mean chance error.

    Parameters
    ----------
    error, chance : array of shape (n_samples,)
        Distances to the true position in m, of the readout and of the mean position.

    Returns
    -------
    skill : float
        1 for no error, 0 for chance, below 0 for worse; NaN if the walker never moved.
    """
    wrong, off = (
        as_tensor(name, one, ndim=1).double() for name, one in (("error", error), ("chance", chance))
    )
    check_same_length(("error", "chance"), (len(wrong), len(off)), "samples")
    mean = float(off.mean())
    return 1 - float(wrong.mean()) / mean if mean > 0 else float("nan")


def bootstrap_skill(
    error: Array, chance: Array, walks: npt.ArrayLike, *, n_boot: int = 1000, seed: int = 0
) -> npt.NDArray[np.float64]:
    """The skill in resamples of whole walks with replacement.

    The readout and the mean position stay as they are: the spread is that of other held-out walks.

    Parameters
    ----------
    error, chance : array of shape (n_samples,)
        As for :func:`position_skill`.
    walks : array of shape (n_samples,)
        The walk of each sample.
    n_boot, seed : int
        Number and seed of the resamples.

    Returns
    -------
    skill : array of shape (n_boot,)
    """
    check_n_resamples("n_boot", n_boot)
    wrong, off = (
        as_tensor(name, one, ndim=1).double() for name, one in (("error", error), ("chance", chance))
    )
    check_same_length(("error", "chance"), (len(wrong), len(off)), "samples")
    codes = condition_codes(walks, len(wrong), name="walks")
    sums = [np.bincount(codes, weights=one.cpu().numpy()) for one in (wrong, off)]
    drawn = resample_counts(child_generators(seed, 1)[0], n_conditions(codes), n_boot).numpy()
    total, of = (drawn @ one for one in sums)
    return np.asarray(1 - total / np.where(of > 0, of, np.nan))


def _parts(walks: npt.ArrayLike, fitted: Mask, n: int) -> tuple[Mask, Mask, npt.NDArray[np.int64]]:
    codes = condition_codes(walks, n, name="walks")
    train = plain_array("The 'fitted' parameter", fitted)
    if train.dtype != bool or train.shape != (n,) or train.all() or not train.any():
        raise InvalidArgumentError(
            "The 'fitted' parameter",
            got=f"{train.dtype} of shape {train.shape}, {int(train.sum())} set",
            needed=f"bool of shape ({n},), some set and some not",
        )
    cut = np.intersect1d(codes[train], codes[~train])
    if len(cut):
        raise InvalidArgumentError(
            "The 'fitted' parameter", got=f"{len(cut)} walks fitted on in part", needed="set for whole walks"
        )
    return train, ~train, codes


def _choose_penalty(
    states: torch.Tensor, truth: torch.Tensor, codes: npt.NDArray[np.int64], n_folds: int, seed: int
) -> float:
    alphas = (_RELATIVE_PENALTIES * _mean_square_sum(states)).tolist()
    walks = np.unique(codes, return_inverse=True)[1].astype(np.int64)
    folds = outer_folds(walks, check_integer("n_folds", n_folds, least=2), seed)
    squares = torch.zeros(len(alphas), dtype=torch.float64)
    for fold in range(n_folds):
        train, test = (torch.from_numpy(rows) for rows in (folds != fold, folds == fold))
        read = _apply(states, truth, train, test, alphas)
        squares += torch.stack([(one - truth[test]).square().sum().cpu() for one in read])
    tied = squares <= squares.min() * (1 + 1e-6)
    return float(alphas[int(tied.nonzero().max())])


def _mean_square_sum(states: torch.Tensor) -> float:
    """Sum of squares about the mean, averaged over features; 1 for states that never vary."""
    return float(centred(states).square().sum(0).mean()) or 1.0


def _apply(
    states: torch.Tensor, truth: torch.Tensor, train: torch.Tensor, test: torch.Tensor, alphas: list[float]
) -> list[torch.Tensor]:
    """Positions read out of the test rows with each penalty."""
    rows = torch.cat([train.nonzero()[:, 0], test.nonzero()[:, 0]])
    first, last = torch.arange(int(train.sum())), torch.arange(int(train.sum()), len(rows))
    chosen = states[rows]
    features = prepared(chosen, len(first))
    spectrum = features.decompose(first, last)
    mean = truth[train].mean(0)
    projected = spectrum.left.T @ (truth[train] - mean)
    penalties = [torch.full((truth.shape[1],), alpha, dtype=truth.dtype) for alpha in alphas]
    return [predict(spectrum, projected, mean, features.penalty_here(alpha)) for alpha in penalties]
